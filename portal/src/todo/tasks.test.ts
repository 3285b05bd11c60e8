import { expect, it } from "vitest";

import type { Asset, Lakehouse, Rule } from "../document";
import { assetOf } from "../map/small-world";
import { tasksOf } from "./tasks";

const NOW = "2026-11-23T12:00:00+00:00";
const rule = (name: string, status: "pass" | "warn" | "fail"): Rule => ({
  name, column: null, description: "", dimension: "conformity", severity: "error", examples: [],
  results: [{ status, failed: 3, examined: 9 }],
});
const audited = (id: string, more: Partial<Asset>): Asset => ({
  ...assetOf(id, "bronze"),
  run_id: "r1",
  audits: [{ run_id: "r1", evaluated_at: NOW, verdict: "warn", rows: 9, quarantined: 0, quarantine_reasons: {} }],
  ...more,
});
const lakehouse = (more: Partial<Lakehouse>): Lakehouse => ({
  format: 2, generated_at: NOW, account: "", region: "", bucket: "", stack: "", stage: "", problems: [], version: null, versions: [],
  waiting: [], anomalies: [], alerts: [], assets: [], edges: [], column_edges: [], pipelines: [], runs: [], today: null, workbook: null, glossary: {},
  search: { entries: [], fields: [], worth: [], words: {}, terms: [], stop: [], kinds: {} },
  dashboards: { cash_flow: null, forecast: null, volume: null, outlook: null, currency_risk: null, open: null, overdue: null, rates: null },
  ...more,
});

it("a lakehouse in order gives nothing to do", () => {
  const fine = audited("bronze.a", { rules: [rule("a", "pass")], updated_at: NOW, freshness_hours: 24 });
  expect(tasksOf(lakehouse({ assets: [fine] }))).toEqual([]);
});

it("what is urgent comes first: what failed, what is set aside, what governance found, what is late, what is warned of", () => {
  const old = audited("bronze.b", { updated_at: "2026-11-20T12:00:00+00:00", freshness_hours: 24 });
  const wrong = audited("bronze.a", { rules: [rule("w", "warn"), rule("f", "fail")] });
  const newest = { run_id: "r2", evaluated_at: NOW, verdict: "fail" as const, rows: 0, quarantined: 0, quarantine_reasons: {} };
  const refused = audited("bronze.c", {});
  const tasks = tasksOf(
    lakehouse({
      assets: [wrong, old, { ...refused, audits: [newest, ...refused.audits] }],
      waiting: [{ table: "a", layer: "bronze", rows: 2, reasons: {}, version: 1, days: 4 }],
      problems: ["algo"],
      anomalies: [
        { asset: "bronze.b", measure: "rows", column: null, scale: 0, value: 5, expected: 9, least: 8, most: 10, tenths: 240, runs: 12 },
        { asset: "bronze.gone", measure: "rows", column: null, scale: 0, value: 5, expected: 9, least: 8, most: 10, tenths: 240, runs: 12 },
      ],
      runs: [{ run_id: "r2", pipeline: "p", status: "FAILED", started: NOW, seconds: 1, rows: null, cost: { lines: [], total_usd: "0", glue: [], glue_total_usd: "0" } }],
    }),
  );
  expect(tasks.map(({ kind }) => kind)).toEqual(["run", "refused", "broken", "waiting", "problem", "odd", "late", "warned"]);
  expect(tasks.find((task) => task.kind === "waiting")).toMatchObject({ asset: { id: "bronze.a" } });
  expect(tasks.find((task) => task.kind === "broken")).toMatchObject({ failed: 3, examined: 9, rule: { name: "f" } });
});

it("a failure that a message tells of is told once, and one that nothing tells of all the same", () => {
  const failed = (run_id: string) => ({
    run_id, pipeline: "p", status: "FAILED" as const, started: NOW, seconds: 1, rows: null,
    cost: { lines: [], total_usd: "0", glue: [], glue_total_usd: "0" },
  });
  const alert = { run_id: "r2", pipeline: "p", at: NOW, kind: "audit", text: { pt: "falhou", en: "failed" } };
  expect(tasksOf(lakehouse({ runs: [failed("r2")], alerts: [alert] })).map(({ kind }) => kind)).toEqual(["alert"]);
  expect(tasksOf(lakehouse({ runs: [failed("r3")], alerts: [alert] })).map(({ kind }) => kind)).toEqual(["alert", "run"]);
});
