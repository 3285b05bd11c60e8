import { Handle, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";

import { useFormats } from "../data";
import type { Asset } from "../document";
import { Catalogued, useWords } from "../language";
import { LayerBadge, VerdictBadge } from "../parts/badges";
import { Name } from "../parts/name";
import { toMap, toPipeline } from "../routes";
import { ASSET, ROW, STEP } from "./layout";
import { PersonalMark } from "./personal-mark";
import type { AssetNode, LayerNode, Row, StepNode } from "./picture";
import { taskOf } from "./task";
import type { Light } from "./trace";
import { MAP } from "./words";

export const NODE_TYPES = { asset: memo(AssetBox), step: memo(StepBox), layer: memo(LayerName) };

function AssetBox({ data: { asset, light, distance, rows } }: NodeProps<AssetNode>) {
  const words = useWords(MAP);
  const formats = useFormats();
  const verdict = asset.audits[0]?.verdict;
  return (
    <div className={`box ${asset.layer}-side`}>
      <a className="face" href={toMap(asset.id)} aria-current={light === "chosen" ? "true" : undefined} draggable={false}>
        <span className="name">
          <Name text={asset.name} />
        </span>
        <span className="facts">
          <LayerBadge layer={asset.layer} />
          {verdict && <VerdictBadge verdict={verdict} />}
          <PersonalMark asset={asset} />
        </span>
        {asset.rows !== null && (
          <span className="rows">
            {formats.number(asset.rows)} {words.rows}
          </span>
        )}
        {light && <LightMark light={light} distance={distance} />}
      </a>
      <Ends y={ASSET.height / 2} />
      {rows.length > 0 && (
        <ul className="columns">
          {rows.map((row) => (
            <ColumnRow key={row.column} asset={asset} row={row} />
          ))}
        </ul>
      )}
    </div>
  );
}

/** Says how a box belongs to the choice in words, for whom colours and lines do not. */
function LightMark({ light, distance }: { light: Light; distance: number }) {
  const words = useWords(MAP);
  const sign = { chosen: "●", upstream: "◀", downstream: "▶" }[light];
  return (
    <span className={`mark ${light}`}>
      <span aria-hidden="true">{sign}</span> {words[light]}
      {distance > 0 && ` · ${distance} ${distance === 1 ? words.step : words.steps}`}
    </span>
  );
}

function ColumnRow({ asset, row }: { asset: Asset; row: Row }) {
  const words = useWords(MAP);
  return (
    <li className={`${row.light} ${row.direct ? "direct" : "deciding"}`}>
      <Ends id={`${row.column}`} y={ROW / 2} />
      <a href={toMap(asset.id, row.name)} aria-current={row.light === "chosen" ? "true" : undefined} draggable={false}>
        <span aria-hidden="true">{row.light === "chosen" ? "●" : row.direct ? "━" : "┈"}</span> {row.name}
        <span className="visually-hidden">, {row.light === "chosen" ? words.chosen : row.direct ? words.direct : words.deciding}</span>
      </a>
    </li>
  );
}

/** Where lines end; React Flow measures them once the node is drawn. */
function Ends({ id, y }: { id?: string; y: number }) {
  const named = id === undefined ? {} : { id };
  return (
    <>
      <Handle {...named} type="target" position={Position.Left} isConnectable={false} style={{ top: y }} />
      <Handle {...named} type="source" position={Position.Right} isConnectable={false} style={{ top: y }} />
    </>
  );
}

function StepBox({ data: { step, light } }: NodeProps<StepNode>) {
  const words = useWords(MAP);
  const [pipeline, state] = taskOf(step.task);
  const doubt = !step.observed ? words.declaredOnly : !step.declared ? words.observedOnly : null;
  return (
    <>
      <a
        className={`task ${light ?? ""}`}
        href={toPipeline(pipeline, state)}
        title={`${step.task}${doubt ? ` (${doubt})` : ""}`}
        draggable={false}
      >
        <span className="visually-hidden">{words.task} </span>
        {doubt && <span aria-hidden="true">⚠ </span>}
        <Catalogued>{state}</Catalogued>
        {doubt && <span className="visually-hidden">, {doubt}</span>}
      </a>
      <Ends y={STEP.height / 2} />
    </>
  );
}

function LayerName({ data: { layer } }: NodeProps<LayerNode>) {
  return (
    <span className="layer-name">
      <LayerBadge layer={layer} />
    </span>
  );
}
