import type { ReactNode } from "react";

import { useFormats, useLakehouse } from "../data";
import type { Value } from "../frames";
import { Catalogued, useLanguage, useWords } from "../language";
import { Name } from "../parts/name";
import { save } from "../parts/save";
import { Scroll } from "../parts/scroll";
import { toAsset } from "../routes";
import type { Dimension } from "./selection";
import { csvOf, type Sheet, type SheetColumn, totalsOf } from "./sheet";
import { DASHBOARDS } from "./words";

const SHOWN_ROWS = 200;

/** One question answered: a picture or table, the numbers behind it, the same as a file, and where they come from. */
export function Panel({ id, title, source, ignored, sheet, note, empty, isTable = false, children }: {
  id: string;
  title: string;
  /** The asset it is made of. */
  source: string;
  /** The filters that are set and that its table does not have. */
  ignored: Dimension[];
  sheet: Sheet;
  note?: string | undefined;
  /** What is said where there is nothing. */
  empty?: string;
  /** What it shows is the whole sheet already. */
  isTable?: boolean;
  children: ReactNode;
}) {
  const words = useWords(DASHBOARDS);
  return (
    <section className="panel" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {note && <p className="faint">{note}</p>}
      <NotApplied ignored={ignored} />
      {sheet.rows.length === 0 ? <p>{empty ?? words.empty}</p> : children}
      <SheetBehind sheet={sheet} title={title} name={id} source={source} isTable={isTable} />
    </section>
  );
}

/** Where numbers come from: the table by the name that people give it. */
export function MadeOf({ source }: { source: string }) {
  const words = useWords(DASHBOARDS);
  const { assets } = useLakehouse();
  const asset = assets.get(source);
  return (
    <span className="faint made-of">
      {words.madeOf}{" "}
      {asset ? (
        <a href={toAsset(source)} title={source}>
          {asset.business_name ? <Catalogued>{asset.business_name}</Catalogued> : <Name text={source} />}
        </a>
      ) : (
        <Name text={source} />
      )}
    </span>
  );
}

/** Which of the filters that are set do not narrow what is shown. */
export function NotApplied({ ignored }: { ignored: Dimension[] }) {
  const words = useWords(DASHBOARDS);
  if (ignored.length === 0) return null;
  return (
    <p className="faint not-applied">
      {words.filters}: {words.notApplied} {ignored.map((dimension) => words[dimension].toLowerCase()).join(", ")}.
    </p>
  );
}

function SheetBehind({ sheet, title, name, source, isTable }: {
  sheet: Sheet;
  title: string;
  name: string;
  source: string;
  isTable: boolean;
}) {
  const words = useWords(DASHBOARDS);
  const { language } = useLanguage();
  if (sheet.rows.length === 0) return <MadeOf source={source} />;
  const csv = (
    <button
      type="button"
      className="quiet"
      aria-label={`${words.csv}: ${title}`}
      onClick={() => save(new Blob([csvOf(sheet, language)], { type: "text/csv;charset=utf-8" }), `importau-${name}.csv`)}
    >
      {words.csv}
    </button>
  );
  return (
    <div className="behind">
      {!isTable && (
        <details>
          <summary>{words.table}</summary>
          <SheetTable sheet={sheet} title={title} />
        </details>
      )}
      {csv}
      <MadeOf source={source} />
    </div>
  );
}

export function SheetTable({ sheet, title }: { sheet: Sheet; title: string }) {
  const words = useWords(DASHBOARDS);
  const formats = useFormats();
  const totals = sheet.last ?? totalsOf(sheet);
  return (
    <>
      <Scroll name={`${words.numbers}: ${title}`}>
        <table>
          <thead>
            <tr>
              {sheet.columns.map((column, at) => (
                <th key={at} scope="col" className={classOf(column)}>
                  {column.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sheet.rows.slice(0, SHOWN_ROWS).map((row, index) => (
              <tr key={index}>
                {sheet.columns.map((column, at) => (
                  <td key={at} className={classOf(column)}>
                    {written(row[at] ?? null, column, formats)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
          {totals && (
            <tfoot>
              <tr>
                {sheet.columns.map((column, at) =>
                  at === 0 ? (
                    <th key={at} scope="row">
                      {typeof totals[0] === "string" ? totals[0] : words.sum}
                    </th>
                  ) : (
                    <td key={at} className={classOf(column)}>
                      {written(totals[at] ?? null, column, formats)}
                    </td>
                  ),
                )}
              </tr>
            </tfoot>
          )}
        </table>
      </Scroll>
      {sheet.rows.length > SHOWN_ROWS && (
        <p className="faint">
          {words.rowsShown} {formats.number(sheet.rows.length)}.
        </p>
      )}
    </>
  );
}

function classOf({ kind, marked }: SheetColumn): string {
  return `${kind === "text" || kind === "month" || kind === "day" ? "" : "number"} ${marked ? "marked" : ""}`.trim();
}

/** A value of a table as one reads it. */
export function written(value: Value, column: SheetColumn, formats: ReturnType<typeof useFormats>): string {
  if (value === null) return "";
  if (typeof value === "bigint") {
    if (column.kind === "rate") return formats.rate(value, column.scale);
    return column.kind === "money"
      ? formats.money(value, column.currency, column.scale)
      : formats.exact(value, column.scale ?? 0);
  }
  if (typeof value === "number") {
    if (column.kind === "money") return formats.money(BigInt(Math.round(value * 100)), column.currency);
    return column.kind === "rate" ? formats.rate(value) : formats.double(value);
  }
  if (column.kind === "day") return formats.day(value);
  return column.kind === "month" && value ? formats.shortMonth(value) : value;
}
