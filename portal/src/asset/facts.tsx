import type { ReactNode } from "react";

import { useFormats, useLakehouse } from "../data";
import type { Asset } from "../document";
import { useWords } from "../language";
import { LayerBadge } from "../parts/badges";
import { Terms } from "../parts/terms";
import { toPipeline } from "../routes";
import { Section } from "./sections";
import type { Age } from "./trust";
import { ASSET } from "./words";

/** Who owns it, where it is, how large and how old it is, and the run that wrote it. */
export function Facts({ asset, age }: { asset: Asset; age: Age | null }) {
  const words = useWords(ASSET);
  const formats = useFormats();
  return (
    <Section name="facts" card>
      <dl className="facts-list">
        <Fact name={words.owner}>{asset.owner || words.notGiven}</Fact>
        <Fact name={words.domain}>{asset.domain || words.notGiven}</Fact>
        <Fact name={words.terms}>{asset.terms.length > 0 && <Terms ids={asset.terms} />}</Fact>
        <Fact name={words.layer}>
          <LayerBadge layer={asset.layer} /> {asset.database}
        </Fact>
        <Fact name={words.rows}>{asset.rows !== null && formats.number(asset.rows)}</Fact>
        <Fact name={words.size}>{asset.bytes !== null && formats.bytes(asset.bytes)}</Fact>
        <Fact name={words.freshness}>{asset.updated_at && age && <Freshness updatedAt={asset.updated_at} age={age} />}</Fact>
        <Fact name={words.lastRun}>{asset.run_id && <LastRun id={asset.run_id} />}</Fact>
        <Fact name={words.contract}>{asset.contract_version}</Fact>
        <Fact name={words.location}>{asset.location && <code>{asset.location}</code>}</Fact>
      </dl>
    </Section>
  );
}

/** Nothing when there is nothing to say. */
function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (children === null || children === false || children === "") return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Freshness({ updatedAt, age }: { updatedAt: string; age: Age }) {
  const words = useWords(ASSET);
  const formats = useFormats();
  return (
    <>
      <time dateTime={updatedAt}>{formats.moment(updatedAt)}</time>, {formats.ago(age.hours)}
      {age.limit !== null && (
        <>
          {" "}
          <span className={`badge ${age.late ? "warn" : "pass"}`}>
            <span aria-hidden="true">{age.late ? "!" : "✓"}</span> {age.late ? words.late : words.fresh}
          </span>{" "}
          ({words.allowed} {formats.hours(age.limit)})
        </>
      )}
    </>
  );
}

function LastRun({ id }: { id: string }) {
  const words = useWords(ASSET);
  const formats = useFormats();
  const run = useLakehouse().lakehouse.runs.find(({ run_id }) => run_id === id);
  if (!run) return <code>{id}</code>;
  return (
    <>
      <a href={toPipeline(run.pipeline)}>{id}</a>
      {run.seconds !== null && `, ${words.duration} ${formats.seconds(run.seconds)}`}, {words.cost} {formats.usd(run.cost.total_usd)}
    </>
  );
}
