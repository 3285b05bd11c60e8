import {
  Background, BaseEdge, Controls, type Edge, type EdgeProps, Handle, MarkerType, type Node, type NodeProps, Position, ReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { memo, useMemo } from "react";

import type { Pipeline, State } from "../document";
import { useWords } from "../language";
import { toPipeline } from "../routes";
import { useTheme } from "../theme";
import { diagramOf, type Link, pathThrough } from "./diagram-layout";
import { DiagramLegend } from "./diagram-legend";
import { PIPELINES } from "./words";
import { StateType } from "./status";

type StateNode = Node<{ state: State; pipeline: string; chosen: boolean; holds: boolean }, "state">;

type RouteEdge = Edge<{ link: Link }, "route">;

const NODE_TYPES = { state: memo(StateBox) };
const EDGE_TYPES = { route: memo(Route) };
const TALLEST = 960;

/** A state machine as a picture; each state is a link to what it does. */
export function Diagram({ pipeline, chosen, withFailures }: {
  pipeline: Pipeline;
  chosen: string | null;
  withFailures: boolean;
}) {
  const words = useWords(PIPELINES);
  const { theme } = useTheme();
  const diagram = useMemo(
    () => diagramOf(pipeline, withFailures, ({ kind, label }) => (kind === "default" ? words.otherwise : label)),
    [pipeline, withFailures, words],
  );
  const containers = useMemo(() => new Set(pipeline.states.map(({ parent }) => parent)), [pipeline]);
  const nodes = diagram.placed.map(
    ({ state, x, y, width, height }): StateNode => ({
      id: state.name,
      type: "state",
      position: { x, y },
      width,
      height,
      data: { state, pipeline: pipeline.name, chosen: state.name === chosen, holds: containers.has(state.name) },
      ...(state.parent ? { parentId: state.parent } : {}),
    }),
  );
  const edges = useMemo(
    () =>
      diagram.links.map(
        (link, index): RouteEdge => ({
          id: String(index),
          source: link.from,
          target: link.to,
          type: "route",
          className: link.kind,
          markerEnd: { type: MarkerType.ArrowClosed },
          data: { link },
        }),
      ),
    [diagram],
  );
  const height = Math.max(...diagram.placed.map(({ y, height: tall }) => y + tall), 200);
  return (
    <div>
      <div className="diagram card" style={{ height: Math.min(height + 40, TALLEST) }}>
        <ReactFlow
          key={`${pipeline.name} ${withFailures}`}
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          colorMode={theme}
          fitView
          minZoom={0.2}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          // The page scrolls with the wheel; the picture zooms with its buttons or a pinch.
          zoomOnScroll={false}
          preventScrolling={false}
          proOptions={{ hideAttribution: true }}
          ariaLabelConfig={{
            "controls.ariaLabel": words.diagram,
            "controls.zoomIn.ariaLabel": words.zoomIn,
            "controls.zoomOut.ariaLabel": words.zoomOut,
            "controls.fitView.ariaLabel": words.fit,
          }}
        >
          <Background />
          <Controls showInteractive={false} />
        </ReactFlow>
      </div>
      <DiagramLegend withFailures={withFailures} />
    </div>
  );
}

function StateBox({ data: { state, pipeline, chosen, holds } }: NodeProps<StateNode>) {
  return (
    <div className={`state is-${state.type.toLowerCase()} ${holds ? "holds" : ""} ${chosen ? "chosen" : ""}`}>
      <Handle type="target" position={Position.Top} />
      <a className="nopan" href={toPipeline(pipeline, state.name)} aria-current={chosen ? "true" : undefined}>
        <strong>{state.name}</strong> <span className="kind"><StateType type={state.type} /></span>
      </a>
      <Handle type="source" position={Position.Bottom} />
    </div>
  );
}

/** As dagre laid it: around the boxes, with room for what is written at it. */
function Route({ data, markerEnd }: EdgeProps<RouteEdge>) {
  if (!data) return null;
  const { points, said, saidAt } = data.link;
  return (
    <BaseEdge
      path={pathThrough(points)}
      {...(markerEnd && { markerEnd })}
      label={said}
      labelX={saidAt.x}
      labelY={saidAt.y}
      labelBgPadding={[3, 1]}
      interactionWidth={0}
    />
  );
}
