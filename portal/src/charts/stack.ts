import type { Series } from "./series";

/** A piece of a bar: from where to where it goes. */
export interface Piece {
  series: number;
  at: number;
  from: number;
  to: number;
}

/** Bars upon each other, in the order of the series: what is positive upwards, what is negative downwards. */
export function stacked(series: Series[]): Piece[] {
  const tops: number[] = [];
  const bottoms: number[] = [];
  return series.flatMap(({ values, as }, index) =>
    as === undefined
      ? values.flatMap((value, at) => {
          if (!value) return [];
          const ends = value > 0 ? tops : bottoms;
          const from = ends[at] ?? 0;
          ends[at] = from + value;
          return [{ series: index, at, from, to: ends[at] }];
        })
      : [],
  );
}

/** Runs of neighbours that are known: a line has a gap where a value is missing. */
export function runs(values: (number | null)[]): number[][] {
  const found: number[][] = [];
  values.forEach((value, at) => {
    if (value === null) return;
    if (at > 0 && (values[at - 1] ?? null) !== null) found.at(-1)?.push(at);
    else found.push([at]);
  });
  return found;
}
