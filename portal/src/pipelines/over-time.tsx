import { useMemo } from "react";

import { BarsAndLines } from "../charts/chart";
import type { Series } from "../charts/series";
import { useFormats, useLakehouse } from "../data";
import { useWords } from "../language";
import { historyOf, type Point } from "./history";
import { OVER_TIME } from "./words";

const HEIGHT = 150;

/** Quality, volume, time and cost over the runs: a line each, for they have no common axis. */
export function OverTime() {
  const words = useWords(OVER_TIME);
  const formats = useFormats();
  const { lakehouse } = useLakehouse();
  const { labels, pictures } = useMemo(() => {
    const points = historyOf(lakehouse);
    const line = (name: string, of: (point: Point) => number | null, write: (value: number) => string) => {
      const values = points.map(of);
      const series: Series[] = [{ name, values, as: "line", said: (at) => (values[at] === null || values[at] === undefined ? "" : write(values[at])) }];
      return { name, series, tick: write, last: series[0]!.said(values.length - 1) };
    };
    return {
      labels: points.map(({ run }) => formats.dayTime(run.started)),
      pictures: [
        line(words.held, ({ held }) => held, formats.percent),
        line(words.quarantined, ({ quarantined }) => quarantined, formats.double),
        line(words.rows, ({ run }) => run.rows, formats.double),
        line(words.seconds, ({ run }) => run.seconds, formats.seconds),
        line(words.cost, ({ run }) => Number(run.cost.total_usd), (value) => formats.usd(String(value))),
      ],
    };
  }, [lakehouse, words, formats]);
  if (labels.length < 2) return null;
  return (
    <section className="over-time" aria-labelledby="over-time">
      <h2 id="over-time">{words.title}</h2>
      <div className="small-multiples">
        {pictures.map(({ name, series, tick, last }) => (
          <div key={name}>
            <h3>
              {name} <span className="faint">{last}</span>
            </h3>
            <BarsAndLines label={name} labels={labels} series={series} tick={tick} height={HEIGHT} fromZero />
          </div>
        ))}
      </div>
    </section>
  );
}
