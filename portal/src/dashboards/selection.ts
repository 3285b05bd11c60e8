import type { Frame } from "../document";
import { texts } from "../frames";

/** What can be filtered by, as it is called in the address, and the column it means. */
export const DIMENSIONS = {
  categoria: "categoria",
  moeda: "moeda_origem",
  pais: "pais_origem",
  origem: "origem_recurso",
} as const;
export type Dimension = keyof typeof DIMENSIONS;
export const ALL_DIMENSIONS = Object.keys(DIMENSIONS) as Dimension[];
const MONTH = "mes_referencia";

/** What is looked at: a period, and values of some dimensions; nothing chosen means everything. An unknown value is "". */
export interface Selection {
  /** `YYYY-MM`, both included. */
  from: string;
  to: string;
  chosen: Record<Dimension, string[]>;
}

export function selectionOf(parameters: URLSearchParams): Selection {
  return {
    from: parameters.get("from") ?? "",
    to: parameters.get("to") ?? "",
    chosen: Object.fromEntries(ALL_DIMENSIONS.map((dimension) => [dimension, parameters.getAll(dimension)])) as Record<
      Dimension,
      string[]
    >,
  };
}

export function parametersOf({ from, to, chosen }: Selection): URLSearchParams {
  const parameters = new URLSearchParams();
  if (from) parameters.set("from", from);
  if (to) parameters.set("to", to);
  for (const dimension of ALL_DIMENSIONS) {
    for (const value of chosen[dimension]) parameters.append(dimension, value);
  }
  return parameters;
}

export function isEmpty(selection: Selection): boolean {
  return parametersOf(selection).size === 0;
}

/** The rows of a table that are looked at; a dimension the table does not have does not narrow it. */
export function rowsOf(frame: Frame, selection: Selection, { period = true } = {}): number[] {
  const tests: ((row: number) => boolean)[] = [];
  if (period && (selection.from || selection.to)) {
    const months = texts(frame, MONTH);
    tests.push((row) => {
      const month = months[row] ?? "";
      return (!selection.from || month >= selection.from) && (!selection.to || month <= selection.to);
    });
  }
  for (const dimension of ALL_DIMENSIONS) {
    if (selection.chosen[dimension].length === 0 || !has(frame, dimension)) continue;
    const wanted = new Set(selection.chosen[dimension]);
    const values = texts(frame, DIMENSIONS[dimension]);
    tests.push((row) => wanted.has(values[row] ?? ""));
  }
  return Array.from({ length: frame.rows }, (_, row) => row).filter((row) => tests.every((test) => test(row)));
}

/** The dimensions that are filtered by and that a table does not have. */
export function ignoredBy(frame: Frame, selection: Selection): Dimension[] {
  return ALL_DIMENSIONS.filter((dimension) => selection.chosen[dimension].length > 0 && !has(frame, dimension));
}

/** The values a dimension has in any of some tables, in order; an unknown one is "", and last. */
export function valuesOf(frames: Frame[], dimension: Dimension): string[] {
  return distinct(frames.filter((frame) => has(frame, dimension)).map((frame) => texts(frame, DIMENSIONS[dimension])));
}

export function monthsOf(frames: Frame[]): string[] {
  return distinct(frames.map((frame) => texts(frame, MONTH))).filter(Boolean);
}

/** A value as one reads it: an unknown one has a name too. */
export function nameOf(dimension: Dimension, value: string, words: Record<`no_${Dimension}`, string>): string {
  return value || words[`no_${dimension}`];
}

function has(frame: Frame, dimension: Dimension): boolean {
  return frame.columns.some(({ name }) => name === DIMENSIONS[dimension]);
}

function distinct(lists: (string | null)[][]): string[] {
  const found = new Set<string>();
  for (const list of lists) for (const value of list) found.add(value ?? "");
  return [...found].sort((a, b) => (a === "" ? 1 : b === "" ? -1 : a.localeCompare(b, "pt-BR")));
}
