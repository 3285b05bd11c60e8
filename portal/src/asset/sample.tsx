import { useFormats } from "../data";
import type { Asset, FrameColumn } from "../document";
import { useWords } from "../language";
import { valueAt } from "../frames";
import { Name } from "../parts/name";
import { Scroll } from "../parts/scroll";
import { Section } from "./sections";
import { ASSET } from "./words";

/** A few rows without what is personal or confidential, and the names of what is left out. */
export function Sample({ asset: { sample, hidden_columns: hidden } }: { asset: Asset }) {
  const words = useWords(ASSET);
  return (
    <Section name="sample">
      {hidden.length > 0 && (
        <p>
          {words.hiddenColumns} <code>{hidden.join(", ")}</code>
        </p>
      )}
      {sample && sample.rows > 0 ? (
        <Scroll name={words.sample}>
          <table className="sample">
            <caption className="visually-hidden">{words.sampleRows}</caption>
            <thead>
              <tr>
                {sample.columns.map((column) => (
                  <th key={column.name} scope="col" className={numeric(column) ? "number" : undefined}>
                    <Name text={column.name} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: sample.rows }, (_, row) => (
                <tr key={row}>
                  {sample.columns.map((column) => (
                    <td key={column.name} className={numeric(column) ? "number" : undefined}>
                      <Cell column={column} row={row} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : (
        <p>{words.noSample}</p>
      )}
    </Section>
  );
}

function Cell({ column, row }: { column: FrameColumn; row: number }) {
  const words = useWords(ASSET);
  const formats = useFormats();
  const value = valueAt(column, row);
  if (value === null) return <span className="empty">{words.empty}</span>;
  if (typeof value === "bigint") return formats.exact(value, "scale" in column ? column.scale : 0);
  if (typeof value === "number") return formats.double(value);
  return column.kind === "date" ? formats.day(value) : value;
}

const numeric = (column: FrameColumn) => column.kind !== "text" && column.kind !== "date";
