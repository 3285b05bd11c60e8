import { useMemo, useState } from "react";

import { useBusinessNames, useFormats } from "../data";
import type { Data, Frame, FrameColumn } from "../document";
import { column, texts, type Value, valueAt } from "../frames";
import { useWords } from "../language";
import { BarsAndLines } from "../charts/chart";
import { Choice } from "../parts/choice";
import { Panel, SheetTable, written } from "./panel";
import { ignoredBy, nameOf, rowsOf, type Selection } from "./selection";
import { type Series } from "../charts/series";
import type { Sheet, SheetColumn } from "./sheet";
import { everyMonth } from "./sums";
import { DASHBOARDS } from "./words";

const TARGET = "alvo_valor_fluxo_proximo_mes_brl";
const MONTH = "mes_referencia";

/** The features a model learns from, with the target beside them; one series as a picture. */
export function Forecast({ frame, selection }: { frame: Data; selection: Selection }) {
  const words = useWords(DASHBOARDS);
  const formats = useFormats();
  const called = useBusinessNames(frame.from);
  const rows = useMemo(() => rowsOf(frame, selection), [frame, selection]);
  const series = useMemo(() => seriesOf(frame, rows, words), [frame, rows, words]);
  const [chosen, choose] = useState("");
  const name = series.has(chosen) ? chosen : longest(series);
  const sheet = useMemo(() => sheetOf(frame, rows, called), [frame, rows, called]);
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
        said: (index) => written(all[index] ?? null, columnOf(from, called), formats),
      };
    };
    return {
      labels: axis.map(formats.shortMonth),
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
  }, [frame, its, words, formats, called]);
  return (
    <Panel id="forecast" title={words.forecast} source={frame.from} ignored={ignoredBy(frame, selection)} sheet={sheet}>
      <Choice label={words.series} names={[...series.keys()]} chosen={name} choose={choose} />
      <div className="pair">
        <BarsAndLines label={`${words.forecast}: ${name}`} labels={labels} series={values} tick={formats.shortMoney} height={260} />
        <BarsAndLines label={`${words.ptax}: ${name}`} labels={labels} series={rates} tick={formats.double} height={260} />
      </div>
      <div className="features">
        <h3>
          {words.features}: {name}
        </h3>
        <SheetTable sheet={sheetOf(frame, its, called)} title={`${words.features}: ${name}`} />
      </div>
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
function sheetOf(frame: Frame, rows: number[], called: (name: string) => string): Sheet {
  const names = frame.columns.map(({ name }) => name).filter((name) => name !== TARGET);
  names.splice(names.indexOf("valor_fluxo_brl") + 1, 0, TARGET);
  const columns = names.map((name) => column(frame, name));
  return {
    columns: columns.map((each) => columnOf(each, called)),
    rows: rows.map((row) => columns.map((each): Value => valueAt(each, row))),
  };
}

function columnOf({ name, ...from }: FrameColumn, called: (name: string) => string): SheetColumn {
  const heading = called(name);
  if (name === MONTH) return { name: heading, kind: "month" };
  const money = name.endsWith("_brl") || name.startsWith("valor_fluxo_lag");
  const kind = money ? "money" : name.startsWith("taxa_") ? "rate" : from.kind === "double" ? "double" : "number";
  if (from.kind === "double") return { name: heading, kind };
  if (!("scale" in from)) return { name: heading, kind: "text" };
  return { name: heading, kind, scale: from.scale, marked: name === TARGET };
}

function number(from: FrameColumn, value: Value): number | null {
  if (value === null || typeof value === "string") return null;
  return "scale" in from ? Number(value) / 10 ** from.scale : Number(value);
}
