import { type Edge as FlowEdge, type Node as FlowNode, type NodeHandle, Position } from "@xyflow/react";

import type { Asset, Layer } from "../document";
import { byAsset } from "./explain";
import { columnAt, type LineageGraph, type Step } from "./graph";
import { ASSET, grown, type Layout, type Place, ROW } from "./layout";
import { type ColumnTrace, type Light, lightOf, lightOfStep, onTheWay, type Trace } from "./trace";

/** A column listed in a node because it is on the way. */
export interface Row {
  column: number;
  name: string;
  light: Light;
  direct: boolean;
}

export type AssetNode = FlowNode<{ asset: Asset; light: Light | null; distance: number; rows: readonly Row[] }, "asset">;
export type StepNode = FlowNode<{ step: Step; light: Light | null }, "step">;
export type LayerNode = FlowNode<{ layer: Layer }, "layer">;
export type PictureNode = AssetNode | StepNode | LayerNode;

/** What React Flow draws. */
export interface Picture {
  nodes: PictureNode[];
  edges: FlowEdge[];
}

export const nodeOf = (asset: number) => `asset:${asset}`;

/** The whole map, nothing lit. */
export function picture(graph: LineageGraph, layout: Layout): Picture {
  const assets = graph.assets.map(
    (asset, index): AssetNode => ({
      id: nodeOf(index),
      type: "asset",
      data: { asset, light: null, distance: 0, rows: [] },
      ...placed(layout.assets[index] as Place),
    }),
  );
  const steps = graph.steps.map(
    (step, index): StepNode => ({
      id: step.id,
      type: "step",
      data: { step, light: null },
      ...placed(layout.steps[index] as Place),
    }),
  );
  const layers = layout.layers.map(
    ({ layer, x, y }): LayerNode => ({
      id: `layer:${layer}`,
      type: "layer",
      data: { layer },
      ...placed({ x, y, width: ASSET.width, height: 30 }),
    }),
  );
  // In the order of reading, which is the order of tabbing: from left to right, from above.
  const nodes = [...layers, ...assets, ...steps].sort(
    (a, b) => a.position.x - b.position.x || a.position.y - b.position.y,
  );
  return { nodes, edges: graph.steps.flatMap(lines) };
}

/**
 * The same map with what was chosen lit. Nodes and edges that stay as they were stay the same objects, so that only what
 * changes is drawn again.
 */
export function lit(base: Picture, graph: LineageGraph, layout: Layout, trace: Trace): Picture {
  const rows = trace.column ? rowsOf(graph, trace.column) : new Map<number, Row[]>();
  const places = grown(layout, new Map([...rows].map(([asset, there]) => [asset, there.length])), graph);
  const lights = new Map(graph.steps.map((step) => [step.id, lightOfStep(trace, step)]));
  const nodes = base.nodes.map((node): PictureNode => {
    if (node.type === "layer") {
      const place = places.layers.find(({ layer }) => layer === node.data.layer);
      return place && place.y !== node.position.y ? { ...node, position: { x: place.x, y: place.y } } : node;
    }
    if (node.type === "step") {
      const place = places.steps[Number(node.id.slice("step:".length))] as Place;
      const light = lights.get(node.id) ?? null;
      if (light === null && place.y === node.position.y) return node;
      return { ...node, ...placed(place), ...shining(light), data: { ...node.data, light } };
    }
    const index = Number(node.id.slice("asset:".length));
    const place = places.assets[index] as Place;
    const light = lightOf(trace, index);
    if (light === null && place.y === node.position.y) return node;
    const listed = rows.get(index) ?? [];
    const distance = trace.upstream.get(index) ?? trace.downstream.get(index) ?? 0;
    return { ...node, ...placed(place, listed), ...shining(light), data: { ...node.data, light, distance, rows: listed } };
  });
  if (trace.column) return { nodes, edges: [...base.edges, ...columnLines(graph, trace.column)] };
  const edges = base.edges.map((edge) => {
    const { step, asset } = edge.data as { step: string; asset: number };
    const light = lights.get(step);
    return light && onTheWay(trace, light, asset) ? { ...edge, ...shining(light, edge.className) } : edge;
  });
  return { nodes, edges };
}

function lines(step: Step): FlowEdge[] {
  const line = (source: string, target: string, asset: number): FlowEdge => ({
    id: `${source} ${target}`,
    source,
    target,
    ...STILL,
    className: step.declared && step.observed ? "" : "unsure",
    data: { step: step.id, asset },
  });
  return [
    ...step.inputs.map((input) => line(nodeOf(input), step.id, input)),
    ...step.outputs.map((output) => line(step.id, nodeOf(output), output)),
  ];
}

/** From column to column: every link between two that are on the same side of what was chosen. */
function columnLines(graph: LineageGraph, { column, upstream, downstream }: ColumnTrace): FlowEdge[] {
  const line = (from: number, to: number, direct: boolean, light: Light): FlowEdge => ({
    id: `column:${from} ${to} ${direct}`,
    source: nodeOf(graph.columns.owner[from] as number),
    sourceHandle: `${from}`,
    target: nodeOf(graph.columns.owner[to] as number),
    targetHandle: `${to}`,
    ...STILL,
    ...shining(light, direct ? "direct" : "deciding"),
  });
  const into = (to: number) =>
    (graph.columns.sources[to] ?? []).flatMap((source) =>
      upstream.has(source.column) ? [line(source.column, to, source.direct, "upstream")] : [],
    );
  const outOf = (from: number) =>
    (graph.columns.targets[from] ?? []).flatMap((target) =>
      downstream.has(target.column) ? [line(from, target.column, target.direct, "downstream")] : [],
    );
  return [...[column, ...upstream.keys()].flatMap(into), ...[column, ...downstream.keys()].flatMap(outOf)];
}

function rowsOf(graph: LineageGraph, { column, upstream, downstream }: ColumnTrace): Map<number, Row[]> {
  const columns = byAsset(graph, new Set([...upstream.keys(), column, ...downstream.keys()]));
  const row = (each: number): Row => ({
    column: each,
    name: columnAt(graph, each).column.name,
    light: each === column ? "chosen" : upstream.has(each) ? "upstream" : "downstream",
    direct: (upstream.get(each) ?? downstream.get(each))?.direct ?? true,
  });
  return new Map([...columns].map(([asset, there]) => [asset, there.map(row)]));
}

/** Where a node stands and where its lines end, said beforehand: lines are there before anything is measured. */
function placed({ x, y, width, height }: Place, rows: readonly Row[] = []) {
  const handles = [
    ...ends(undefined, width, Math.min(height, ASSET.height) / 2),
    ...rows.flatMap((row, index) => ends(`${row.column}`, width, ASSET.height + ROW * index + ROW / 2)),
  ];
  return { position: { x, y }, width, height, measured: { width, height }, handles };
}

function ends(id: string | undefined, width: number, y: number): NodeHandle[] {
  const end = { ...(id === undefined ? {} : { id }), y, width: 1, height: 1 };
  return [
    { ...end, type: "target", position: Position.Left, x: 0 },
    { ...end, type: "source", position: Position.Right, x: width - 1 },
  ];
}

function shining(light: Light | null, also = "") {
  return light ? { className: `${also} lit ${light}`.trim(), zIndex: 1 } : { className: also };
}

/** A line is drawn and nothing else; who cannot see it reads the list. */
const STILL = { interactionWidth: 0, focusable: false, ariaLabel: null, domAttributes: { "aria-hidden": true } } as unknown as Pick<
  FlowEdge,
  "interactionWidth" | "focusable"
>;
