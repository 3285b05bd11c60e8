import type { Asset } from "../document";
import { useWords } from "../language";
import type { Step } from "../map/graph";
import { useLineage } from "../map/lineage";
import { taskOf } from "../map/task";
import { LayerBadge } from "../parts/badges";
import { Name } from "../parts/name";
import { toAsset, toMap, toPipeline } from "../routes";
import { Section } from "./sections";
import { ASSET } from "./words";

/** What an asset is made of and what is made of it, directly, and by which tasks. */
export function Neighbours({ asset }: { asset: Asset }) {
  const words = useWords(ASSET);
  const graph = useLineage();
  const index = graph.at.get(asset.id) ?? -1;
  const before = graph.steps.filter((step) => step.outputs.includes(index));
  const after = graph.steps.filter((step) => step.inputs.includes(index));
  return (
    <Section name="lineage">
      <div className="beside">
        <div>
          <h3>
            <span aria-hidden="true">◀</span> {words.madeOf}
          </h3>
          {before.length === 0 && <p>{words.source}</p>}
          {before.map((step) => (
            <ByTask key={step.id} step={step} assets={step.inputs} />
          ))}
        </div>
        <div>
          <h3>
            {words.usedBy} <span aria-hidden="true">▶</span>
          </h3>
          {after.length === 0 && <p>{words.unused}</p>}
          {after.map((step) => (
            <ByTask key={step.id} step={step} assets={step.outputs} />
          ))}
        </div>
      </div>
      <p>
        <a href={toMap(asset.id)}>{words.wholeLineage}</a>
      </p>
    </Section>
  );
}

function ByTask({ step, assets }: { step: Step; assets: readonly number[] }) {
  const words = useWords(ASSET);
  const graph = useLineage();
  const [pipeline, state] = taskOf(step.task);
  return (
    <>
      <ul>
        {assets.map((index) => {
          const asset = graph.assets[index] as Asset;
          return (
            <li key={index}>
              <a href={toAsset(asset.id)}>
                <Name text={asset.name} />
              </a>{" "}
              <LayerBadge layer={asset.layer} />
            </li>
          );
        })}
      </ul>
      <p className="by">
        {words.by} <a href={toPipeline(pipeline, state)}>{state}</a>
      </p>
    </>
  );
}
