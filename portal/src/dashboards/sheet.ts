import type { Value } from "../frames";
import type { Language } from "../language";
import { decimal } from "../numbers";

/** What a panel shows as a table, and what its CSV holds: the same. */
export interface Sheet {
  columns: SheetColumn[];
  rows: Value[][];
  /** A row below the others that is no sum of theirs to the cent, as per cent of a sum are not. */
  last?: Value[];
}

export interface SheetColumn {
  name: string;
  kind: "text" | "month" | "day" | "money" | "rate" | "number" | "double";
  /** Decimals of a money or number column; a rate has six. */
  scale?: number;
  /** Of money; BRL by default. */
  currency?: string;
  /** Stands out, as the target of a forecast does. */
  marked?: boolean;
  /** Its values add up to something: a running total's do not. */
  adds?: boolean;
}

/** The exact sums of the columns that add up; null where no column does. They are shown, but are no rows of the export. */
export function totalsOf({ columns, rows }: Sheet): Value[] | null {
  if (!columns.some(({ adds }) => adds)) return null;
  return columns.map(({ adds }, at) => (adds ? rows.reduce((sum, row) => sum + ((row[at] as bigint | null) ?? 0n), 0n) : null));
}

// A spreadsheet takes a cell that begins so for a formula.
const FORMULA = /^[=+\-@\t\r]/;
// Excel takes a file for UTF-8 by this mark.
const BYTE_ORDER_MARK = "\uFEFF";

/** A sheet as RFC 4180 wants it, with the separators that spreadsheets of the reader's country expect. */
export function csvOf({ columns, rows, last }: Sheet, language: Language): string {
  const [separator, point] = language === "pt" ? [";", ","] : [",", "."];
  const cell = (value: Value, column: SheetColumn): string => {
    if (value === null) return "";
    if (typeof value === "bigint") return decimal(value, column.scale ?? (column.kind === "rate" ? 6 : 0)).replace(".", point);
    if (typeof value === "number") return String(value).replace(".", point);
    return written(value, separator);
  };
  const lines = [
    // Some headings are values, as that of a currency.
    columns.map(({ name }) => written(name, separator)),
    ...[...rows, ...(last ? [last] : [])].map((row) => columns.map((column, index) => cell(row[index] ?? null, column))),
  ];
  return BYTE_ORDER_MARK + lines.map((line) => `${line.join(separator)}\r\n`).join("");
}

function written(value: string, separator: string): string {
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /["\r\n]/.test(text) || text.includes(separator) ? `"${text.replaceAll('"', '""')}"` : text;
}
