import type { Cost, CostLine } from "../document";
import { decimal } from "../numbers";

const SCALE = 9;
// What the jobs would do instead; transitions, crawlers and S3 stay as they are.
const COMPUTING: readonly CostLine["what"][] = ["lambda", "lambda_requests"];

/** Like with like: what a run's computing cost, and what the run would have cost with Glue jobs in its place. */
export interface Comparison {
  /** US dollars, decimals in strings. */
  computing: string;
  crawlers: string;
  withGlue: string;
}

export function comparisonOf(cost: Cost): Comparison {
  const sum = (wanted: (line: CostLine) => boolean) =>
    cost.lines.filter(wanted).reduce((so, { usd }) => so + units(usd), 0n);
  const computing = sum(({ what }) => COMPUTING.includes(what));
  const withGlue = units(cost.total_usd) - computing + units(cost.glue_total_usd);
  return {
    computing: decimal(computing, SCALE),
    crawlers: decimal(sum(({ what }) => what === "crawlers"), SCALE),
    withGlue: decimal(withGlue, SCALE),
  };
}

/** `0.44` as 440000000n, without going through a float. */
function units(usd: string): bigint {
  const [whole = "0", fraction = ""] = usd.split(".");
  return BigInt(whole + fraction.padEnd(SCALE, "0"));
}
