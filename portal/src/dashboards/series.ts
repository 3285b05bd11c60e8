import { drawn } from "./sums";

/** What a picture draws: numbers for its pixels, and each as one reads it, exact. */
export interface Series {
  name: string;
  values: (number | null)[];
  /** A value as text, for who points at it. */
  said: (at: number) => string;
  /** Bars, unless it is a line over them, or marks here and there. */
  as?: "line" | "marks";
  /** With an axis of its own, on the right: it would dwarf the others. */
  apart?: boolean;
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
