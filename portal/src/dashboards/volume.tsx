import { useMemo, useState } from "react";

import { useFormats } from "../data";
import type { Data } from "../document";
import { scaleOf } from "../frames";
import { useWords } from "../language";
import { BarsAndLines } from "../charts/chart";
import { Panel } from "./panel";
import { DIMENSIONS, type Dimension, ignoredBy, nameOf, rowsOf, type Selection } from "./selection";
import { exactSeries } from "../charts/series";
import type { SheetColumn } from "./sheet";
import { largestFirst, sumsBy } from "./sums";
import { DASHBOARDS } from "./words";

const MEASURES = { flowValue: "valor_fluxo_brl", itemValue: "valor_item_brl", pieces: "quantidade" } as const;
type Measure = keyof typeof MEASURES;

/** What is bought, by category and by the supplier's country. */
export function Volume({ frame, selection }: { frame: Data; selection: Selection }) {
  const words = useWords(DASHBOARDS);
  const [measure, setMeasure] = useState<Measure>("flowValue");
  return (
    <>
      <label>
        {words.volume}: {words.measure.toLowerCase()}{" "}
        <select value={measure} onChange={(event) => setMeasure(event.target.value as Measure)}>
          {(Object.keys(MEASURES) as Measure[]).map((each) => (
            <option key={each} value={each}>
              {words[each]}
            </option>
          ))}
        </select>
      </label>
      <div className="pair">
        <By frame={frame} selection={selection} measure={measure} id="volume-categoria" title={words.byCategory} by="categoria" />
        <By frame={frame} selection={selection} measure={measure} id="volume-pais" title={words.byCountry} by="pais" />
      </div>
    </>
  );
}

function By({ frame, selection, measure, id, title, by }: {
  frame: Data;
  selection: Selection;
  measure: Measure;
  id: string;
  title: string;
  by: Dimension;
}) {
  const words = useWords(DASHBOARDS);
  const formats = useFormats();
  const scale = scaleOf(frame, MEASURES[measure]);
  const money = measure !== "pieces";
  const { labels, series, sheet } = useMemo(() => {
    const sums = largestFirst(sumsBy(frame, rowsOf(frame, selection), DIMENSIONS[by], MEASURES[measure]));
    const names = [...sums.keys()].map((name) => nameOf(by, name, words));
    const value: SheetColumn = { name: words[measure], kind: money ? "money" : "number", scale, adds: true };
    const write = money ? formats.money : (units: bigint) => formats.exact(units, scale);
    return {
      labels: names,
      series: [exactSeries(words[measure], [...sums.values()], scale, write)],
      sheet: { columns: [{ name: words[by], kind: "text" as const }, value], rows: [...sums.values()].map((sum, at) => [names[at]!, sum]) },
    };
  }, [frame, selection, by, measure, words, formats, money, scale]);
  const tick = money ? formats.shortMoney : formats.number;
  return (
    <Panel id={id} title={title} source={frame.from} ignored={ignoredBy(frame, selection)} sheet={sheet}>
      <BarsAndLines label={title} labels={labels} series={series} tick={tick} horizontal />
    </Panel>
  );
}
