import { useState } from "react";

import { useFormats } from "../data";
import type { Asset, Audit, Rule, RuleResult } from "../document";
import { Catalogued, useWords } from "../language";
import { Dimension } from "../parts/dimension";
import { Name } from "../parts/name";
import { toAsset } from "../routes";
import { Section } from "./sections";
import { worstFirst } from "./trust";
import { ASSET } from "./words";

const SIGN = { pass: "✓", warn: "!", fail: "✗" };

/** The rules, what they found in an audit, and how they went before. */
export function Quality({ asset, at }: { asset: Asset; at: number }) {
  const words = useWords(ASSET);
  const [onlyProblems, setOnlyProblems] = useState(false);
  const rules = worstFirst(asset.rules, at);
  const shown = onlyProblems ? rules.filter((rule) => (rule.results[at]?.status ?? "pass") !== "pass") : rules;
  if (rules.length === 0) {
    return (
      <Section name="quality">
        <p>{words.noRules}</p>
      </Section>
    );
  }
  return (
    <Section name="quality">
      <label className="check">
        <input type="checkbox" checked={onlyProblems} onChange={(event) => setOnlyProblems(event.target.checked)} /> {words.onlyProblems}
      </label>
      {shown.length === 0 ? (
        <p role="status">{words.noProblems}</p>
      ) : (
        <div className="scroll">
          <table className="rules">
            <thead>
              <tr>
                <th scope="col">{words.rule}</th>
                <th scope="col">{words.column}</th>
                <th scope="col">{words.severity}</th>
                <th scope="col" className="number">
                  {words.failures}
                </th>
                <th scope="col">
                  {words.history} ({words.newestFirst})
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((rule) => (
                <RuleLine key={`${rule.name} ${rule.column}`} asset={asset} rule={rule} at={at} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

function RuleLine({ asset, rule, at }: { asset: Asset; rule: Rule; at: number }) {
  const words = useWords(ASSET);
  const formats = useFormats();
  const result = rule.results[at];
  return (
    <tr>
      <th scope="row">
        <span className={result?.status}>
          {result && <span aria-hidden="true">{SIGN[result.status]} </span>}
          <Name text={rule.name} />
          {result && <span className="visually-hidden">, {words[result.status]}</span>}
        </span>
        <div className="said">
          <Catalogued>{rule.description}</Catalogued>
        </div>
        {rule.examples.length > 0 && (
          <details>
            <summary>{words.examples}</summary>
            <ul>
              {rule.examples.map((example, index) => (
                <li key={index}>
                  <code>{example}</code>
                </li>
              ))}
            </ul>
          </details>
        )}
      </th>
      <td>
        {rule.column === null ? (
          words.wholeTable
        ) : (
          <a href={toAsset(asset.id, rule.column)}>
            <Name text={rule.column} />
          </a>
        )}
      </td>
      <td>
        {words[rule.severity]}
        <div className="said">
          <Dimension name={rule.dimension} />
        </div>
      </td>
      <td className="number">
        {result ? `${formats.number(result.failed)} ${words.of} ${formats.number(result.examined)}` : "—"}
      </td>
      <td>
        <ol className="history">
          {rule.results.map((each, index) => (
            <Mark key={index} result={each} audit={asset.audits[index]} />
          ))}
        </ol>
      </td>
    </tr>
  );
}

function Mark({ result, audit }: { result: RuleResult | null; audit: Audit | undefined }) {
  const words = useWords(ASSET);
  const formats = useFormats();
  const when = audit ? formats.moment(audit.evaluated_at) : "";
  const said = result
    ? `${when}: ${words[result.status]}, ${formats.number(result.failed)} ${words.of} ${formats.number(result.examined)}`
    : `${when}: ${words.notYet}`;
  return (
    <li className={result?.status} title={said}>
      <span aria-hidden="true">{result ? SIGN[result.status] : "·"}</span>
      <span className="visually-hidden">{said}</span>
    </li>
  );
}
