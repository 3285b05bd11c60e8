import { useMemo } from "react";

import { useFormats } from "../data";
import { Panel, SheetTable } from "../dashboards/panel";
import type { Sheet } from "../dashboards/sheet";
import type { Data } from "../document";
import { column, texts, units, type Value, valueAt } from "../frames";
import { Catalogued, useWords } from "../language";
import { OUTLOOK } from "./words";

const MEASURES = ["exposicao_brl", "var_95_ewma_brl", "var_95_historico_brl", "var_99_ewma_brl", "pior_movimento_brl"] as const;
/** Below this probability the test says that the measure is wrong. */
const SIGNIFICANT = 0.05;

/** What can be lost on exchange, by currency and in all; where there is no honest number, why. */
export function Risk({ risk }: { risk: Data | null }) {
  const words = useWords(OUTLOOK);
  const formats = useFormats();
  const found = useMemo(() => (risk ? totalsOf(risk) : []), [risk]);
  if (!risk) return <NotYet title={words.risk} said={words.noRisk} id="risco-cambial" />;
  const [currencies, reasons] = [texts(risk, "moeda_origem"), texts(risk, "motivo")];
  const measures = MEASURES.map((name) => units(risk, name));
  const names = [words.inReais, words.var95, words.var95Historic, words.var99, words.worst];
  const sheet: Sheet = {
    columns: [
      { name: words.currency, kind: "text" },
      ...names.map((name) => ({ name, kind: "money" as const, scale: 2 })),
      { name: words.test, kind: "text" },
    ],
    rows: found.map((row): Value[] => [
      currencies[row] ?? words.portfolio,
      ...measures.map((values) => values[row] ?? null),
      testOf(risk, row, words, formats),
    ]),
  };
  const said = found.flatMap((row) => (reasons[row] ? [{ name: currencies[row] ?? words.portfolio, reason: reasons[row] }] : []));
  return (
    <Panel id="risco-cambial" title={words.risk} note={words.riskNote} source={risk.from} ignored={[]} sheet={sheet} isTable>
      <SheetTable sheet={sheet} title={words.risk} />
      {said.map(({ name, reason }) => (
        <p key={name} className="reason">
          {name}: <Catalogued>{reason}</Catalogued>
        </p>
      ))}
    </Panel>
  );
}

/** The rows without a month: the currencies' totals, and the portfolio's, which has no currency and is last. */
function totalsOf(risk: Data): number[] {
  const [months, currencies] = [texts(risk, "mes_vencimento"), texts(risk, "moeda_origem")];
  const totals = [...months.keys()].filter((row) => months[row] === null);
  return [...totals.filter((row) => currencies[row] !== null), ...totals.filter((row) => currencies[row] === null)];
}

/** On how many of the days tested the loss was beyond the VaR of 95 %, and whether that many are believable. */
function testOf(risk: Data, row: number, words: Record<keyof (typeof OUTLOOK)["pt"], string>, formats: ReturnType<typeof useFormats>): string {
  const [exceptions, days] = [units(risk, "excecoes_95")[row] ?? null, units(risk, "dias_testados")[row] ?? null];
  const probability = valueAt(column(risk, "kupiec_p_valor"), row);
  if (exceptions === null || days === null || typeof probability !== "number") return words.testNone;
  const verdict = probability < SIGNIFICANT ? words.testBad : words.testGood;
  return `${verdict}: ${formats.number(exceptions)}/${formats.number(days)}, p = ${formats.number(probability, 2)}`;
}

/** A part of the page that a version of before its layer does not have. */
export function NotYet({ id, title, said }: { id: string; title: string; said: string }) {
  return (
    <section className="panel" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p className="faint">{said}</p>
    </section>
  );
}
