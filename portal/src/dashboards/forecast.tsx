import { useMemo, useState } from "react";

import { useFormats } from "../data";
import type { Frame } from "../document";
import { column, texts, type Value, valueAt } from "../frames";
import { useWords } from "../language";
import { BarsAndLines } from "./chart";
import { Panel, SheetTable } from "./panel";
import { ignoredBy, rowsOf, type Selection } from "./selection";
import type { Sheet, SheetColumn } from "./sheet";
import { everyMonth } from "./sums";
import { DASHBOARDS } from "./words";

export const FORECAST = "importau_gold.agregado_ml_forecast_risco_cambial";
const TARGET = "alvo_valor_fluxo_proximo_mes_brl";
const MONTH = "mes_referencia";

/** The features a model learns from, with the target beside them; one series as a picture. */
export function Forecast({ frame, selection }: { frame: Frame; selection: Selection }) {
  const words = useWords(DASHBOARDS);
  const formats = useFormats();
  const rows = useMemo(() => rowsOf(frame, selection), [frame, selection]);
  const series = useMemo(() => seriesOf(frame, rows, words.unknown), [frame, rows, words]);
  const [chosen, choose] = useState("");
  const name = series.has(chosen) ? chosen : longest(series);
  const sheet = useMemo(() => sheetOf(frame, rows), [frame, rows]);
  const its = useMemo(() => series.get(name) ?? [], [series, name]);
  const { labels, values, rates } = useMemo(() => {
    const months = texts(frame, MONTH);
    const axis = everyMonth(its.map((row) => months[row] ?? ""));
    const at = new Map(its.map((row) => [months[row] ?? "", row]));
    const line = (label: string, of: string) => ({
      name: label,
      line: true,
      values: axis.map((month) => (at.has(month) ? number(frame, of, at.get(month)!) : null)),
    });
    return {
      labels: axis.map(formats.month),
      values: [
        { ...line(words.value, "valor_fluxo_brl"), line: false },
        line(words.target, TARGET),
        line(words.movingMean, "media_movel_3m_brl"),
      ],
      rates: [
        line(words.mean, "taxa_ptax_media"),
        line(words.least, "taxa_ptax_min"),
        line(words.most, "taxa_ptax_max"),
      ],
    };
  }, [frame, its, words, formats]);
  return (
    <Panel id="forecast" title={words.forecast} source={FORECAST} ignored={ignoredBy(frame, selection)} sheet={sheet}>
      <label>
        {words.series}{" "}
        <select value={name} onChange={(event) => choose(event.target.value)}>
          {[...series.keys()].map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
      <div className="pair">
        <BarsAndLines label={`${words.forecast}: ${name}`} labels={labels} series={values} tick={formats.shortMoney} />
        <BarsAndLines label={`${words.ptax}: ${name}`} labels={labels} series={rates} tick={formats.double} />
      </div>
      <h3>
        {words.features}: {name}
      </h3>
      <SheetTable sheet={sheetOf(frame, its)} title={`${words.features}: ${name}`} />
    </Panel>
  );
}

/** Rows by category and currency, in the order of the table, which is that of the months. */
function seriesOf(frame: Frame, rows: number[], unknown: string): Map<string, number[]> {
  const [categories, currencies] = [texts(frame, "categoria"), texts(frame, "moeda_origem")];
  const found = new Map<string, number[]>();
  for (const row of rows) {
    const name = `${categories[row] ?? unknown} · ${currencies[row] ?? unknown}`;
    const list = found.get(name);
    if (list) list.push(row);
    else found.set(name, [row]);
  }
  return new Map([...found].sort(([a], [b]) => a.localeCompare(b, "pt-BR")));
}

/** The series to begin with: the longest in foreign money, for that is what the table is about, or else the longest. */
function longest(series: Map<string, number[]>): string {
  const all = [...series];
  const foreign = all.filter(([name]) => !name.endsWith("BRL"));
  const ranked = (foreign.length ? foreign : all).sort(([, a], [, b]) => b.length - a.length);
  return ranked[0]?.[0] ?? "";
}

/** The table as it is, but for the target, which stands beside the value it is to be predicted from. */
function sheetOf(frame: Frame, rows: number[]): Sheet {
  const names = frame.columns.map(({ name }) => name).filter((name) => name !== TARGET);
  names.splice(names.indexOf("valor_fluxo_brl") + 1, 0, TARGET);
  const columns = names.map((name) => column(frame, name));
  return {
    columns: columns.map((each): SheetColumn => {
      const marked = each.name === TARGET;
      if (each.name === MONTH) return { name: each.name, kind: "month" };
      if (each.kind === "double") return { name: each.name, kind: "double" };
      if (!("scale" in each)) return { name: each.name, kind: "text" };
      const money = each.name.endsWith("_brl") || each.name.startsWith("valor_fluxo_lag");
      return { name: each.name, kind: money ? "money" : "number", scale: each.scale, marked };
    }),
    rows: rows.map((row) => columns.map((each): Value => valueAt(each, row))),
  };
}

function number(frame: Frame, name: string, row: number): number | null {
  const from = column(frame, name);
  const value = valueAt(from, row);
  if (value === null || typeof value === "string") return null;
  return "scale" in from ? Number(value) / 10 ** from.scale : Number(value);
}
