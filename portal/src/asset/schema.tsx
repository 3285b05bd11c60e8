import { memo, useEffect, useMemo, useRef, useState } from "react";

import type { Asset, Column } from "../document";
import { Catalogued, useWords } from "../language";
import { ClassificationBadge } from "../parts/badges";
import { Name } from "../parts/name";
import { plain } from "../parts/plain";
import { TermNames } from "../parts/terms";
import { toAsset, toMap } from "../routes";
import { Section } from "./sections";
import { ASSET } from "./words";

/** Above this many columns a box to filter them is worth its place. */
const MANY = 12;

/** The columns; the one in the address is marked and comes into sight. */
export function Schema({ asset, column }: { asset: Asset; column: string | null }) {
  const words = useWords(ASSET);
  const [wanted, setWanted] = useState("");
  const shown = useMemo(() => {
    const text = plain(wanted);
    return asset.columns.filter(
      (each) => each.name === column || plain(`${each.business_name} ${each.name} ${each.description} ${each.type}`).includes(text),
    );
  }, [asset, column, wanted]);
  const made = asset.columns.some((each) => each.transformation !== "");
  const known = column === null || asset.columns.some(({ name }) => name === column);
  return (
    <Section name="schema">
      {!known && (
        <p className="fail" role="alert">
          {words.unknownColumn} <code>{column}</code>
        </p>
      )}
      {asset.columns.length > MANY && (
        <input
          type="search"
          aria-label={words.filterColumns}
          placeholder={words.filterColumns}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      )}
      <div className="scroll">
        <table className="schema">
          <thead>
            <tr>
              <th scope="col">{words.column}</th>
              <th scope="col">{words.type}</th>
              <th scope="col">{words.meaning}</th>
              {made && <th scope="col">{words.made}</th>}
              <th scope="col">{words.lineage}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((each) => (
              <ColumnLine key={each.name} asset={asset.id} column={each} made={made} marked={each.name === column} />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length === 0 && <p role="status">{words.noColumns}</p>}
    </Section>
  );
}

const ColumnLine = memo(function ColumnLine({ asset, column, made, marked }: {
  asset: string;
  column: Column;
  made: boolean;
  marked: boolean;
}) {
  const words = useWords(ASSET);
  const line = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (marked) line.current?.scrollIntoView({ block: "center" });
  }, [marked]);
  return (
    <tr ref={line} className={marked ? "marked" : undefined} aria-current={marked ? "true" : undefined}>
      <th scope="row">
        <a href={toAsset(asset, column.name)}>
          {column.business_name ? <Catalogued>{column.business_name}</Catalogued> : <Name text={column.name} />}
        </a>
        {column.business_name && (
          <div>
            <code>
              <Name text={column.name} />
            </code>
          </div>
        )}
        <div className="marks">
          {column.key && <span className="badge">{words.key}</span>}
          {column.required && <span className="badge tag">{words.required}</span>}
          <ClassificationBadge classification={column.classification} />
        </div>
      </th>
      <td>
        <code>{column.type}</code>
      </td>
      <td className="text">
        <Catalogued>{column.description}</Catalogued>
        <TermNames ids={column.terms} />
      </td>
      {made && (
        <td className="text">
          <Catalogued>{column.transformation}</Catalogued>
        </td>
      )}
      <td>
        <a href={toMap(asset, column.name)} aria-label={`${words.ofColumn} ${column.name}`}>
          {words.lineage}
        </a>
      </td>
    </tr>
  );
});
