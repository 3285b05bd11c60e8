import type { LineageGraph } from "./graph";
import type { Layout } from "./layout";
import { nodeOf } from "./picture";

/**
 * The box that an arrow key leads to: left and right along the lineage, up and down within the row; null when there is
 * none. From a task it goes to what the task reads and makes.
 */
export function neighbour(graph: LineageGraph, layout: Layout, node: string, key: string): string | null {
  const [kind, number] = node.split(":");
  const to = kind === "step" ? fromStep(graph, Number(number), key) : fromAsset(graph, layout, Number(number), key);
  return to === undefined ? null : nodeOf(to);
}

function fromAsset(graph: LineageGraph, layout: Layout, asset: number, key: string): number | undefined {
  if (key === "ArrowLeft") return nearest(layout, asset, graph.inputs[asset]);
  if (key === "ArrowRight") return nearest(layout, asset, graph.outputs[asset]);
  const row = layout.ranks.find((each) => each.includes(asset)) ?? [];
  if (key === "ArrowUp") return row[row.indexOf(asset) - 1];
  return key === "ArrowDown" ? row[row.indexOf(asset) + 1] : undefined;
}

function fromStep(graph: LineageGraph, step: number, key: string): number | undefined {
  if (key === "ArrowLeft") return graph.steps[step]?.inputs[0];
  return key === "ArrowRight" ? graph.steps[step]?.outputs[0] : undefined;
}

/** Of several, the one on about the same height. */
function nearest(layout: Layout, asset: number, among: readonly number[] = []): number | undefined {
  const away = (other: number) => Math.abs((layout.assets[other]?.y ?? 0) - (layout.assets[asset]?.y ?? 0));
  return [...among].sort((a, b) => away(a) - away(b))[0];
}
