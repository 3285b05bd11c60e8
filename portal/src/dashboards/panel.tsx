import type { ReactNode } from "react";

import { useFormats, useLakehouse } from "../data";
import type { Value } from "../frames";
import { useLanguage, useWords } from "../language";
import { Name } from "../parts/name";
import { toAsset } from "../routes";
import type { Dimension } from "./selection";
import { csvOf, type Sheet, type SheetColumn, totalsOf } from "./sheet";
import { DASHBOARDS } from "./words";

const SHOWN_ROWS = 200;
const RELEASED_AFTER_MS = 60_000;

/** One question answered: a picture, the table behind it, the table as a file, and where it comes from. */
export function Panel({ id, title, source, ignored, sheet, note, children }: {
  id: string;
  title: string;
  /** The asset it is made of. */
  source: string;
  /** The filters that are set and that its table does not have. */
  ignored: Dimension[];
  sheet: Sheet;
  note?: string | undefined;
  children: ReactNode;
}) {
  const words = useWords(DASHBOARDS);
  return (
    <section className="card panel" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <MadeOf source={source} ignored={ignored} note={note} />
      {sheet.rows.length === 0 ? <p>{words.empty}</p> : children}
      {sheet.rows.length > 0 && <SheetBehind sheet={sheet} title={title} name={id} />}
    </section>
  );
}

/** Where numbers come from, and which of the filters that are set do not narrow them. */
export function MadeOf({ source, ignored, note }: { source: string; ignored: Dimension[]; note?: string | undefined }) {
  const words = useWords(DASHBOARDS);
  const { assets } = useLakehouse();
  const name = <Name text={source} />;
  return (
    <>
      <p className="faint">
        {words.madeOf} {assets.has(source) ? <a href={toAsset(source)}>{name}</a> : name}
        {note && <>. {note}</>}
      </p>
      {ignored.length > 0 && (
        <p className="faint not-applied">
          {words.filters}: {words.notApplied} {ignored.map((dimension) => words[dimension].toLowerCase()).join(", ")}.
        </p>
      )}
    </>
  );
}

function SheetBehind({ sheet, title, name }: { sheet: Sheet; title: string; name: string }) {
  const words = useWords(DASHBOARDS);
  const { language } = useLanguage();
  return (
    <div className="behind">
      <button
        type="button"
        aria-label={`${words.csv}: ${title}`}
        onClick={() => save(csvOf(sheet, language), `importau-${name}.csv`)}
      >
        {words.csv}
      </button>
      <details>
        <summary>{words.table}</summary>
        <SheetTable sheet={sheet} title={title} />
      </details>
    </div>
  );
}

export function SheetTable({ sheet, title }: { sheet: Sheet; title: string }) {
  const words = useWords(DASHBOARDS);
  const formats = useFormats();
  const totals = totalsOf(sheet);
  return (
    <>
      <div className="scroll" tabIndex={0} role="region" aria-label={`${words.numbers}: ${title}`}>
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
                      {words.sum}
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
      </div>
      {sheet.rows.length > SHOWN_ROWS && (
        <p className="faint">
          {words.rowsShown} {formats.number(sheet.rows.length)}.
        </p>
      )}
    </>
  );
}

function classOf({ kind, marked }: SheetColumn): string {
  return `${kind === "text" || kind === "month" ? "" : "number"} ${marked ? "marked" : ""}`.trim();
}

/** A value of a table as one reads it. */
export function written(value: Value, column: SheetColumn, formats: ReturnType<typeof useFormats>): string {
  if (value === null) return "";
  if (typeof value === "bigint") {
    return column.kind === "money"
      ? formats.money(value, column.currency, column.scale)
      : formats.exact(value, column.scale ?? 0);
  }
  if (typeof value === "number") return formats.double(value);
  return column.kind === "month" && value ? formats.month(value) : value;
}

/** Hands a text to the browser as a file. */
function save(text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // Not before the browser has begun to read it.
  setTimeout(() => URL.revokeObjectURL(address), RELEASED_AFTER_MS);
}
