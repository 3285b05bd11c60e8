import { useFormats } from "../data";
import { Catalogued, useWords } from "../language";
import { VerdictBadge } from "../parts/badges";
import { Section, showSection } from "./sections";
import type { Assessment, Trust } from "./trust";
import { ASSET } from "./words";

const SIGN: Record<Trust, string> = { yes: "✓", caution: "!", no: "✗", unknown: "?" };
const TONE: Record<Trust, string> = { yes: "pass", caution: "warn", no: "fail", unknown: "" };

/** Can I trust it: an answer, and what it rests on. */
export function TrustCard({ assessment: { trust, audit, refused, rules, age, problems } }: { assessment: Assessment }) {
  const words = useWords(ASSET);
  const formats = useFormats();
  return (
    <Section name="trust" card>
      <p className={`answer ${TONE[trust]}`}>
        <span aria-hidden="true">{SIGN[trust]}</span> {words[trust]}
      </p>
      {audit && (
        <ul>
          <li>
            <VerdictBadge verdict={audit.verdict} /> <time dateTime={audit.evaluated_at}>{formats.moment(audit.evaluated_at)}</time>
          </li>
          {rules.fail > 0 && (
            <li className="fail">
              {words.rulesFailed}: {formats.number(rules.fail)}
            </li>
          )}
          {rules.warn > 0 && (
            <li className="warn">
              {words.rulesWarned}: {formats.number(rules.warn)}
            </li>
          )}
          <li>
            {words.rulesPassed}: {formats.number(rules.pass)}
          </li>
          <li>
            {words.quarantined}: {formats.number(audit.quarantined)}
          </li>
          {age?.limit != null && (
            <li className={age.late ? "warn" : undefined}>
              {words.freshness}: {age.late ? words.late : words.fresh}
            </li>
          )}
        </ul>
      )}
      {refused && (
        <p className="warn">
          {words.refused} (<code>{refused.run_id}</code>)
        </p>
      )}
      {problems.map((problem, index) => (
        <p key={index} className="warn">
          <Catalogued>{problem}</Catalogued>
        </p>
      ))}
      {audit && (
        <button type="button" onClick={() => showSection("quality")}>
          {words.seeQuality}
        </button>
      )}
    </Section>
  );
}
