import { useMemo, useState } from "react";

import { useFormats } from "../data";
import type { Data, Frame } from "../document";
import { useWords } from "../language";
import { BarsAndLines } from "../charts/chart";
import { Panel } from "./panel";
import { ignoredBy, rowsOf, type Selection, valuesOf } from "./selection";
import { exactSeries, type Series } from "../charts/series";
import type { Sheet } from "./sheet";
import { everyMonth, running, type Sums, sumsBy, sumsByTwo } from "./sums";
import { DASHBOARDS } from "./words";

const SCALE = 2;
const MEASURES = {
  paid: "saida_paga_brl",
  pending: "saida_pendente_brl",
  scheduled: "saida_agendada_brl",
  expected: "saida_prevista_brl",
} as const;

/** What leaves the till month by month, by status or by source, and what has left in all. */
export function CashFlow({ frame, selection }: { frame: Data; selection: Selection }) {
  const words = useWords(DASHBOARDS);
  const formats = useFormats();
  const [by, setBy] = useState<"status" | "source">("status");
  const { labels, series, sum, sheet } = useMemo(() => {
    const rows = rowsOf(frame, selection);
    const months = everyMonth(sumsBy(frame, rows, "mes_referencia", "total_saida_brl").keys());
    const totals = sumsBy(frame, rows, "mes_referencia", "total_saida_brl");
    const cancelled = sumsBy(frame, rows, "mes_referencia", "cancelado_brl");
    // Since the beginning of the data: a period shows a part of it.
    const before = rowsOf(frame, selection, { period: false });
    const sofar = filledIn(running(sumsBy(frame, before, "mes_referencia", "total_saida_brl")), months);
    const parts = by === "status" ? byStatus(frame, rows, words) : bySource(frame, rows, words);
    const table: Sheet = {
      columns: [
        { name: words.month, kind: "month" },
        ...[...parts.keys(), words.total, words.running, words.cancelled].map((name) => ({
          name,
          kind: "money" as const,
          scale: SCALE,
          adds: name !== words.running,
        })),
      ],
      rows: months.map((month) => [
        month,
        ...[...parts.values()].map((sums) => sums.get(month) ?? 0n),
        totals.get(month) ?? 0n,
        sofar.get(month) ?? 0n,
        cancelled.get(month) ?? 0n,
      ]),
    };
    const drawn = (name: string, value: (month: string) => bigint | null) =>
      exactSeries(name, months.map(value), SCALE, formats.money);
    const series: Series[] = [
      ...[...parts].map(([name, sums]) => drawn(name, (month) => sums.get(month) ?? 0n)),
    ];
    if ([...cancelled.values()].some(Boolean)) {
      series.push({ ...drawn(words.cancelled, (month) => cancelled.get(month) || null), as: "marks" });
    }
    // A picture of its own: on the bars' axis it would flatten them over years, and a second axis would lie.
    const sum: Series[] = [{ ...drawn(words.running, (month) => sofar.get(month) ?? null), as: "line", colour: 3 }];
    return { labels: months.map(formats.shortMonth), series, sum, sheet: table };
  }, [frame, selection, by, words, formats]);
  return (
    <Panel id="fluxo-de-caixa" title={words.cashFlow} source={frame.from} ignored={ignoredBy(frame, selection)} sheet={sheet}>
      <label>
        {words.by}{" "}
        <select value={by} onChange={(event) => setBy(event.target.value === "source" ? "source" : "status")}>
          <option value="status">{words.byStatus}</option>
          <option value="source">{words.bySource}</option>
        </select>
      </label>
      <BarsAndLines label={words.cashFlow} labels={labels} series={series} tick={formats.shortMoney} />
      <h3>{words.running}</h3>
      <BarsAndLines label={words.running} labels={labels} series={sum} tick={formats.shortMoney} height={150} />
    </Panel>
  );
}

function byStatus(frame: Frame, rows: number[], words: Record<keyof typeof MEASURES, string>): Map<string, Sums> {
  const measures = Object.entries(MEASURES) as [keyof typeof MEASURES, string][];
  return new Map(measures.map(([name, measure]) => [words[name], sumsBy(frame, rows, "mes_referencia", measure)]));
}

function bySource(frame: Frame, rows: number[], words: Record<"no_origem", string>): Map<string, Sums> {
  const found = sumsByTwo(frame, rows, "origem_recurso", "mes_referencia", "total_saida_brl");
  return new Map(
    valuesOf([frame], "origem").flatMap((source) => {
      const sums = found.get(source);
      return sums ? [[source || words.no_origem, sums]] : [];
    }),
  );
}

/** A month in which nothing happened keeps the sum of the month before. */
function filledIn(sums: Sums, months: string[]): Sums {
  const filled: Sums = new Map();
  const known = [...sums];
  let at = 0;
  let sum = 0n;
  for (const month of months) {
    while (at < known.length && known[at]![0] <= month) sum = known[at++]![1];
    filled.set(month, sum);
  }
  return filled;
}
