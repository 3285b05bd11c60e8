import type { ExactColumn, Frame, FrameColumn } from "./document";

/** A value of a frame as the page computes with it: exact numbers stay exact. */
export type Value = string | bigint | number | null;

/** Returns a column; a frame without it was written by another version of this project, which is worth a clear word. */
export function column(frame: Frame, name: string): FrameColumn {
  const found = frame.columns.find((one) => one.name === name);
  if (!found) throw new Error(`the data has no column ${name}; build the page again with ./importau portal`);
  return found;
}

/** The texts of a text or date column, row by row. */
export function texts(frame: Frame, name: string): (string | null)[] {
  const found = column(frame, name);
  if (found.kind !== "text" && found.kind !== "date") throw new Error(`${name} is not a text column`);
  return found.values.map((index) => (index === null ? null : (found.words[index] ?? null)));
}

/** The numbers of an integer or decimal column, times 10^scale, row by row. */
export function units(frame: Frame, name: string): (bigint | null)[] {
  return exact(frame, name).values.map((value) => (value === null ? null : BigInt(value)));
}

export function scaleOf(frame: Frame, name: string): number {
  return exact(frame, name).scale;
}

/** One value. */
export function valueAt(from: FrameColumn, row: number): Value {
  const value = from.values[row] ?? null;
  if (value === null) return null;
  if (from.kind === "text" || from.kind === "date") return from.words[value as number] ?? null;
  return from.kind === "double" ? (value as number) : BigInt(value);
}

function exact(frame: Frame, name: string): ExactColumn {
  const found = column(frame, name);
  if (found.kind !== "integer" && found.kind !== "decimal") throw new Error(`${name} is not an exact number`);
  return found;
}
