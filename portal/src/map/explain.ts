import { grouped } from "../parts/grouped";
import type { LineageGraph } from "./graph";
import type { ColumnTrace } from "./trace";

/** One column on the way back to the files, and what it is made of. */
export interface Origin {
  column: number;
  /** Its value is made of these. */
  from: readonly number[];
  /** These only decide which value it becomes: keys, conditions, weights. */
  decidedBy: readonly number[];
}

/**
 * Tells where the values of a column come from: the column itself, then what flows into it, step by step, until nothing
 * does; what only decides is named where it decides, and not followed any further.
 */
export function originsOf(graph: LineageGraph, { column, upstream }: ColumnTrace): Origin[] {
  const flowing = [...upstream].filter(([, reach]) => reach.direct);
  flowing.sort(([a, one], [b, other]) => one.distance - other.distance || a - b);
  return [column, ...flowing.map(([each]) => each)].map((each) => {
    const sources = graph.columns.sources[each] ?? [];
    return {
      column: each,
      from: sources.filter((source) => source.direct).map((source) => source.column),
      decidedBy: sources.filter((source) => !source.direct).map((source) => source.column),
    };
  });
}

/** Columns by the asset they belong to, in the order of the assets. */
export function byAsset(graph: LineageGraph, columns: Iterable<number>): Map<number, number[]> {
  const inOrder = [...columns].sort((a, b) => a - b);
  return grouped(inOrder, (column) => graph.columns.owner[column] as number);
}
