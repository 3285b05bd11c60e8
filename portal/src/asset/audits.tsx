import { useFormats, useLakehouse } from "../data";
import type { Asset, Audit } from "../document";
import { Catalogued, useWords } from "../language";
import { VerdictBadge } from "../parts/badges";
import { toPipeline } from "../routes";
import { Section } from "./sections";
import { ASSET } from "./words";

/** How each audit went, newest first, and which rows were put aside and why. */
export function Audits({ asset }: { asset: Asset }) {
  const words = useWords(ASSET);
  if (asset.audits.length === 0) {
    return (
      <Section name="audits">
        <p>{words.noAudits}</p>
      </Section>
    );
  }
  return (
    <Section name="audits">
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">{words.when}</th>
              <th scope="col">{words.verdict}</th>
              <th scope="col" className="number">
                {words.rows}
              </th>
              <th scope="col" className="number">
                {words.quarantined}
              </th>
              <th scope="col">{words.reasons}</th>
              <th scope="col">{words.run}</th>
            </tr>
          </thead>
          <tbody>
            {asset.audits.map((audit) => (
              <AuditLine key={`${audit.run_id} ${audit.evaluated_at}`} audit={audit} />
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function AuditLine({ audit }: { audit: Audit }) {
  const words = useWords(ASSET);
  const formats = useFormats();
  const { lakehouse } = useLakehouse();
  const run = lakehouse.runs.find(({ run_id }) => run_id === audit.run_id);
  const reasons = Object.entries(audit.quarantine_reasons).sort(([, a], [, b]) => b - a);
  return (
    <tr>
      <th scope="row">
        <time dateTime={audit.evaluated_at}>{formats.moment(audit.evaluated_at)}</time>
      </th>
      <td>
        <VerdictBadge verdict={audit.verdict} />
      </td>
      <td className="number">{formats.number(audit.rows)}</td>
      <td className="number">{formats.number(audit.quarantined)}</td>
      <td className="text">
        {reasons.length === 0 ? (
          words.noQuarantine
        ) : (
          <ul>
            {reasons.map(([reason, count]) => (
              <li key={reason}>
                <Catalogued>{reason}</Catalogued>: {formats.number(count)}
              </li>
            ))}
          </ul>
        )}
      </td>
      <td>{run ? <a href={toPipeline(run.pipeline)}>{audit.run_id}</a> : <code>{audit.run_id}</code>}</td>
    </tr>
  );
}
