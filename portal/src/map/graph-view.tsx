import { ReactFlow, ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";

import { useWords } from "../language";
import { go, toMap } from "../routes";
import type { LineageGraph } from "./graph";
import { type Layout, layoutOf } from "./layout";
import { Legend } from "./legend";
import { neighbour } from "./neighbour";
import { NODE_TYPES } from "./nodes";
import { lit, nodeOf, picture } from "./picture";
import type { Trace } from "./trace";
import { MAP } from "./words";

import "@xyflow/react/dist/base.css";

/** Above this, boxes outside of the window are not kept. */
const MANY = 150;
/** The buttons above, the legend below and the marks on the boxes keep their room. */
const FIT = { padding: { top: "64px", bottom: "56px", x: "24px" }, minZoom: 0.4, maxZoom: 1 } as const;

/** On a phone the whole map is in sight at first, however small: one sees what there is, and comes closer. */
const NARROW = "(max-width: 48rem)";
const fit = () => (matchMedia(NARROW).matches ? { ...FIT, padding: { ...FIT.padding, x: "10px" as const }, minZoom: 0.05 } : FIT);

/** A box that is brought into sight by itself is to be read. */
const READABLE = 0.75;

/** The map as a picture. */
export function GraphView(given: { graph: LineageGraph; trace: Trace | null }) {
  const words = useWords(MAP);
  const layout = useLayout(given.graph);
  return (
    <section className="graph" aria-label={words.title}>
      {layout ? (
        <ReactFlowProvider>
          <Drawing {...given} layout={layout} />
        </ReactFlowProvider>
      ) : (
        <p role="status">{words.drawing}</p>
      )}
    </section>
  );
}

const layouts = new WeakMap<LineageGraph, Layout>();

/** The layout, once the page has been painted: with hundreds of tables it takes most of a second. */
function useLayout(graph: LineageGraph): Layout | null {
  const [layout, setLayout] = useState(() => layouts.get(graph) ?? null);
  useEffect(() => {
    if (layouts.has(graph)) return;
    const frame = requestAnimationFrame(() => {
      const found = layoutOf(graph);
      layouts.set(graph, found);
      setLayout(found);
    });
    return () => cancelAnimationFrame(frame);
  }, [graph]);
  return layout;
}

function Drawing({ graph, trace, layout }: { graph: LineageGraph; trace: Trace | null; layout: Layout }) {
  const words = useWords(MAP);
  const flow = useReactFlow();
  const box = useRef<HTMLDivElement>(null);
  const base = useMemo(() => picture(graph, layout), [graph, layout]);
  const shown = useMemo(() => (trace ? lit(base, graph, layout, trace) : base), [base, graph, layout, trace]);
  const wanted = useMemo(() => wantedNodes(trace), [trace]);

  const inSight = useCallback((node: string) => {
    const frame = box.current?.getBoundingClientRect();
    const place = elementOf(box.current, node)?.getBoundingClientRect();
    if (!frame || !place) return false;
    return place.left >= frame.left && place.right <= frame.right && place.top >= frame.top && place.bottom <= frame.bottom;
  }, []);

  const show = useCallback(
    async (node: string) => {
      const { x, y, width, height } = flow.getNodesBounds([node]);
      await flow.setCenter(x + width / 2, y + height / 2, { zoom: Math.max(flow.getZoom(), READABLE) });
    },
    [flow],
  );

  // What was chosen elsewhere (a link, the search) comes into sight, with its lineage if there is room for both; what was
  // chosen here stays where it is.
  const chosen = trace ? nodeOf(trace.asset) : null;
  useEffect(() => {
    if (!chosen || inSight(chosen)) return;
    const fitted = flow.fitView({ ...fit(), nodes: wanted ?? [], duration: duration() });
    void fitted.then(() => (inSight(chosen) ? undefined : show(chosen)));
  }, [chosen, wanted, flow, inSight, show]);

  const onKeyDown = (event: KeyboardEvent) => {
    const from = (event.target as Element).closest<HTMLElement>(".react-flow__node")?.dataset.id;
    const to = from && neighbour(graph, layout, from, event.key);
    if (!to) return;
    event.preventDefault();
    void (inSight(to) ? Promise.resolve() : show(to)).then(() =>
      requestAnimationFrame(() => elementOf(box.current, to)?.querySelector("a")?.focus({ preventScroll: true })),
    );
  };

  return (
    <div ref={box} className={`drawing ${trace ? (trace.column ? "traced by-column" : "traced") : ""}`} onKeyDown={onKeyDown}>
      <ReactFlow
        nodes={shown.nodes}
        edges={shown.edges}
        nodeTypes={NODE_TYPES}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        onlyRenderVisibleElements={graph.assets.length > MANY}
        minZoom={0.05}
        maxZoom={2}
        fitView
        fitViewOptions={wanted ? { ...fit(), nodes: wanted } : fit()}
        onPaneClick={() => trace && go(toMap())}
        onFocus={(event) => {
          const node = event.target.closest<HTMLElement>(".react-flow__node")?.dataset.id;
          if (node && event.target.matches(":focus-visible") && !inSight(node)) void show(node);
        }}
      />
      <div className="tools" role="group" aria-label={words.view}>
        <button type="button" aria-label={words.zoomIn} title={words.zoomIn} onClick={() => void flow.zoomIn({ duration: duration() })}>
          <span aria-hidden="true">+</span>
        </button>
        <button type="button" aria-label={words.zoomOut} title={words.zoomOut} onClick={() => void flow.zoomOut({ duration: duration() })}>
          <span aria-hidden="true">−</span>
        </button>
        <button type="button" onClick={() => void flow.fitView({ ...FIT, minZoom: 0.05, ...(wanted ? { nodes: wanted } : {}), duration: duration() })}>
          {words.fit}
        </button>
      </div>
      <Legend trace={trace} />
    </div>
  );
}

/** The boxes that are lit. */
function wantedNodes(trace: Trace | null): { id: string }[] | null {
  return trace && [trace.asset, ...trace.upstream.keys(), ...trace.downstream.keys()].map((asset) => ({ id: nodeOf(asset) }));
}

function elementOf(box: HTMLElement | null, node: string): HTMLElement | null {
  return box?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(node)}"]`) ?? null;
}

function duration(): number {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200;
}
