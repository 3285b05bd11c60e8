/** An axis of amounts: from where to where it goes, and the round numbers on it. */
export interface Scale {
  least: number;
  most: number;
  ticks: number[];
}

const STEPS = [1, 2, 2.5, 5, 10];

/** Returns an axis that holds some amounts, with about as many round ticks as wanted; bars and areas begin at nothing. */
export function scaleOf(amounts: number[], { wanted = 5, fromZero = true } = {}): Scale {
  const known = amounts.filter(Number.isFinite);
  let least = Math.min(...known, ...(fromZero || known.length === 0 ? [0] : []));
  let most = Math.max(...known, ...(fromZero || known.length === 0 ? [0] : []));
  if (least === most) {
    // A line without a slope: its height is told from nothing on.
    least = Math.min(least, 0);
    most = Math.max(most, least === 0 ? (most === 0 ? 1 : 0) : 0);
  }
  const step = stepOf((most - least) / wanted);
  const [first, last] = [Math.floor(least / step + 1e-9), Math.ceil(most / step - 1e-9)];
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => rounded((first + index) * step));
  return { least: ticks[0]!, most: ticks.at(-1)!, ticks };
}

/** Where an amount stands between two pixels. */
export function placed(amount: number, { least, most }: Scale, from: number, to: number): number {
  return from + ((amount - least) / (most - least)) * (to - from);
}

function stepOf(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return (STEPS.find((step) => step * power >= rough * (1 - 1e-9)) ?? 10) * power;
}

/** Without the dust of binary fractions: 0.30000000000000004. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
