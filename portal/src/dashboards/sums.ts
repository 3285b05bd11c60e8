import type { Frame } from "../document";
import { texts, units } from "../frames";

/** Exact sums by the values of a column, in the order of those values; an unknown one is "", and last. */
export type Sums = Map<string, bigint>;

export function total(frame: Frame, rows: number[], measure: string): bigint {
  const values = units(frame, measure);
  return rows.reduce((sum, row) => sum + (values[row] ?? 0n), 0n);
}

export function sumsBy(frame: Frame, rows: number[], by: string, measure: string): Sums {
  const keys = texts(frame, by);
  const values = units(frame, measure);
  const sums: Sums = new Map();
  for (const row of rows) {
    const key = keys[row] ?? "";
    sums.set(key, (sums.get(key) ?? 0n) + (values[row] ?? 0n));
  }
  return inOrder(sums);
}

/** Sums by two columns: first by one, then within each by the other. */
export function sumsByTwo(frame: Frame, rows: number[], outer: string, inner: string, measure: string): Map<string, Sums> {
  const keys = texts(frame, outer);
  const members = new Map<string, number[]>();
  for (const row of rows) {
    const key = keys[row] ?? "";
    const list = members.get(key);
    if (list) list.push(row);
    else members.set(key, [row]);
  }
  return inOrder(new Map([...members].map(([key, its]) => [key, sumsBy(frame, its, inner, measure)])));
}

/** The sums so far, key by key. */
export function running(sums: Sums): Sums {
  let sum = 0n;
  return new Map([...sums].map(([key, value]) => [key, (sum += value)]));
}

/** The largest first; ties by name. */
export function largestFirst(sums: Sums): Sums {
  return new Map([...sums].sort(([a, x], [b, y]) => (x === y ? a.localeCompare(b, "pt-BR") : x < y ? 1 : -1)));
}


/** Every month from the first to the last, so that a chart's axis has no gaps: `2024-11` to `2025-02`. */
export function everyMonth(months: Iterable<string>): string[] {
  const known = [...months].filter(Boolean).sort();
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last) return [];
  const found = [];
  for (let at = index(first); at <= index(last); at += 1) {
    found.push(`${String(Math.floor(at / 12)).padStart(4, "0")}-${String((at % 12) + 1).padStart(2, "0")}`);
  }
  return found;
}

function index(month: string): number {
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
}

function inOrder<T>(map: Map<string, T>): Map<string, T> {
  return new Map([...map].sort(([a], [b]) => (a === b ? 0 : a === "" ? 1 : b === "" ? -1 : a < b ? -1 : 1)));
}
