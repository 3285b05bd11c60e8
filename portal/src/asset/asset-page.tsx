import { useMemo } from "react";

import { useLakehouse } from "../data";
import type { Asset } from "../document";
import { Catalogued, useWords } from "../language";
import { LayerBadge } from "../parts/badges";
import { Name } from "../parts/name";
import { toMap } from "../routes";
import { Audits } from "./audits";
import { Facts } from "./facts";
import { Neighbours } from "./neighbours";
import { OverTime } from "./over-time";
import { PersonalData } from "./personal-data";
import { Quality } from "./quality";
import { Query } from "./query";
import { Sample } from "./sample";
import { Schema } from "./schema";
import { Sections } from "./sections";
import { assessed } from "./trust";
import { TrustCard } from "./trust-card";
import { ASSET } from "./words";

import "./asset.css";

const OF_A_FILE = ["schema", "personal", "lineage"] as const;
const OF_A_TABLE = ["quality", "past", "audits", "sample", "query"] as const;

/** Everything known of an asset: what it is, whether to trust it, who owns it, what is personal in it. */
export function AssetPage({ asset, column }: { asset: Asset; column: string | null }) {
  const words = useWords(ASSET);
  const { lakehouse } = useLakehouse();
  const assessment = useMemo(() => assessed(asset, lakehouse.generated_at, lakehouse.problems), [asset, lakehouse]);
  const table = asset.layer !== "landing";
  return (
    <article className="page asset">
      <header>
        <h1>
          <LayerBadge layer={asset.layer} /> <Name text={asset.name} />
        </h1>
        {asset.description && (
          <p className="lead">
            <Catalogued>{asset.description}</Catalogued>
          </p>
        )}
        <p className="tags">
          {asset.tags.map((tag) => (
            <span key={tag} className="badge tag">
              <Catalogued>{tag}</Catalogued>
            </span>
          ))}
          <a className="button" href={toMap(asset.id)}>
            {words.onMap}
          </a>
        </p>
      </header>
      <Sections names={table ? [...OF_A_FILE, ...OF_A_TABLE].filter((name) => name !== "past" || asset.past) : OF_A_FILE} />
      <div className="beside">
        {table && <TrustCard assessment={assessment} />}
        <Facts asset={asset} age={assessment.age} />
      </div>
      <Schema asset={asset} column={column} />
      <PersonalData asset={asset} />
      <Neighbours asset={asset} />
      {table && (
        <>
          <Quality asset={asset} at={assessment.at} />
          {asset.past && <OverTime asset={asset} past={asset.past} />}
          <Audits asset={asset} />
          <Sample asset={asset} />
          {asset.query && <Query sql={asset.query} />}
        </>
      )}
    </article>
  );
}
