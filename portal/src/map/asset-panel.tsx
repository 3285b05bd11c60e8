import { useState } from "react";

import { useFormats, useLakehouse } from "../data";
import type { Asset } from "../document";
import { LAYERS } from "../document";
import { Catalogued, useWords } from "../language";
import { ClassificationBadge, LayerBadge, VerdictBadge } from "../parts/badges";
import { Name } from "../parts/name";
import { plain } from "../parts/plain";
import { toAsset, toMap, toPipeline } from "../routes";
import type { LineageGraph } from "./graph";
import type { Trace } from "./trace";
import { MAP } from "./words";

/** Above this many columns a box to filter them is worth its place. */
const MANY = 8;

/** An asset: what it is, whether it is sound, where it comes from, where it goes, and its columns to choose from. */
export function AssetPanel({ graph, trace }: { graph: LineageGraph; trace: Trace }) {
  const words = useWords(MAP);
  const asset = graph.assets[trace.asset] as Asset;
  return (
    <>
      <h2 className="subject">
        <LayerBadge layer={asset.layer} /> <Name text={asset.name} />
      </h2>
      {asset.description && (
        <p>
          <Catalogued>{asset.description}</Catalogued>
        </p>
      )}
      <Facts asset={asset} />
      <p>
        <a className="button" href={toAsset(asset.id)}>
          {words.openAsset} <Name text={asset.name} />
        </a>
      </p>
      <Reached title={words.comesFrom} light="upstream" graph={graph} assets={trace.upstream} none={words.nothingBefore} />
      <Reached title={words.goesTo} light="downstream" graph={graph} assets={trace.downstream} none={words.nothingAfter} />
      <Columns asset={asset} />
    </>
  );
}

function Facts({ asset }: { asset: Asset }) {
  const words = useWords(MAP);
  const formats = useFormats();
  const { lakehouse } = useLakehouse();
  const verdict = asset.audits[0]?.verdict;
  const run = lakehouse.runs.find(({ run_id }) => run_id === asset.run_id);
  return (
    <dl className="facts-list">
      <dt>{words.owner}</dt>
      <dd>{asset.owner || words.noOwner}</dd>
      {asset.layer !== "landing" && (
        <>
          <dt>{words.verdict}</dt>
          <dd>{verdict ? <VerdictBadge verdict={verdict} /> : words.notAudited}</dd>
        </>
      )}
      {asset.updated_at && (
        <>
          <dt>{words.updated}</dt>
          <dd>{formats.moment(asset.updated_at)}</dd>
        </>
      )}
      {asset.run_id && (
        <>
          <dt>{words.lastRun}</dt>
          <dd>{run ? <a href={toPipeline(run.pipeline)}>{asset.run_id}</a> : asset.run_id}</dd>
        </>
      )}
    </dl>
  );
}

/** What is lit on one side, by layer, as links. */
function Reached({
  title,
  light,
  graph,
  assets,
  none,
}: {
  title: string;
  light: "upstream" | "downstream";
  graph: LineageGraph;
  assets: ReadonlyMap<number, number>;
  none: string;
}) {
  const near = light === "upstream" ? LAYERS.toReversed() : LAYERS;
  return (
    <section className={`reached ${light}`}>
      <h3>
        <span aria-hidden="true">{light === "upstream" ? "◀" : "▶"}</span> {title}{" "}
        <span className="count">{assets.size}</span>
      </h3>
      {assets.size === 0 && <p>{none}</p>}
      {near.map((layer) => {
        const there = [...assets.keys()].filter((index) => graph.assets[index]?.layer === layer).sort((a, b) => a - b);
        return (
          there.length > 0 && (
            <div key={layer} className="of-layer">
              <LayerBadge layer={layer} />
              <ul>
                {there.map((index) => {
                  const asset = graph.assets[index] as Asset;
                  return (
                    <li key={index}>
                      <a href={toMap(asset.id)}>
                        <Name text={asset.name} />
                      </a>
                    </li>
                  );
                })}
              </ul>
            </div>
          )
        );
      })}
    </section>
  );
}

function Columns({ asset }: { asset: Asset }) {
  const words = useWords(MAP);
  const [wanted, setWanted] = useState("");
  const folded = plain(wanted);
  const shown = asset.columns.filter((column) => plain(`${column.name} ${column.description}`).includes(folded));
  return (
    <section>
      <h3>
        {words.columns} <span className="count">{asset.columns.length}</span>
      </h3>
      <p>{words.chooseColumn}</p>
      {asset.columns.length > MANY && (
        <input
          type="search"
          aria-label={words.filterColumns}
          placeholder={words.filterColumns}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      )}
      {shown.length === 0 && <p role="status">{words.noColumns}</p>}
      <ul className="plain choices">
        {shown.map((column) => (
          <li key={column.name}>
            <a href={toMap(asset.id, column.name)}>
              <Name text={column.name} />
            </a> <ClassificationBadge classification={column.classification} />
          </li>
        ))}
      </ul>
    </section>
  );
}
