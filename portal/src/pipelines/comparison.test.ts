import { describe, expect, it } from "vitest";

import type { Cost, CostLine } from "../document";
import { comparisonOf } from "./comparison";

const line = (what: CostLine["what"], usd: string): CostLine => ({ what, usd, quantity: "1", unit: "requests", unit_usd: usd });
const COST: Cost = {
  lines: [line("lambda", "0.000078480"), line("lambda_requests", "0.0000014"), line("transitions", "0.00075"), line("crawlers", "0.44")],
  total_usd: "0.440829880",
  glue: [line("glue_jobs", "0.044")],
  glue_total_usd: "0.044",
};

describe("a run beside the same with Glue jobs", () => {
  it("replaces the Lambdas and nothing else, exactly", () => {
    expect(comparisonOf(COST)).toEqual({ computing: "0.000079880", crawlers: "0.440000000", withGlue: "0.484750000" });
  });

  it("knows runs that crawled nothing", () => {
    expect(comparisonOf({ ...COST, lines: [line("lambda", "1")], total_usd: "1", glue_total_usd: "0" })).toEqual({
      computing: "1.000000000",
      crawlers: "0.000000000",
      withGlue: "0.000000000",
    });
  });
});
