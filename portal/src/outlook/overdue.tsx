import { useMemo } from "react";

import { useFormats } from "../data";
import { Panel, SheetTable } from "../dashboards/panel";
import type { Sheet } from "../dashboards/sheet";
import type { Data } from "../document";
import { texts, units, type Value } from "../frames";
import { useWords } from "../language";
import { OUTLOOK } from "./words";

const FIRST = 8;

/** To whom what is overdue is owed, the largest first, in the currency and in reais. */
export function Overdue({ overdue }: { overdue: Data }) {
  const words = useWords(OUTLOOK);
  const formats = useFormats();
  const sheet = useMemo<Sheet>(() => {
    const named = overdue.columns.some(({ name }) => name === "credor");
    const [creditors, currencies] = [named ? texts(overdue, "credor") : [], texts(overdue, "moeda_origem")];
    const since = texts(overdue, "vencimento_mais_antigo");
    const [reais, amounts] = [units(overdue, "valor_fluxo_brl"), units(overdue, "valor_moeda_origem")];
    return {
      columns: [
        { name: words.creditor, kind: "text" },
        { name: words.inReais, kind: "money", scale: 2, adds: true },
        { name: words.inCurrency, kind: "number", scale: 2 },
        { name: words.currency, kind: "text" },
        { name: words.since, kind: "day" },
      ],
      rows: reais.map((amount, row): Value[] => [
        creditors[row] ?? (named ? words.others : words.unnamed),
        amount,
        amounts[row] ?? null,
        currencies[row] ?? null,
        since[row] ?? null,
      ]),
    };
  }, [overdue, words]);
  const first = useMemo(() => ({ ...sheet, rows: sheet.rows.slice(0, FIRST), columns: sheet.columns.map((each) => ({ ...each, adds: false })) }), [sheet]);
  const rest = sheet.rows.slice(FIRST).reduce((sum, row) => sum + ((row[1] as bigint | null) ?? 0n), 0n);
  return (
    <Panel id="vencido" title={words.toWhom} source={overdue.from} ignored={[]} sheet={sheet} empty={words.nothingOverdue}>
      <SheetTable sheet={first} title={words.toWhom} />
      {sheet.rows.length > FIRST && (
        <p className="faint">
          + {formats.number(sheet.rows.length - FIRST)}: {formats.money(rest)}
        </p>
      )}
    </Panel>
  );
}
