import { describe, expect, it } from "vitest";

import type { Asset, Audit, Rule, Verdict } from "../document";
import { ageOf, assessed, worstFirst } from "./trust";

const NOW = "2026-11-23T12:00:00+00:00";

const audit = (run_id: string, verdict: Verdict): Audit => ({
  run_id,
  evaluated_at: NOW,
  verdict,
  rows: 10,
  quarantined: 0,
  quarantine_reasons: {},
});

const rule = (name: string, ...statuses: (Verdict | null)[]): Rule => ({
  name,
  column: null,
  description: "",
  dimension: "",
  severity: "error",
  results: statuses.map((status) => status && { status, failed: 0, examined: 10 }),
  examples: [],
});

const asset = (given: Partial<Asset>): Asset => ({
  id: "importau_bronze.pedidos",
  business_name: "",
  name: "pedidos",
  layer: "bronze",
  database: "importau_bronze",
  description: "",
  owner: "",
  domain: "",
  tags: [],
  terms: [],
  location: "",
  contract_version: null,
  rows: 10,
  bytes: 10,
  updated_at: "2026-11-23T10:00:00+00:00",
  freshness_hours: 24,
  run_id: "new",
  columns: [],
  audits: [audit("new", "pass")],
  rules: [],
  sample: null,
  hidden_columns: [],
  query: null,
  past: null,
  ...given,
});

describe("trust", () => {
  it("is given to what passed its audit and is fresh", () => {
    expect(assessed(asset({}), NOW, []).trust).toBe("yes");
  });

  it("is refused to what failed its audit", () => {
    expect(assessed(asset({ audits: [audit("new", "fail")] }), NOW, []).trust).toBe("no");
  });

  it("is open when nothing was audited", () => {
    expect(assessed(asset({ audits: [] }), NOW, []).trust).toBe("unknown");
  });

  it("is cautious with warnings, old data and findings of governance", () => {
    expect(assessed(asset({ audits: [audit("new", "warn")] }), NOW, []).trust).toBe("caution");
    expect(assessed(asset({ freshness_hours: 1 }), NOW, []).trust).toBe("caution");
    expect(assessed(asset({}), NOW, ["pedidos: drift"]).trust).toBe("caution");
  });

  it("does not take a finding about another asset whose name is longer", () => {
    expect(assessed(asset({}), NOW, ["itens_pedidos, pedidos_velhos: drift"]).problems).toEqual([]);
  });

  it("goes by the audit of what is published, and tells of a newer one that failed", () => {
    const both = asset({
      run_id: "old",
      audits: [audit("new", "fail"), audit("old", "pass")],
      rules: [rule("a", "fail", "pass"), rule("b", "pass", "pass"), rule("c", "pass", null)],
    });
    const found = assessed(both, NOW, []);
    expect([found.trust, found.refused?.run_id, found.rules]).toEqual(["caution", "new", { pass: 2, warn: 0, fail: 0 }]);
  });
});

describe("age", () => {
  it("is measured against the moment the page was made", () => {
    expect(ageOf(asset({}), NOW)).toEqual({ hours: 2, limit: 24, late: false });
    expect(ageOf(asset({ freshness_hours: 1 }), NOW)?.late).toBe(true);
    expect(ageOf(asset({ updated_at: null }), NOW)).toBeNull();
    expect(ageOf(asset({ updated_at: "ontem" }), NOW)).toBeNull();
  });
});

it("rules that failed stand before those with warnings, and those before the rest", () => {
  const rules = [rule("ok", "pass"), rule("warned", "warn"), rule("new", null), rule("failed", "fail")];
  expect(worstFirst(rules, 0).map(({ name }) => name)).toEqual(["failed", "warned", "ok", "new"]);
});
