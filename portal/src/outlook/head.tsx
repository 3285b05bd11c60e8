import { useFormats, useLakehouse } from "../data";
import type { Data, Workbook } from "../document";
import { texts } from "../frames";
import { useWords } from "../language";
import { save, blobOf } from "../parts/save";
import { OUTLOOK } from "./words";

const DAY_MS = 86_400_000;
const EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** Of when everything below is, and what can be taken along. */
export function Head({ rates }: { rates: Data | null }) {
  const words = useWords(OUTLOOK);
  const formats = useFormats();
  const { lakehouse } = useLakehouse();
  const { today, version, workbook } = lakehouse;
  const newest = rates ? texts(rates, "data_ptax").reduce<string | null>((best, date) => (date && (!best || date > best) ? date : best), null) : null;
  const lag = today && newest ? Math.round((Date.parse(today) - Date.parse(newest)) / DAY_MS) : 0;
  return (
    <div className="outlook-head">
      <div>
        <h1>{words.title}</h1>
        <p className="faint">
          {today ? (
            <>
              {words.today}: <time dateTime={today}>{formats.day(today)}</time>
            </>
          ) : (
            words.noToday
          )}
          {newest && (
            <>
              {" "}
              · {words.ptaxOf} <time dateTime={newest}>{formats.day(newest)}</time>
              {lag > 0 && `, ${formats.number(lag)} ${words.ptaxLag}`}
            </>
          )}
          {version && (
            <>
              {" "}
              · {words.version} {formats.number(version.number)}
            </>
          )}
        </p>
      </div>
      <div className="take-along">
        {workbook && <TakeWorkbook workbook={workbook} />}
        <button type="button" onClick={() => print()}>
          {words.print}
        </button>
      </div>
    </div>
  );
}

function TakeWorkbook({ workbook: { name, bytes, base64 } }: { workbook: Workbook }) {
  const words = useWords(OUTLOOK);
  const formats = useFormats();
  if (base64 === null) return <p className="faint">{words.tooLarge}</p>;
  return (
    <button type="button" className="main" onClick={() => save(blobOf(base64, EXCEL), name)}>
      {words.workbook} <span className="size">({formats.bytes(bytes)})</span>
    </button>
  );
}
