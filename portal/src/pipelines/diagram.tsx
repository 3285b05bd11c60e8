import { Background, Controls, type Edge, Handle, MarkerType, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { memo, useMemo } from "react";

import type { Pipeline, State } from "../document";
import { useWords } from "../language";
import { toPipeline } from "../routes";
import { useTheme } from "../theme";
import { diagramOf } from "./diagram-layout";
import { PIPELINES } from "./words";

type StateNode = Node<{ state: State; pipeline: string; chosen: boolean; holds: boolean }, "state">;

const NODE_TYPES = { state: memo(StateBox) };

/** A state machine as a picture; each state is a link to what it does. */
export function Diagram({ pipeline, chosen, withFailures }: {
  pipeline: Pipeline;
  chosen: string | null;
  withFailures: boolean;
}) {
  const words = useWords(PIPELINES);
  const { theme } = useTheme();
  const diagram = useMemo(() => diagramOf(pipeline, withFailures), [pipeline, withFailures]);
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
        ({ from, to, kind, label }, index): Edge => ({
          id: String(index),
          source: from,
          target: to,
          type: "smoothstep",
          className: kind,
          markerEnd: { type: MarkerType.ArrowClosed },
          ...(kind === "choice" ? { label } : {}),
        }),
      ),
    [diagram],
  );
  const height = Math.max(...diagram.placed.map(({ y, height: tall }) => y + tall), 200);
  return (
    <div className="diagram card" style={{ height: Math.min(height + 40, 720) }}>
      <ReactFlow
        key={`${pipeline.name} ${withFailures}`}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
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
  );
}

function StateBox({ data: { state, pipeline, chosen, holds } }: NodeProps<StateNode>) {
  return (
    <div className={`state is-${state.type.toLowerCase()} ${holds ? "holds" : ""} ${chosen ? "chosen" : ""}`}>
      <Handle type="target" position={Position.Top} />
      <a className="nopan" href={toPipeline(pipeline, state.name)} aria-current={chosen ? "true" : undefined}>
        <strong>{state.name}</strong> <span className="kind">{state.type}</span>
      </a>
      <Handle type="source" position={Position.Bottom} />
    </div>
  );
}
