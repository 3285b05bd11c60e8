/** What a picture draws: numbers for its pixels, and each as one reads it, exact. */
export interface Series {
  name: string;
  values: (number | null)[];
  /** A value as text, for who points at it. */
  said: (at: number) => string;
  /** Bars, unless it is a line over them, marks here and there, or a band behind them. */
  as?: "line" | "marks" | "band";
  /** The interval around each value, of a line or marks; from where to where a band goes. */
  between?: ([number, number] | null)[];
  /** Which of the theme's series colours it has; its place among the series by default. */
  colour?: number;
  /** Hatched or dashed, so that neighbours are told apart without their colours; every second one by default. */
  marked?: boolean;
}

/** Exact units as a series. */
export function exactSeries(
  name: string,
  units: (bigint | null)[],
  scale: number,
  write: (units: bigint) => string,
): Pick<Series, "name" | "values" | "said"> {
  return {
    name,
    values: units.map((value) => drawn(value, scale)),
    said: (at) => {
      const value = units[at] ?? null;
      return value === null ? "" : write(value);
    },
  };
}

/** Units as a number that a chart can draw; nothing is computed with it. */
export function drawn(value: bigint | null | undefined, scale: number): number | null {
  return value === null || value === undefined ? null : Number(value) / 10 ** scale;
}

/** A picture in a sentence or two: what it spans, and the largest value of each series. */
export function summaryOf(
  title: string,
  labels: string[],
  series: Series[],
  words: Record<"spanFrom" | "spanTo" | "highest", string>,
): string {
  const span = labels.length > 1 ? `, ${words.spanFrom} ${labels[0]} ${words.spanTo} ${labels.at(-1)}` : "";
  const peaks = series.flatMap(({ name, values, said }) => {
    const at = values.reduce<number>((best, value, index) => (value !== null && value > (values[best] ?? -Infinity) ? index : best), 0);
    return (values[at] ?? null) === null ? [] : [`${name}, ${words.highest} ${said(at)} (${labels[at]})`];
  });
  return `${title}${span}. ${peaks.join("; ")}.`;
}

/** The class of a series' colour. */
export function colourOf(series: Series[], index: number): string {
  return `series-${((series[index]?.colour ?? index) % 8) + 1}`;
}

export function isMarked(series: Series[], index: number): boolean {
  return series[index]?.marked ?? index % 2 === 1;
}
