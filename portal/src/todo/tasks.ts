import { assessed } from "../asset/trust";
import type { Alert, Anomaly, Asset, Lakehouse, Rule, Run, Waiting } from "../document";

/** Something that somebody has to do, the most urgent first. */
export type Task =
  | { kind: "alert"; alert: Alert }
  | { kind: "run"; run: Run }
  | { kind: "refused"; asset: Asset; run_id: string }
  | { kind: "broken"; asset: Asset; rule: Rule; failed: number; examined: number }
  | { kind: "waiting"; waiting: Waiting; asset: Asset | null }
  | { kind: "problem"; text: string }
  | { kind: "odd"; asset: Asset; anomalies: Anomaly[] }
  | { kind: "late"; assets: Asset[] }
  | { kind: "warned"; asset: Asset; rule: Rule; failed: number; examined: number };

const URGENCY: readonly Task["kind"][] = ["alert", "run", "refused", "broken", "waiting", "problem", "odd", "late", "warned"];

/**
 * What a lakehouse gives to do: failures that nobody mended yet, a last run that failed, audits that refused what was new, rules broken by what is published,
 * rows in the quarantine, what governance found, what is not as in the runs before, what is out of date, and warnings.
 */
export function tasksOf(lakehouse: Lakehouse): Task[] {
  const tasks: Task[] = lakehouse.alerts.map((alert) => ({ kind: "alert", alert }));
  const [last] = lakehouse.runs;
  // A message says more of it.
  const told = lakehouse.alerts.some(({ run_id }) => run_id === last?.run_id);
  if (last && !told && last.status !== "SUCCEEDED" && last.status !== "RUNNING") tasks.push({ kind: "run", run: last });
  const late: Asset[] = [];
  for (const asset of lakehouse.assets) {
    const anomalies = lakehouse.anomalies.filter((anomaly) => anomaly.asset === asset.id);
    if (anomalies.length > 0) tasks.push({ kind: "odd", asset, anomalies });
    const { at, refused, age } = assessed(asset, lakehouse.generated_at, []);
    if (refused) tasks.push({ kind: "refused", asset, run_id: refused.run_id });
    if (age?.late) late.push(asset);
    for (const rule of asset.rules) {
      const result = rule.results[at];
      if (!result || result.status === "pass") continue;
      const { failed, examined } = result;
      tasks.push({ kind: result.status === "fail" ? "broken" : "warned", asset, rule, failed, examined });
    }
  }
  for (const waiting of lakehouse.waiting ?? []) {
    const asset = lakehouse.assets.find(({ name, layer }) => name === waiting.table && layer === waiting.layer) ?? null;
    tasks.push({ kind: "waiting", waiting, asset });
  }
  for (const text of lakehouse.problems) tasks.push({ kind: "problem", text });
  if (late.length > 0) tasks.push({ kind: "late", assets: late });
  return tasks.sort((a, b) => URGENCY.indexOf(a.kind) - URGENCY.indexOf(b.kind));
}
