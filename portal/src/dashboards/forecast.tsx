import { useMemo, useState } from "react";

import { useFormats } from "../data";
import type { Data, Frame, FrameColumn } from "../document";
import { column, texts, type Value, valueAt } from "../frames";
import { useWords } from "../language";
import { BarsAndLines } from "./chart";
import { Panel, SheetTable, written } from "./panel";
import { ignoredBy, nameOf, rowsOf, type Selection } from "./selection";
import { type Series } from "./series";
import type { Sheet, SheetColumn } from "./sheet";
import { everyMonth } from "./sums";
import { DASHBOARDS } from "./words";

const TARGET = "alvo_valor_fluxo_proximo_mes_brl";
const MONTH = "mes_referencia";

/** The features a model learns from, with the target beside them; one series as a picture. */
export function Forecast({ frame, selection }: { frame: Data; selection: Selection }) {
  const words = useWords(DASHBOARDS);
  const formats = useFormats();
  const rows = useMemo(() => rowsOf(frame, selection), [frame, selection]);
  const series = useMemo(() => seriesOf(frame, rows, words), [frame, rows, words]);
  const [chosen, choose] = useState("");
  const name = series.has(chosen) ? chosen : longest(series);
  const sheet = useMemo(() => sheetOf(frame, rows), [frame, rows]);
  const its = useMemo(() => series.get(name) ?? [], [series, name]);
  const { labels, values, rates } = useMemo(() => {
    const months = texts(frame, MONTH);
    const axis = everyMonth(its.map((row) => months[row] ?? ""));
    const at = new Map(its.map((row) => [months[row] ?? "", row]));
    const drawn = (label: string, of: string, as?: "line"): Series => {
      const from = column(frame, of);
      const all = axis.map((month) => (at.has(month) ? valueAt(from, at.get(month)!) : null));
      return {
        name: label,
        ...(as && { as }),
        values: all.map((value) => number(from, value)),
        said: (index) => written(all[index] ?? null, columnOf(from), formats),
      };
    };
    return {
      labels: axis.map(formats.month),
      values: [
        drawn(words.value, "valor_fluxo_brl"),
        drawn(words.target, TARGET, "line"),
        drawn(words.movingMean, "media_movel_3m_brl", "line"),
      ],
      rates: [
        drawn(words.mean, "taxa_ptax_media", "line"),
        drawn(words.least, "taxa_ptax_min", "line"),
        drawn(words.most, "taxa_ptax_max", "line"),
      ],
    };
  }, [frame, its, words, formats]);
  return (
    <Panel id="forecast" title={words.forecast} source={frame.from} ignored={ignoredBy(frame, selection)} sheet={sheet}>
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
function seriesOf(frame: Frame, rows: number[], words: Parameters<typeof nameOf>[2]): Map<string, number[]> {
  const [categories, currencies] = [texts(frame, "categoria"), texts(frame, "moeda_origem")];
  const found = new Map<string, number[]>();
  for (const row of rows) {
    const category = nameOf("categoria", categories[row] ?? "", words);
    const name = `${category} · ${nameOf("moeda", currencies[row] ?? "", words)}`;
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
    columns: columns.map(columnOf),
    rows: rows.map((row) => columns.map((each): Value => valueAt(each, row))),
  };
}

function columnOf({ name, ...from }: FrameColumn): SheetColumn {
  if (name === MONTH) return { name, kind: "month" };
  if (from.kind === "double") return { name, kind: "double" };
  if (!("scale" in from)) return { name, kind: "text" };
  const money = name.endsWith("_brl") || name.startsWith("valor_fluxo_lag");
  return { name, kind: money ? "money" : "number", scale: from.scale, marked: name === TARGET };
}

function number(from: FrameColumn, value: Value): number | null {
  if (value === null || typeof value === "string") return null;
  return "scale" in from ? Number(value) / 10 ** from.scale : Number(value);
}
