import { columnNumber, type LineageGraph, reached, type Step } from "./graph";

/** How something belongs to what was chosen. */
export type Light = "chosen" | "upstream" | "downstream";

/** Everything that what was chosen comes from and goes to. */
export interface Trace {
  asset: number;
  /** Assets, with their distance in tasks. */
  upstream: ReadonlyMap<number, number>;
  downstream: ReadonlyMap<number, number>;
  /** When a column was chosen; only assets that have a column in it are in `upstream` and `downstream` then. */
  column: ColumnTrace | null;
}

export interface ColumnTrace {
  column: number;
  upstream: ReadonlyMap<number, Reach>;
  downstream: ReadonlyMap<number, Reach>;
}

export interface Reach {
  distance: number;
  /** Values flow all the way; otherwise somewhere on the way it only decides. */
  direct: boolean;
}

/**
 * Follows an asset, or one of its columns, in both directions.
 *
 * With `deciding` false only columns whose values flow all the way are followed.
 */
export function traced(graph: LineageGraph, asset: number, columnName: string | null, deciding = true): Trace {
  const column = columnName === null ? null : columnNumber(graph, asset, columnName);
  if (column === null) {
    const upstream = reached(asset, (from) => graph.inputs[from] ?? []);
    const downstream = reached(asset, (from) => graph.outputs[from] ?? []);
    for (const both of upstream.keys()) downstream.delete(both);
    return { asset, upstream, downstream, column: null };
  }
  const upstream = columnsReached(graph.columns.sources, column, deciding);
  const downstream = columnsReached(graph.columns.targets, column, deciding);
  const assetsOf = (columns: ReadonlyMap<number, Reach>) => {
    const found = new Map<number, number>();
    for (const [each, { distance }] of columns) {
      const owner = graph.columns.owner[each] as number;
      if (owner !== asset) found.set(owner, Math.min(distance, found.get(owner) ?? Infinity));
    }
    return found;
  };
  return { asset, upstream: assetsOf(upstream), downstream: assetsOf(downstream), column: { column, upstream, downstream } };
}

export function lightOf(trace: Trace, asset: number): Light | null {
  if (asset === trace.asset) return "chosen";
  if (trace.upstream.has(asset)) return "upstream";
  return trace.downstream.has(asset) ? "downstream" : null;
}

/** A step on the way, and each of its lines that is on the way: one of several tables it makes may not be. */
export function lightOfStep(trace: Trace, step: Step): Light | null {
  const within = (side: ReadonlyMap<number, number>) => (each: number) => each === trace.asset || side.has(each);
  for (const [light, on] of [["upstream", within(trace.upstream)], ["downstream", within(trace.downstream)]] as const) {
    if (step.inputs.some(on) && step.outputs.some(on)) return light;
  }
  return null;
}

/** Whether a line between an asset and a step that is lit is lit, too. */
export function onTheWay(trace: Trace, light: Light, asset: number): boolean {
  return asset === trace.asset || (light === "upstream" ? trace.upstream : trace.downstream).has(asset);
}

function columnsReached(
  links: LineageGraph["columns"]["sources"],
  start: number,
  deciding: boolean,
): ReadonlyMap<number, Reach> {
  const direct = reached(start, (from) => flowing(links[from]));
  const all = deciding ? reached(start, (from) => (links[from] ?? []).map((link) => link.column)) : direct;
  return new Map([...all].map(([column, distance]) => [column, { distance, direct: direct.has(column) }]));
}

const flowing = (links: LineageGraph["columns"]["sources"][number] | undefined) =>
  (links ?? []).filter((link) => link.direct).map((link) => link.column);
