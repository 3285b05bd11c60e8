import type { Asset, Lakehouse } from "../document";

/** Lineage as something to walk on: indices instead of names, made once, so that a click only follows arrays. */
export interface LineageGraph {
  assets: readonly Asset[];
  /** Where an asset is in `assets`. */
  at: ReadonlyMap<string, number>;
  /** The assets that each asset is made of, directly. */
  inputs: readonly (readonly number[])[];
  /** The assets that are made of each asset, directly. */
  outputs: readonly (readonly number[])[];
  steps: readonly Step[];
  /** The steps that make each asset, as indices into `steps`. */
  makers: readonly (readonly number[])[];
  columns: ColumnGraph;
}

/**
 * A task, as far as its outputs are made of the same inputs: a task that turns seven CSVs into seven tables is seven
 * steps, so that no line claims that a table was made of another one's file.
 */
export interface Step {
  id: string;
  /** `pipeline.state`. */
  task: string;
  inputs: readonly number[];
  outputs: readonly number[];
  /** Whether each of its edges is declared by the task's comment, and was seen in the last run. */
  declared: boolean;
  observed: boolean;
}

/** Columns are numbered through all assets: column `i` of asset `a` is `first[a] + i`. */
export interface ColumnGraph {
  first: readonly number[];
  /** The asset of each column. */
  owner: Int32Array;
  sources: readonly (readonly ColumnLink[])[];
  targets: readonly (readonly ColumnLink[])[];
}

export interface ColumnLink {
  column: number;
  /** The value itself flows; otherwise it only decides which value it becomes. */
  direct: boolean;
}

export function lineageGraph({ assets, edges, column_edges }: Pick<Lakehouse, "assets" | "edges" | "column_edges">): LineageGraph {
  const at = new Map(assets.map((asset, index) => [asset.id, index]));
  const inputs = assets.map(() => new Set<number>());
  const outputs = assets.map(() => new Set<number>());
  const made = new Map<string, Making>();
  for (const edge of edges) {
    const [from, to] = [at.get(edge.from), at.get(edge.to)];
    if (from === undefined || to === undefined || from === to) continue;
    inputs[to]?.add(from);
    outputs[from]?.add(to);
    const key = `${edge.task} ${to}`;
    const making = made.get(key) ?? { task: edge.task, output: to, inputs: new Set(), declared: true, observed: true };
    making.inputs.add(from);
    making.declared &&= edge.declared;
    making.observed &&= edge.observed;
    made.set(key, making);
  }
  const steps = stepsOf([...made.values()]);
  const makers = assets.map((): number[] => []);
  steps.forEach((step, index) => step.outputs.forEach((output) => makers[output]?.push(index)));
  return {
    assets,
    at,
    inputs: inputs.map(sorted),
    outputs: outputs.map(sorted),
    steps,
    makers,
    columns: columnGraph(assets, column_edges),
  };
}

/** What is reached from a start, and in how many steps; the start is not in it. */
export function reached(start: number, next: (from: number) => Iterable<number>): Map<number, number> {
  const steps = new Map([[start, 0]]);
  // A map is walked in the order of its entries, those added on the way included: breadth first.
  for (const [from, distance] of steps) {
    for (const to of next(from)) if (!steps.has(to)) steps.set(to, distance + 1);
  }
  steps.delete(start);
  return steps;
}

/** The number of a column; null when there is none of this name. */
export function columnNumber(graph: LineageGraph, asset: number, name: string): number | null {
  const index = graph.assets[asset]?.columns.findIndex((column) => column.name === name) ?? -1;
  return index < 0 ? null : (graph.columns.first[asset] as number) + index;
}

/** The asset and the column behind a number. */
export function columnAt(graph: LineageGraph, number: number) {
  const asset = graph.assets[graph.columns.owner[number] as number] as Asset;
  const column = asset.columns[number - (graph.columns.first[graph.at.get(asset.id) as number] as number)];
  if (!column) throw new RangeError(`no column ${number}`);
  return { asset, column };
}

interface Making {
  task: string;
  output: number;
  inputs: Set<number>;
  declared: boolean;
  observed: boolean;
}

function stepsOf(makings: readonly Making[]): Step[] {
  const steps = new Map<string, Step & { outputs: number[] }>();
  for (const { task, output, inputs, declared, observed } of makings) {
    const from = sorted(inputs);
    const id = `${task} ${from.join(",")} ${declared} ${observed}`;
    const step = steps.get(id);
    if (step) step.outputs.push(output);
    else steps.set(id, { id: `step:${steps.size}`, task, inputs: from, outputs: [output], declared, observed });
  }
  return [...steps.values()];
}

function columnGraph(assets: readonly Asset[], edges: Lakehouse["column_edges"]): ColumnGraph {
  const first: number[] = [];
  let total = 0;
  for (const asset of assets) {
    first.push(total);
    total += asset.columns.length;
  }
  const owner = new Int32Array(total);
  assets.forEach((asset, index) => owner.fill(index, first[index], (first[index] as number) + asset.columns.length));
  const sources = Array.from({ length: total }, (): ColumnLink[] => []);
  const targets = Array.from({ length: total }, (): ColumnLink[] => []);
  for (const [fromAsset, fromColumn, toAsset, toColumn, direct] of edges) {
    const from = (first[fromAsset] as number) + fromColumn;
    const to = (first[toAsset] as number) + toColumn;
    sources[to]?.push({ column: from, direct: direct === 1 });
    targets[from]?.push({ column: to, direct: direct === 1 });
  }
  return { first, owner, sources, targets };
}

const sorted = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);
