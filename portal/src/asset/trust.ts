import type { Asset, Audit, Rule, Verdict } from "../document";

/** Whether an asset can be relied on. */
export type Trust = "yes" | "caution" | "no" | "unknown";

export interface Assessment {
  trust: Trust;
  /** The audit of what is published; null when it was never audited. */
  audit: Audit | null;
  /** Its place among the asset's audits, and so among the results of each rule. */
  at: number;
  /** The newest audit, when it is not the one of what is published and went wrong: its tables were not published. */
  refused: Audit | null;
  /** How many rules went how. */
  rules: Record<Verdict, number>;
  age: Age | null;
  /** What governance says about this asset. */
  problems: string[];
}

export interface Age {
  hours: number;
  /** How old it may become; null when its contract does not say. */
  limit: number | null;
  late: boolean;
}

/**
 * Weighs what is known of an asset: the audit of what is published counts most; a newer audit that failed, a warning, an
 * old age or a finding of governance call for caution.
 */
export function assessed(asset: Asset, generatedAt: string, problems: readonly string[]): Assessment {
  const published = asset.audits.findIndex((audit) => audit.run_id === asset.run_id);
  const at = Math.max(published, 0);
  const audit = asset.audits[at] ?? null;
  const newest = asset.audits[0];
  const refused = at > 0 && newest?.verdict === "fail" ? newest : null;
  const rules = { pass: 0, warn: 0, fail: 0 };
  for (const rule of asset.rules) {
    const status = rule.results[at]?.status;
    if (status) rules[status] += 1;
  }
  const age = ageOf(asset, generatedAt);
  const about = problems.filter((problem) => names(problem, asset));
  const doubts = audit?.verdict === "warn" || refused !== null || age?.late || about.length > 0;
  const trust = !audit ? "unknown" : audit.verdict === "fail" ? "no" : doubts ? "caution" : "yes";
  return { trust, audit, at, refused, rules, age, problems: about };
}

/** How old an asset was when the page was made; null when its catalogue entry does not say when it was written. */
export function ageOf(asset: Asset, generatedAt: string): Age | null {
  const written = Date.parse(asset.updated_at ?? "");
  if (Number.isNaN(written)) return null;
  const hours = Math.max(0, Date.parse(generatedAt) - written) / 3_600_000;
  const limit = asset.freshness_hours;
  return { hours, limit, late: limit !== null && hours > limit };
}

/** Rules with what went wrong in an audit first, the worst before the rest; otherwise as they are. */
export function worstFirst(rules: readonly Rule[], at: number): Rule[] {
  const weight = (rule: Rule) => ({ fail: 0, warn: 1, pass: 2 })[rule.results[at]?.status ?? "pass"];
  return [...rules].sort((a, b) => weight(a) - weight(b));
}

/** Whether a text names the asset, rather than another whose name begins or ends like it. */
function names(text: string, asset: Asset): boolean {
  if (asset.layer === "landing") return text.includes(asset.id);
  const word = asset.name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\w])${word}(?![\\w])`, "u").test(text);
}
