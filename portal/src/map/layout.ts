import { Graph, layout as dagre } from "@dagrejs/dagre";

import { LAYERS, type Layer } from "../document";
import { grouped } from "../parts/grouped";
import { type LineageGraph, type Step } from "./graph";

export const ASSET = { width: 236, height: 84 };
export const STEP = { width: 112, height: 30 };
/** One column of an asset, listed in its node: high enough for a finger. */
export const ROW = 24;
const GAP = { beside: 32, above: 18 };
const HEADING = 44;
const STRIDE = ASSET.width + STEP.width + 2 * GAP.beside;

export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  assets: readonly Place[];
  steps: readonly Place[];
  /** Where the name of each layer stands. */
  layers: readonly { layer: Layer; x: number; y: number }[];
  /** The assets of each vertical row, from above. */
  ranks: readonly (readonly number[])[];
}

/**
 * Places assets in vertical rows, layer by layer from left to right, the tasks between them. Which asset stands in which
 * row follows from its layer alone (and, within one, from what it is made of); dagre finds the order that crosses fewest
 * lines. The same lakehouse always looks the same.
 */
export function layoutOf(graph: LineageGraph): Layout {
  const rank = ranksOf(graph);
  const stepRank = (step: Step) => Math.max(...step.inputs.map((input) => rank[input] as number));
  const drawn = new Graph().setGraph({ rankdir: "LR", ranker: "none", nodesep: GAP.above, edgesep: 4, ranksep: GAP.beside });
  drawn.setDefaultEdgeLabel(() => ({}));
  // Ranks are four apart: dagre halves them for the labels of edges, and a task stands between two assets.
  graph.assets.forEach((_, index) => drawn.setNode(`${index}`, { ...ASSET, rank: 4 * (rank[index] as number) }));
  for (const step of graph.steps) {
    const before = stepRank(step);
    drawn.setNode(step.id, { ...STEP, rank: 4 * before + 2 });
    for (const input of step.inputs) drawn.setEdge(`${input}`, step.id);
    // A line that goes back, or stays where it is, is drawn but does not say who stands where.
    for (const output of step.outputs) if ((rank[output] as number) > before) drawn.setEdge(step.id, `${output}`);
  }
  dagre(drawn);

  const middle = (id: string) => (drawn.node(id) as { y: number }).y;
  // Upside down crosses just as few lines: whichever way keeps more of the document's order is taken.
  const ranks = [...grouped(rank.keys(), (index) => rank[index] as number)].sort(([a], [b]) => a - b).map(([, row]) => row);
  const inOrder = ranks.flatMap((row) => row.slice(1).map((index, before) => Math.sign(middle(`${index}`) - middle(`${row[before]}`))));
  const mirror = inOrder.reduce((sum, sign) => sum + sign, 0) < 0 ? -1 : 1;
  const top = (id: string, height: number) => Math.round(mirror * middle(id) - height / 2);
  const assets = graph.assets.map((_, index) => ({
    ...ASSET,
    x: (rank[index] as number) * STRIDE,
    y: top(`${index}`, ASSET.height),
  }));
  const steps = graph.steps.map((step) => ({
    ...STEP,
    x: stepRank(step) * STRIDE + ASSET.width + GAP.beside,
    y: top(step.id, STEP.height),
  }));
  for (const row of ranks) row.sort((a, b) => (assets[a] as Place).y - (assets[b] as Place).y);
  const above = Math.min(...assets.map((place) => place.y)) - HEADING;
  const layers = LAYERS.flatMap((layer) => {
    const there = graph.assets.flatMap((asset, index) => (asset.layer === layer ? [rank[index] as number] : []));
    return there.length ? [{ layer, x: Math.min(...there) * STRIDE, y: above }] : [];
  });
  return { assets, steps, layers, ranks };
}

/** The same layout when some assets list columns: they grow, and what stands below moves down as far as it must. */
export function grown(layout: Layout, rows: ReadonlyMap<number, number>, graph: LineageGraph): Layout {
  if (rows.size === 0) return layout;
  const assets = layout.assets.map((place, index) => ({ ...place, height: place.height + ROW * (rows.get(index) ?? 0) }));
  for (const row of layout.ranks) spread(row.map((index) => assets[index] as Place));
  // A task stays level with what it makes.
  const moved = (index: number) => (assets[index] as Place).y - (layout.assets[index] as Place).y;
  const steps = layout.steps.map((place, index) => {
    const made = (graph.steps[index] as Step).outputs;
    return { ...place, y: place.y + made.reduce((sum, output) => sum + moved(output), 0) / made.length };
  });
  for (const row of grouped(steps, (place) => place.x).values()) spread(row.sort((a, b) => a.y - b.y));
  const above = Math.min(...assets.map((place) => place.y)) - HEADING;
  return { ...layout, assets, steps, layers: layout.layers.map((each) => ({ ...each, y: Math.min(each.y, above) })) };
}

/** Moves what overlaps apart, to both sides: a row that only grew downwards would leave the picture. */
function spread(row: readonly Place[]): void {
  const [first, last] = [row[0], row.at(-1)];
  if (!first || !last) return;
  const [top, overhang] = [first.y, last.y];
  let below = -Infinity;
  for (const place of row) {
    place.y = Math.max(place.y, below);
    below = place.y + place.height + GAP.above;
  }
  const shift = Math.round((last.y - overhang + first.y - top) / 2);
  for (const place of row) place.y = Math.round(place.y - shift);
}

/** The vertical row of each asset: its layer's, and to the right of what it is made of within that layer. */
function ranksOf(graph: LineageGraph): number[] {
  const depth = graph.assets.map(() => -1);
  const siblings = (index: number) =>
    (graph.inputs[index] ?? []).filter((input) => graph.assets[input]?.layer === graph.assets[index]?.layer);
  const depthOf = (index: number, within: ReadonlySet<number>): number => {
    if ((depth[index] as number) >= 0) return depth[index] as number;
    const path = new Set(within).add(index);
    const deepest = Math.max(-1, ...siblings(index).filter((input) => !path.has(input)).map((input) => depthOf(input, path)));
    return (depth[index] = deepest + 1);
  };
  graph.assets.forEach((_, index) => depthOf(index, new Set()));
  const ranks = graph.assets.map(() => 0);
  let next = 0;
  for (const layer of LAYERS) {
    const there = graph.assets.flatMap((asset, index) => (asset.layer === layer ? [index] : []));
    for (const index of there) ranks[index] = next + (depth[index] as number);
    if (there.length) next += 1 + Math.max(...there.map((index) => depth[index] as number));
  }
  return ranks;
}
