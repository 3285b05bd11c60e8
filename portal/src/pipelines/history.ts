import type { Lakehouse, Pipeline, Run } from "../document";
import { runningAll } from "./order";

/** A run of the whole pipeline, and what its audits found. */
export interface Point {
  run: Run;
  /** Rows that its audits set aside, over all tables; null where none of them is known. */
  quarantined: number | null;
  /** The part of the rules that held, from 0 to 1; null likewise. */
  held: number | null;
}

/** The runs of the whole pipeline that ended well, the oldest first; where there are none, those of its layers. */
export function historyOf({ runs, pipelines, assets }: Pick<Lakehouse, "runs" | "pipelines" | "assets">): Point[] {
  const all = new Set(runningAll(pipelines).map(({ name }: Pipeline) => name));
  const ended = runs.filter(({ status }) => status === "SUCCEEDED");
  const whole = ended.filter(({ pipeline }) => all.has(pipeline));
  const found = new Map<string, { quarantined: number; held: number; rules: number }>();
  for (const asset of assets) {
    asset.audits.forEach((audit, at) => {
      const sums = found.get(audit.run_id) ?? { quarantined: 0, held: 0, rules: 0 };
      found.set(audit.run_id, sums);
      sums.quarantined += audit.quarantined;
      for (const rule of asset.rules) {
        const result = rule.results[at];
        if (!result) continue;
        sums.rules += 1;
        if (result.status === "pass") sums.held += 1;
      }
    });
  }
  return (whole.length > 0 ? whole : ended).toReversed().map((run) => {
    const sums = found.get(run.run_id);
    return { run, quarantined: sums ? sums.quarantined : null, held: sums?.rules ? sums.held / sums.rules : null };
  });
}
