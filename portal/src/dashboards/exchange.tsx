import { useMemo } from "react";

import { useFormats } from "../data";
import type { Data, Frame } from "../document";
import { useWords } from "../language";
import { BarsAndLines } from "../charts/chart";
import { Panel } from "./panel";
import { ignoredBy, rowsOf, type Selection } from "./selection";
import { exactSeries } from "../charts/series";
import type { Sheet } from "./sheet";
import { everyMonth, type Sums, sumsByTwo } from "./sums";
import { DASHBOARDS } from "./words";

const SCALE = 2;
const OWN = "BRL";

/** What is still to be paid in foreign money: a picture for each currency, for they have no common axis. */
export function Exposure({ frame, selection }: { frame: Data; selection: Selection }) {
  const words = useWords(DASHBOARDS);
  const formats = useFormats();
  const { byCurrency, months } = useByCurrency(frame, selection, "exposicao_moeda_origem");
  const pictures = useMemo(
    () =>
      [...byCurrency].map(([currency, sums]) => ({
        currency,
        series: [
          exactSeries(currency, months.map((month) => sums.get(month) ?? 0n), SCALE, (value) => formats.money(value, currency)),
        ],
        tick: (value: number) => formats.shortMoney(value, currency),
      })),
    [byCurrency, months, formats],
  );
  const labels = useMemo(() => months.map(formats.shortMonth), [months, formats]);
  return (
    <Panel
      id="exposicao"
      title={words.exposure}
      note={words.exposureNote}
      source={frame.from}
      ignored={ignoredBy(frame, selection)}
      sheet={sheetOf(byCurrency, months, words.month, (currency) => currency)}
    >
      <div className="small-multiples">
        {pictures.map(({ currency, series, tick }) => (
          <div key={currency}>
            <h3>{currency}</h3>
            <BarsAndLines label={`${words.exposure}: ${currency}`} labels={labels} series={series} tick={tick} height={170} />
          </div>
        ))}
      </div>
    </Panel>
  );
}

/** What the exchange rates have moved since the commitments were made, in reais, by month and currency. */
export function Variation({ frame, selection }: { frame: Data; selection: Selection }) {
  const words = useWords(DASHBOARDS);
  const formats = useFormats();
  const { byCurrency, months } = useByCurrency(frame, selection, "variacao_cambial_brl");
  const series = useMemo(
    () =>
      [...byCurrency].map(([name, sums]) =>
        exactSeries(name, months.map((month) => sums.get(month) ?? 0n), SCALE, formats.money),
      ),
    [byCurrency, months, formats],
  );
  const labels = useMemo(() => months.map(formats.shortMonth), [months, formats]);
  return (
    <Panel
      id="variacao-cambial"
      title={words.variation}
      source={frame.from}
      ignored={ignoredBy(frame, selection)}
      sheet={sheetOf(byCurrency, months, words.month, () => OWN)}
    >
      <BarsAndLines label={words.variation} labels={labels} series={series} tick={formats.shortMoney} height={220} />
    </Panel>
  );
}

/** Sums of a measure by foreign currency and month, and the months in which there is any. */
function useByCurrency(frame: Frame, selection: Selection, measure: string) {
  return useMemo(() => {
    const all = sumsByTwo(frame, rowsOf(frame, selection), "moeda_origem", "mes_referencia", measure);
    const byCurrency = new Map(
      [...all].filter(([currency, sums]) => currency && currency !== OWN && [...sums.values()].some(Boolean)),
    );
    const used = [...byCurrency.values()].flatMap((sums) => [...sums].filter(([, sum]) => sum).map(([month]) => month));
    return { byCurrency, months: everyMonth(used) };
  }, [frame, selection, measure]);
}

function sheetOf(
  byCurrency: Map<string, Sums>,
  months: string[],
  month: string,
  currencyOf: (currency: string) => string,
): Sheet {
  return {
    columns: [
      { name: month, kind: "month" },
      ...[...byCurrency.keys()].map((name) => ({
        name,
        kind: "money" as const,
        scale: SCALE,
        currency: currencyOf(name),
        adds: true,
      })),
    ],
    rows: months.map((each) => [each, ...[...byCurrency.values()].map((sums) => sums.get(each) ?? 0n)]),
  };
}
