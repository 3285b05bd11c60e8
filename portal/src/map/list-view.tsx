import { useWords } from "../language";
import { useFormats } from "../data";
import { LAYERS } from "../document";
import { LayerBadge, VerdictBadge } from "../parts/badges";
import { toMap } from "../routes";
import { AssetLinks } from "./asset-links";
import type { LineageGraph } from "./graph";
import { PersonalMark } from "./personal-mark";
import { taskOf } from "./task";
import { lightOf, type Trace } from "./trace";
import { MAP } from "./words";

/** The map without a picture: the same assets, tasks and lines as nested lists. */
export function ListView({ graph, trace }: { graph: LineageGraph; trace: Trace | null }) {
  const words = useWords(MAP);
  return (
    <section className="lists" aria-label={words.title}>
      {LAYERS.map((layer) => {
        const there = graph.assets.flatMap((asset, index) => (asset.layer === layer ? [index] : []));
        return (
          there.length > 0 && (
            <div key={layer}>
              <h2>
                <LayerBadge layer={layer} />
              </h2>
              <ul className="plain">
                {there.map((index) => (
                  <ListedAsset key={index} graph={graph} index={index} trace={trace} />
                ))}
              </ul>
            </div>
          )
        );
      })}
      {graph.assets.length === 0 && <p>{words.empty}</p>}
    </section>
  );
}

function ListedAsset({ graph, index, trace }: { graph: LineageGraph; index: number; trace: Trace | null }) {
  const words = useWords(MAP);
  const formats = useFormats();
  const asset = graph.assets[index];
  if (!asset) return null;
  const light = trace && lightOf(trace, index);
  const verdict = asset.audits[0]?.verdict;
  const tasks = new Set((graph.makers[index] ?? []).map((step) => taskOf(graph.steps[step]?.task ?? "")[1]));
  return (
    <li className={`card ${light ? `lit ${light}` : ""}`}>
      <h3>
        <a href={toMap(asset.id)} aria-current={light === "chosen" ? "true" : undefined}>
          {asset.name}
        </a>{" "}
        {light && <span className={`mark ${light}`}>{words[light]}</span>}
      </h3>
      <p className="facts">
        {verdict && <VerdictBadge verdict={verdict} />} <PersonalMark asset={asset} />{" "}
        {asset.rows !== null && `${formats.number(asset.rows)} ${words.rows}`}
      </p>
      <AssetLinks title={`${words.madeBy}${tasks.size ? ` (${[...tasks].join(", ")})` : ""}`} graph={graph} assets={graph.inputs[index] ?? []} />
      <AssetLinks title={words.feeds} graph={graph} assets={graph.outputs[index] ?? []} />
    </li>
  );
}
