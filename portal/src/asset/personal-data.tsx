import type { Asset } from "../document";
import { Catalogued, useWords } from "../language";
import { ClassificationBadge } from "../parts/badges";
import { Name } from "../parts/name";
import { toMap } from "../routes";
import { Section } from "./sections";
import { ASSET } from "./words";

/** What is personal or confidential in an asset, and what the page does about it; says so when nothing is. */
export function PersonalData({ asset }: { asset: Asset }) {
  const words = useWords(ASSET);
  const classified = asset.columns.filter((column) => column.classification !== null);
  const alsoHidden = asset.hidden_columns.filter((name) => !classified.some((column) => column.name === name));
  return (
    <Section name="personal">
      {classified.length === 0 ? (
        <p>
          <span className="pass" aria-hidden="true">
            ✓
          </span>{" "}
          {words.noPersonal}
        </p>
      ) : (
        <>
          <p>{words.hasPersonal}</p>
          <ul>
            {classified.map((column) => (
              <li key={column.name}>
                <a href={toMap(asset.id, column.name)}>
                  <Name text={column.name} />
                </a>{" "}
                <ClassificationBadge classification={column.classification} /> <Catalogued>{column.description}</Catalogued>
              </li>
            ))}
          </ul>
          <p>{words.neverShown}</p>
        </>
      )}
      {alsoHidden.length > 0 && (
        <p>
          {words.alsoHidden} <code>{alsoHidden.join(", ")}</code>
        </p>
      )}
    </Section>
  );
}
