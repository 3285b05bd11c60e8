import { useMemo, useState } from "react";

import { BarsAndLines } from "../charts/chart";
import { drawn, exactSeries, type Series } from "../charts/series";
import { useFormats } from "../data";
import { Panel, SheetTable } from "../dashboards/panel";
import type { Sheet } from "../dashboards/sheet";
import type { Data } from "../document";
import { column, texts, units, type Value, valueAt } from "../frames";
import { Catalogued, useWords } from "../language";
import { Choice } from "../parts/choice";
import { NotYet } from "./risk";
import { OUTLOOK } from "./words";

/** What is committed and what is expected of each of six months, with its interval and what it was worth when tested. */
export function Expected({ outlook }: { outlook: Data | null }) {
  const words = useWords(OUTLOOK);
  if (!outlook) return <NotYet title={words.outlook} said={words.noOutlook} id="previsao" />;
  return <Known outlook={outlook} />;
}

function Known({ outlook }: { outlook: Data }) {
  const words = useWords(OUTLOOK);
  const formats = useFormats();
  const series = useMemo(() => seriesOf(outlook, words), [outlook, words]);
  const [chosen, choose] = useState(words.whole);
  const [name, rows] = [...series].find(([each]) => each === chosen) ?? [...series][0] ?? ["", []];
  const { labels, shown, sheet } = useMemo(() => {
    const months = texts(outlook, "mes_referencia");
    const of = (measure: string) => {
      const values = units(outlook, measure);
      return rows.map((row) => values[row] ?? null);
    };
    const [committed, expected] = [of("comprometido_brl"), of("previsto_brl")];
    const [low, high] = [of("inferior_90_brl"), of("superior_90_brl")];
    const said = (at: number) => {
      const [value, from, to] = [expected[at], low[at], high[at]];
      if (value === null || value === undefined) return words.noNumber;
      return from && to ? `${formats.money(value)} (${formats.money(from)} ${words.between} ${formats.money(to)})` : formats.money(value);
    };
    const between = low.map((from, at): [number, number] | null => {
      const to = high[at] ?? null;
      return from === null || to === null ? null : [drawn(from, 2) as number, drawn(to, 2) as number];
    });
    const pictures: Series[] = [
      { ...exactSeries(words.committed, committed, 2, formats.money), colour: 0 },
      ...(expected.some((value) => value !== null)
        ? [{ ...exactSeries(`${words.expected}, ${words.interval}`, expected, 2, formats.money), said, as: "marks" as const, between, colour: 3 }]
        : []),
    ];
    const money = { kind: "money" as const, scale: 2 };
    const table: Sheet = {
      columns: [
        { name: words.month, kind: "month" },
        { name: words.committed, ...money, adds: true },
        { name: words.expected, ...money, adds: expected.every((value) => value !== null) },
        { name: words.low, ...money },
        { name: words.high, ...money },
        { name: words.committedLoans, ...money },
      ],
      rows: rows.map((row, at): Value[] => [
        months[row] ?? null, committed[at] ?? null, expected[at] ?? null, low[at] ?? null, high[at] ?? null,
        of("comprometido_emprestimos_brl")[at] ?? null,
      ]),
    };
    return { labels: rows.map((row) => formats.shortMonth(months[row] ?? "")), shown: pictures, sheet: table };
  }, [outlook, rows, words, formats]);
  return (
    <Panel id="previsao" title={words.outlook} note={words.outlookNote} source={outlook.from} ignored={[]} sheet={sheet} isTable>
      <Choice label={words.series} names={[...series.keys()]} chosen={name} choose={choose} />
      <div className="beside">
        <BarsAndLines label={`${words.outlook}: ${name}`} labels={labels} series={shown} tick={formats.shortMoney} height={240} />
        <div>
          <SheetTable sheet={sheet} title={words.outlook} />
          <Honesty outlook={outlook} row={rows[0]} />
        </div>
      </div>
    </Panel>
  );
}

/** How the number was made and how it went when it was tested on the past; without a number, what is missing. */
function Honesty({ outlook, row }: { outlook: Data; row: number | undefined }) {
  const words = useWords(OUTLOOK);
  const formats = useFormats();
  if (row === undefined) return null;
  const at = (name: string) => valueAt(column(outlook, name), row);
  const [method, reason, mase, origins] = [at("metodo"), at("motivo"), at("mase"), at("origens")];
  const percent = (name: string) => {
    const value = units(outlook, name)[row] ?? null;
    return value === null ? null : formats.percent(Number(value) / 1e6);
  };
  const [bias, coverage] = [percent("vies_percentual"), percent("cobertura_90")];
  const known = at("previsto_brl") !== null;
  return (
    <div className="honesty">
      <p>
        <strong>{known ? words.honesty : words.noNumber}</strong>: {words.method.toLowerCase()} <code>{String(method ?? "")}</code>
        {typeof mase === "number" && (
          <>
            ; {words.mase} <strong>{formats.number(mase, 2)}</strong>
          </>
        )}
        {bias !== null && (
          <>
            ; {words.bias} <strong>{bias}</strong>
          </>
        )}
        {coverage !== null && (
          <>
            ; {words.coverage} <strong>{coverage}</strong>
          </>
        )}
        {known && origins !== null && (
          <>
            {" "}
            ({formats.number(origins as bigint)} {words.origins})
          </>
        )}
        .
      </p>
      {typeof reason === "string" && (
        <p className="reason">
          <Catalogued>{reason}</Catalogued>
        </p>
      )}
    </div>
  );
}

/** The rows by category and currency, the total first. */
function seriesOf(outlook: Data, words: Record<keyof (typeof OUTLOOK)["pt"], string>): Map<string, number[]> {
  const [categories, currencies] = [texts(outlook, "categoria"), texts(outlook, "moeda_origem")];
  const found = new Map<string, number[]>([[words.whole, []]]);
  for (let row = 0; row < outlook.rows; row += 1) {
    const [category, currency] = [categories[row] ?? null, currencies[row] ?? null];
    const name = category === null && currency === null ? words.whole : [category ?? words.noCategory, currency].filter(Boolean).join(" · ");
    const rows = found.get(name);
    if (rows) rows.push(row);
    else found.set(name, [row]);
  }
  return found;
}
