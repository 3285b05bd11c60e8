import { useMemo, useState } from "react";

import { BarsAndLines } from "../charts/chart";
import { exactSeries, type Series } from "../charts/series";
import { useFormats } from "../data";
import { Panel } from "../dashboards/panel";
import type { Sheet } from "../dashboards/sheet";
import type { Data } from "../document";
import { texts } from "../frames";
import { useWords } from "../language";
import { type Month, nextMonths, withinMonth } from "./reckoning";
import { OUTLOOK } from "./words";

const BEFORE = 3;
const PARTS = ["paid", "due", "loans", "overdue"] as const;
/** The places of their colours in the theme: what is overdue is red, what is paid recedes. */
const COLOURS = { paid: 6, due: 0, loans: 1, overdue: 7, running: 3 } as const;
const HATCHED = "loans";

/** The months ahead, with a few past ones to compare: what of them is paid, to be paid, a loan, overdue. */
export function NextMonths({ cashFlow, open, today }: { cashFlow: Data; open: Data | null; today: string | null }) {
  const words = useWords(OUTLOOK);
  const formats = useFormats();
  const [summed, sum] = useState(true);
  const { labels, series, sheet, line } = useMemo(() => {
    const first = today?.slice(0, 7) ?? texts(cashFlow, "mes_referencia").filter(Boolean).sort()[0] ?? "2000-01";
    const before = today ? BEFORE : 0;
    const months = nextMonths(cashFlow, open, first, before);
    const names = { paid: words.paid, due: words.due, loans: words.committedLoans, overdue: words.overdue };
    const drawn = (name: string, of: (month: Month) => bigint | null, colour: number): Series => ({
      ...exactSeries(name, months.map(of), 2, formats.money),
      colour,
      marked: false,
    });
    const table: Sheet = {
      columns: [
        { name: words.month, kind: "month" },
        ...PARTS.map((part) => ({ name: names[part], kind: "money" as const, scale: 2, adds: true })),
        { name: words.total, kind: "money", scale: 2, adds: true },
        { name: words.running, kind: "money", scale: 2 },
      ],
      rows: months.slice(before).map((month) => [month.month, ...PARTS.map((part) => month[part]), month.total, month.running]),
    };
    return {
      labels: months.map(({ month }) => formats.shortMonth(month)),
      series: [
        ...PARTS.map((part) => ({ ...drawn(names[part], (month) => month[part], COLOURS[part]), marked: part === HATCHED })),
        { ...drawn(words.running, ({ running }) => running, COLOURS.running), as: "line" as const },
      ],
      sheet: table,
      line: today ? { at: before + withinMonth(today), name: words.todayLine } : undefined,
    };
  }, [cashFlow, open, today, words, formats]);
  const bars = useMemo(() => series.filter(({ as }) => as === undefined), [series]);
  return (
    <Panel id="proximos-meses" title={words.flow} note={words.flowNote} source={cashFlow.from} ignored={[]} sheet={sheet}>
      <label className="check no-print">
        <input type="checkbox" checked={summed} onChange={(event) => sum(event.target.checked)} /> {words.running}
      </label>
      <BarsAndLines
        label={words.flow}
        labels={labels}
        series={summed ? series : bars}
        tick={formats.shortMoney}
        today={line}
        height={320}
      />
    </Panel>
  );
}
