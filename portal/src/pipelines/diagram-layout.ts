import { graphlib, layout } from "@dagrejs/dagre";

import type { Pipeline, State, Transition } from "../document";

export const STATE_WIDTH = 190;
export const STATE_HEIGHT = 44;
const MARGIN = 16;
// Above the states in a container is its own name.
const HEADING = 40;

export interface Placed {
  state: State;
  /** Of the upper left corner, within its container. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Link extends Transition {
  from: string;
}

export interface Diagram {
  /** Containers before what they contain. */
  placed: Placed[];
  links: Link[];
}

/** The states one passes when all goes well: those reached from the start without an error being caught, but for Fail. */
export function ordinary(pipeline: Pipeline): Set<string> {
  const states = new Map(pipeline.states.map((state) => [state.name, state]));
  const reached = new Set<string>();
  const visit = (name: string) => {
    const state = states.get(name);
    if (!state || reached.has(name) || state.type === "Fail") return;
    reached.add(name);
    for (const { to, kind } of state.next) if (kind !== "catch") visit(to);
    for (const inner of pipeline.states) if (inner.parent === name) visit(inner.name);
  };
  visit(pipeline.start);
  return reached;
}

/** Places a pipeline's states from top to bottom; a Map or Parallel holds its own. */
export function diagramOf(pipeline: Pipeline, withFailures: boolean): Diagram {
  const usual = ordinary(pipeline);
  const states = pipeline.states.filter(({ name }) => withFailures || usual.has(name));
  const names = new Set(states.map(({ name }) => name));
  const links = states.flatMap(({ name, next }) =>
    next
      .filter(({ to, kind }) => names.has(to) && (withFailures || kind !== "catch"))
      .map((transition) => ({ from: name, ...transition })),
  );
  const placed = place(states, links, null).placed;
  return { placed, links };
}

function place(states: State[], links: Link[], parent: string | null): { placed: Placed[]; width: number; height: number } {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "TB", nodesep: 24, ranksep: 36, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  const inside = new Map<string, Placed[]>();
  for (const state of states.filter((each) => each.parent === parent)) {
    const inner = states.some((each) => each.parent === state.name) ? place(states, links, state.name) : null;
    if (inner) inside.set(state.name, inner.placed.map((each) => lowered(each, state.name)));
    graph.setNode(state.name, {
      width: Math.max(STATE_WIDTH, inner?.width ?? 0),
      height: inner ? inner.height + HEADING : STATE_HEIGHT,
    });
  }
  for (const { from, to } of links) if (graph.hasNode(from) && graph.hasNode(to)) graph.setEdge(from, to);
  layout(graph);
  const placed = states
    .filter((each) => each.parent === parent)
    .flatMap((state) => {
      const { x, y, width, height } = graph.node(state.name);
      const here = { state, x: x - width / 2, y: y - height / 2, width, height };
      return [here, ...(inside.get(state.name) ?? [])];
    });
  const { width = 0, height = 0 } = graph.graph();
  return { placed, width, height };
}

/** Makes room for the container's name above the states directly in it. */
function lowered(placed: Placed, container: string): Placed {
  return placed.state.parent === container ? { ...placed, y: placed.y + HEADING } : placed;
}
