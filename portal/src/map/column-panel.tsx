import type { Asset } from "../document";
import { Catalogued, useWords } from "../language";
import { ClassificationBadge, LayerBadge } from "../parts/badges";
import { Name } from "../parts/name";
import { toAsset, toMap } from "../routes";
import { byAsset, type Origin, originsOf } from "./explain";
import { columnAt, type LineageGraph } from "./graph";
import { taskOf } from "./task";
import type { ColumnTrace } from "./trace";
import { MAP } from "./words";

/** A column: where its value comes from, step by step down to the file, and what is made of it. */
export function ColumnPanel({
  graph,
  trace,
  asset: index,
  deciding,
  follow,
}: {
  graph: LineageGraph;
  trace: ColumnTrace;
  asset: number;
  deciding: boolean;
  follow: (deciding: boolean) => void;
}) {
  const words = useWords(MAP);
  const asset = graph.assets[index] as Asset;
  const { column } = columnAt(graph, trace.column);
  const origins = originsOf(graph, trace);
  const onlyDeciding = [...trace.upstream].flatMap(([each, reach]) => (reach.direct ? [] : [each]));
  const targets = new Set((graph.columns.targets[trace.column] ?? []).map((target) => target.column));
  return (
    <>
      <p className="trail">
        <a href={toMap(asset.id)}>{words.wholeAsset}</a>
      </p>
      <h2 className="subject">
        <LayerBadge layer={asset.layer} /> <Name text={`${asset.name}.${column.name}`} />
      </h2>
      <p>
        <code>{column.type}</code> <ClassificationBadge classification={column.classification} />{" "}
        <a href={toAsset(asset.id, column.name)}>
          {words.openAsset} <Name text={column.name} />
        </a>
      </p>
      {column.description && (
        <p>
          <Catalogued>{column.description}</Catalogued>
        </p>
      )}
      <label className="check">
        <input type="checkbox" checked={deciding} onChange={(event) => follow(event.target.checked)} /> {words.followDeciding}
      </label>
      <h3>{words.story}</h3>
      <ol className="story" aria-label={words.story}>
        {origins.map((origin) => (
          <StoryStep key={origin.column} graph={graph} origin={origin} />
        ))}
      </ol>
      {onlyDeciding.length > 0 && (
        <details>
          <summary>
            {words.alsoDecides} ({onlyDeciding.length})
          </summary>
          <ColumnLinks graph={graph} columns={onlyDeciding} />
        </details>
      )}
      <h3>
        <span aria-hidden="true">▶</span> {words.usedIn}
      </h3>
      {targets.size === 0 ? <p>{words.usedNowhere}</p> : <ColumnLinks graph={graph} columns={[...targets]} />}
    </>
  );
}

function StoryStep({ graph, origin }: { graph: LineageGraph; origin: Origin }) {
  const words = useWords(MAP);
  const { asset, column } = columnAt(graph, origin.column);
  const makers = graph.makers[graph.at.get(asset.id) ?? -1] ?? [];
  const tasks = new Set(makers.map((step) => taskOf(graph.steps[step]?.task ?? "")[1]));
  const landed = asset.layer === "landing";
  const read = origin.from.some((source) => columnAt(graph, source).asset.layer === "landing");
  // Without a word about how it is made it is taken over.
  const plainly = landed ? words.fromFile : read ? words.typed : origin.from.length > 0 ? words.asItIs : "";
  return (
    <li>
      <p>
        <LayerBadge layer={asset.layer} /> <a href={toMap(asset.id, column.name)}>
          <Name text={`${asset.name}.${column.name}`} />
        </a>
      </p>
      <p className="words">{column.transformation ? <Catalogued>{column.transformation}</Catalogued> : plainly}</p>
      {!landed && tasks.size > 0 && (
        <p className="by">
          {words.task}: {[...tasks].join(", ")}
        </p>
      )}
      {origin.from.length > 0 && (
        <div>
          {words.madeOf} <ColumnLinks graph={graph} columns={origin.from} />
        </div>
      )}
      {origin.decidedBy.length > 0 && (
        <div className="deciding">
          {words.decidedBy} <ColumnLinks graph={graph} columns={origin.decidedBy} />
        </div>
      )}
      {!landed && origin.from.length === 0 && origin.decidedBy.length === 0 && <p>{words.noSources}</p>}
    </li>
  );
}

/** Columns as links, each asset named once. */
function ColumnLinks({ graph, columns }: { graph: LineageGraph; columns: readonly number[] }) {
  return (
    <ul className="column-links">
      {[...byAsset(graph, columns)].map(([owner, there]) => {
        const asset = graph.assets[owner] as Asset;
        return (
          <li key={owner}>
            <Name text={asset.name} />:{" "}
            {there.map((each, place) => {
              const { column } = columnAt(graph, each);
              return (
                <span key={each}>
                  {place > 0 && ", "}
                  <a href={toMap(asset.id, column.name)}>
                    <Name text={column.name} />
                  </a>
                </span>
              );
            })}
          </li>
        );
      })}
    </ul>
  );
}
