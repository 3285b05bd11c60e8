import { useLakehouse } from "../data";
import { Catalogued, useLanguage } from "../language";

/** Terms of the business glossary, each with its English name and what it is. */
export function Terms({ ids }: { ids: string[] }) {
  const { glossary } = useLakehouse().lakehouse;
  return (
    <ul className="terms">
      {ids.map((id) => {
        const term = glossary[id];
        return (
          term && (
            <li key={id}>
              <Catalogued>{term.name}</Catalogued> (<span lang="en">{term.english}</span>):{" "}
              <Catalogued>{term.definition}</Catalogued>
            </li>
          )
        );
      })}
    </ul>
  );
}

/** The names of terms alone, where there is little room. */
export function TermNames({ ids }: { ids: string[] }) {
  const { glossary } = useLakehouse().lakehouse;
  const { language } = useLanguage();
  const known = ids.flatMap((id) => glossary[id] ?? []);
  if (known.length === 0) return null;
  return (
    <div className="terms">
      {known.map((term) => (
        <span key={term.name} className="badge tag" title={`${term.name} (${term.english}): ${term.definition}`}>
          {language === "pt" ? term.name : term.english}
        </span>
      ))}
    </div>
  );
}
