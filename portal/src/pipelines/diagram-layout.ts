import { graphlib, layout } from "@dagrejs/dagre";

import type { Pipeline, State, Transition } from "../document";

export const STATE_WIDTH = 230;
export const STATE_HEIGHT = 44;
const MARGIN = 16;
// Above the states in a container is its own name.
const HEADING = 40;
// About as wide as a letter of a label is drawn, and as high as its line.
const LETTER_WIDTH = 6.5;
const LABEL_HEIGHT = 18;
const LONGEST_LABEL = 30;

export interface Placed {
  state: State;
  /** Of the upper left corner, within its container. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Link extends Transition {
  from: string;
  /** What is written at it, cut where it is long. */
  said: string;
  /** From border to border, in the coordinates of the whole picture. */
  points: Point[];
  saidAt: Point;
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
export function diagramOf(
  pipeline: Pipeline,
  withFailures: boolean,
  say: (transition: Transition) => string = ({ label }) => label,
): Diagram {
  const usual = ordinary(pipeline);
  const states = pipeline.states.filter(({ name }) => withFailures || usual.has(name));
  const names = new Set(states.map(({ name }) => name));
  const links = states.flatMap(({ name, next }) =>
    next
      .filter(({ to, kind }) => names.has(to) && (withFailures || kind !== "catch"))
      .map((transition): Link => ({ from: name, ...transition, said: cut(say(transition)), points: [], saidAt: { x: 0, y: 0 } })),
  );
  const { placed, routes } = place(states, links, null);
  return { placed, links: links.map((link) => ({ ...link, ...routes.get(link) })) };
}

type Route = Pick<Link, "points" | "saidAt">;

interface Level {
  placed: Placed[];
  routes: Map<Link, Route>;
  width: number;
  height: number;
}

function place(states: State[], links: Link[], parent: string | null): Level {
  // Two ways may lead from one state to another: the ordinary one, and that of an error which is none.
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 24, ranksep: 36, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  const inside = new Map<string, Level>();
  for (const state of states.filter((each) => each.parent === parent)) {
    const inner = states.some((each) => each.parent === state.name) ? place(states, links, state.name) : null;
    if (inner) inside.set(state.name, inner);
    graph.setNode(state.name, {
      width: Math.max(STATE_WIDTH, inner?.width ?? 0),
      height: inner ? inner.height + HEADING : STATE_HEIGHT,
    });
  }
  const here = links.filter(({ from, to }) => graph.hasNode(from) && graph.hasNode(to));
  here.forEach(({ from, to, said }, index) => {
    const room = said ? { width: said.length * LETTER_WIDTH, height: LABEL_HEIGHT, labelpos: "c" } : {};
    graph.setEdge(from, to, room, String(index));
  });
  layout(graph);
  const routes = new Map<Link, Route>();
  here.forEach((link, index) => {
    const { points, x, y } = graph.edge(link.from, link.to, String(index)) as { points: Point[]; x?: number; y?: number };
    const middle = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 };
    routes.set(link, { points, saidAt: { x: x ?? middle.x, y: y ?? middle.y } });
  });
  const placed = states
    .filter((each) => each.parent === parent)
    .flatMap((state) => {
      const { x, y, width, height } = graph.node(state.name);
      const box = { state, x: x - width / 2, y: y - height / 2, width, height };
      const inner = inside.get(state.name);
      for (const [link, route] of inner?.routes ?? []) routes.set(link, moved(route, box.x, box.y + HEADING));
      return [box, ...(inner?.placed ?? []).map((each) => lowered(each, state.name))];
    });
  const { width = 0, height = 0 } = graph.graph();
  return { placed, routes, width, height };
}

function moved({ points, saidAt }: Route, right: number, down: number): Route {
  const by = ({ x, y }: Point) => ({ x: x + right, y: y + down });
  return { points: points.map(by), saidAt: by(saidAt) };
}

/** A line through points, round where it turns. */
export function pathThrough(points: Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first || !last) return "";
  const turns = rest.slice(0, -1).map((at, index) => {
    const next = rest[index + 1] ?? last;
    const end = index === rest.length - 2 ? last : { x: (at.x + next.x) / 2, y: (at.y + next.y) / 2 };
    return `Q ${at.x} ${at.y} ${end.x} ${end.y}`;
  });
  return [`M ${first.x} ${first.y}`, ...(turns.length ? turns : [`L ${last.x} ${last.y}`])].join(" ");
}

function cut(label: string): string {
  return label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label;
}

/** Makes room for the container's name above the states directly in it. */
function lowered(placed: Placed, container: string): Placed {
  return placed.state.parent === container ? { ...placed, y: placed.y + HEADING } : placed;
}
