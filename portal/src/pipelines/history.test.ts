import { expect, it } from "vitest";

import type { Asset, Run } from "../document";
import { assetOf } from "../map/small-world";
import { historyOf } from "./history";

const run = (run_id: string, pipeline: string, status: Run["status"] = "SUCCEEDED"): Run => ({
  run_id, pipeline, status, started: "2026-11-23T12:00:00+00:00", seconds: 9, rows: 5,
  cost: { lines: [], total_usd: "0.44", glue: [], glue_total_usd: "0" },
});
const audit = (run_id: string, quarantined: number) => ({
  run_id, quarantined, evaluated_at: "", verdict: "pass" as const, rows: 1, quarantine_reasons: {},
});
const result = (status: "pass" | "warn") => ({ status, failed: 0, examined: 1 });
const asset = (id: string): Asset => ({
  ...assetOf(id, "bronze"),
  audits: [audit("r2", 1), audit("r1", 2)],
  rules: [
    { name: "a", column: null, description: "", dimension: "", severity: "error", examples: [], results: [result("pass"), result("warn")] },
    { name: "b", column: null, description: "", dimension: "", severity: "error", examples: [], results: [result("pass"), null] },
  ],
});

it("tells the runs that ended well, the oldest first, with what their audits set aside and which part of the rules held", () => {
  const found = historyOf({ runs: [run("r3", "p", "FAILED"), run("r2", "p"), run("r1", "p")], pipelines: [], assets: [asset("bronze.a"), asset("bronze.b")] });
  expect(found.map(({ run: { run_id }, quarantined, held }) => [run_id, quarantined, held])).toEqual([["r1", 4, 0], ["r2", 2, 1]]);
});

it("knows nothing of audits that are not among those read", () => {
  expect(historyOf({ runs: [run("r1", "p")], pipelines: [], assets: [] })).toMatchObject([{ quarantined: null, held: null }]);
});
