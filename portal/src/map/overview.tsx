import { useMemo } from "react";

import { useFormats, useLakehouse } from "../data";
import type { Asset } from "../document";
import { useWords } from "../language";
import { VerdictBadge } from "../parts/badges";
import { grouped } from "../parts/grouped";
import { Name } from "../parts/name";
import { toAsset, toPipeline } from "../routes";
import { PersonalMark } from "./personal-mark";
import { MAP } from "./words";

const SHOWN = 12;
const VERDICTS = ["fail", "warn", "pass"] as const;

/** The questions people come with, answered for the whole lakehouse while nothing is chosen. */
export function Overview() {
  const words = useWords(MAP);
  const { lakehouse } = useLakehouse();
  const tables = useMemo(() => lakehouse.assets.filter((asset) => asset.layer !== "landing"), [lakehouse]);
  return (
    <dl className="questions">
      <dt>{words.whence}</dt>
      <dd>{words.whenceAnswer}</dd>
      <dt>{words.trust}</dt>
      <dd>
        <Verdicts tables={tables} />
      </dd>
      <dt>{words.owners}</dt>
      <dd>
        <Owners tables={tables} />
      </dd>
      <dt>{words.whatPersonal}</dt>
      <dd>
        <Personal tables={tables} />
      </dd>
      <dt>{words.cost}</dt>
      <dd>
        <LastCost />
      </dd>
    </dl>
  );
}

function Verdicts({ tables }: { tables: readonly Asset[] }) {
  const words = useWords(MAP);
  const formats = useFormats();
  const by = grouped(tables, (asset) => asset.audits[0]?.verdict);
  const unaudited = by.get(undefined)?.length ?? 0;
  return (
    <ul className="plain">
      {VERDICTS.map((verdict) => {
        const count = by.get(verdict)?.length ?? 0;
        return (
          count > 0 && (
            <li key={verdict}>
              <VerdictBadge verdict={verdict} /> {formats.number(count)}
            </li>
          )
        );
      })}
      {unaudited > 0 && (
        <li>
          {words.notAudited}: {formats.number(unaudited)}
        </li>
      )}
    </ul>
  );
}

function Owners({ tables }: { tables: readonly Asset[] }) {
  const words = useWords(MAP);
  const formats = useFormats();
  return (
    <ul className="plain">
      {[...grouped(tables, (asset) => asset.owner || words.noOwner)].slice(0, SHOWN).map(([owner, owned]) => (
        <li key={owner}>
          {owner} <span className="count">({formats.number(owned.length)})</span>
        </li>
      ))}
    </ul>
  );
}

function Personal({ tables }: { tables: readonly Asset[] }) {
  const words = useWords(MAP);
  const formats = useFormats();
  const personal = tables.filter((asset) => asset.columns.some((column) => column.classification !== null));
  if (personal.length === 0) return words.nonePersonal;
  return (
    <ul className="plain">
      {personal.slice(0, SHOWN).map((asset) => (
        <li key={asset.id}>
          <a href={toAsset(asset.id)}>
            <Name text={asset.name} />
          </a>{" "}
          <PersonalMark asset={asset} />
        </li>
      ))}
      {personal.length > SHOWN && (
        <li>
          {words.more} {formats.number(personal.length - SHOWN)}
        </li>
      )}
    </ul>
  );
}

function LastCost() {
  const words = useWords(MAP);
  const formats = useFormats();
  const run = useLakehouse().lakehouse.runs[0];
  if (!run) return words.noRuns;
  return (
    <>
      <strong>{formats.usd(run.cost.total_usd)}</strong> · <a href={toPipeline(run.pipeline)}>{run.pipeline}</a>,{" "}
      {formats.moment(run.started)}
    </>
  );
}
