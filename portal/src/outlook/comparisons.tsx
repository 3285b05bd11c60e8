import { useFormats, useLakehouse } from "../data";
import type { Data } from "../document";
import { useWords } from "../language";
import { toPipeline } from "../routes";
import { exchangeResult, moved, yearOnYear } from "./reckoning";
import { OUTLOOK } from "./words";

/** This month against the one a year before, this version against the last one, gain or loss on exchange: in sentences. */
export function Comparisons({ cashFlow, today }: { cashFlow: Data; today: string | null }) {
  const words = useWords(OUTLOOK);
  return (
    <section className="panel in-words" aria-labelledby="em-palavras">
      <h2 id="em-palavras">{words.inWords}</h2>
      <ul>
        {today && (
          <>
            <YearOnYear cashFlow={cashFlow} month={today.slice(0, 7)} />
            <Exchange cashFlow={cashFlow} month={today.slice(0, 7)} />
          </>
        )}
        <Changed />
      </ul>
    </section>
  );
}

function YearOnYear({ cashFlow, month }: { cashFlow: Data; month: string }) {
  const words = useWords(OUTLOOK);
  const formats = useFormats();
  const { now, then } = yearOnYear(cashFlow, month);
  const change = now - then;
  const before = formats.longMonth(moved(month, -12));
  return (
    <li>
      {words.thisMonth} {formats.longMonth(month)}: <strong>{formats.money(now)}</strong>,{" "}
      {then === 0n ? (
        <>
          {words.noYearBefore} {before}.
        </>
      ) : change === 0n ? (
        <>
          {words.same} {words.thanYearBefore} {before}.
        </>
      ) : (
        <>
          <strong>{formats.money(change < 0n ? -change : change)}</strong> ({formats.percent(Math.abs(Number(change) / Number(then)))}){" "}
          {change > 0n ? words.more : words.less} {words.thanYearBefore} {before} ({formats.money(then)}).
        </>
      )}
    </li>
  );
}

function Exchange({ cashFlow, month }: { cashFlow: Data; month: string }) {
  const words = useWords(OUTLOOK);
  const formats = useFormats();
  const { year, ahead } = exchangeResult(cashFlow, month);
  const [gain, size] = [year > 0n, formats.money(year < 0n ? -year : year)];
  return (
    <li>
      {year === 0n ? (
        <>
          {words.exchangeNone} ({month.slice(0, 4)}).
        </>
      ) : (
        <>
          <span className={gain ? "pass" : "fail"}>
            {gain ? words.exchangeGain : words.exchangeLoss} ({month.slice(0, 4)}): <strong>{size}</strong>
          </span>
          : {gain ? words.gainWhy : words.lossWhy}.
        </>
      )}
      {ahead !== 0n && (
        <>
          {" "}
          {ahead > 0n ? words.aheadGain : words.aheadLoss} <strong>{formats.money(ahead < 0n ? -ahead : ahead)}</strong>.
        </>
      )}
    </li>
  );
}

/** What the newest version changed of the cash flow. */
function Changed() {
  const words = useWords(OUTLOOK);
  const formats = useFormats();
  const { version, versions } = useLakehouse().lakehouse;
  const changes = version?.changes ?? null;
  if (!version || changes === null || versions.length < 2) return <li>{words.firstVersion}</li>;
  if (changes.length === 0) {
    return (
      <li>
        {words.unchanged} <a href={toPipeline()}>{words.seeVersions}</a>
      </li>
    );
  }
  const sum = changes.reduce((so, { cents }) => so + BigInt(cents), 0n);
  return (
    <li>
      {words.changed}: {formats.number(changes.length)} {changes.length === 1 ? words.oneMonthChanged : words.monthsChanged}{" "}
      <strong>
        {sum > 0n ? "+" : ""}
        {formats.money(sum)}
      </strong>
      . <a href={toPipeline()}>{words.seeVersions}</a>
    </li>
  );
}
