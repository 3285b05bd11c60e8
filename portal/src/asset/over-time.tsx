import { useMemo } from "react";

import { BarsAndLines } from "../charts/chart";
import { useFormats } from "../data";
import type { Asset, Past, PastMeasure, SchemaChange } from "../document";
import { useWords } from "../language";
import { Name } from "../parts/name";
import { Scroll } from "../parts/scroll";
import { failuresOf, isOdd, nameOf, oddities, said, seriesOf } from "./past";
import { Section } from "./sections";
import { PAST } from "./words";

const HEIGHT = 170;

/** Volume, quarantine, NULLs, sums and failures of rules over the runs, with what is usual; and how the schema changed. */
export function OverTime({ asset, past }: { asset: Asset; past: Past }) {
  const words = useWords(PAST);
  return (
    <Section name="past">
      {past.runs.length < 2 ? <p>{words.oneRun}</p> : <Pictures asset={asset} past={past} />}
      <h3>{words.schemaPast}</h3>
      <SchemaPast changes={past.changes} />
    </Section>
  );
}

function Pictures({ asset, past }: { asset: Asset; past: Past }) {
  const words = useWords(PAST);
  const formats = useFormats();
  const { labels, pictures } = useMemo(() => {
    const names = { usual: words.usual, measured: words.measured, odd: words.odd };
    return {
      labels: past.runs.map(({ at }) => formats.dayTime(at)),
      pictures: past.measures.map((measure) => ({ measure, series: seriesOf(measure, names, formats), odd: oddities(measure) })),
    };
  }, [past, words, formats]);
  const failures = useMemo(() => failuresOf(asset, formats), [asset, formats]);
  const known = pictures.some(({ measure }) => measure.usual.some((each) => each !== null));
  return (
    <>
      <p className="faint">{known ? words.about : words.fewRuns}</p>
      <div className="small-multiples">
        {pictures.map(({ measure, series, odd }) => (
          <div key={`${measure.measure} ${measure.column}`}>
            <h3>
              {nameOf(measure, asset, words)} {odd > 0 && <span className="warn">{`${formats.number(odd)} ${words.oddRuns}`}</span>}
            </h3>
            <BarsAndLines label={nameOf(measure, asset, words)} labels={labels} series={series} tick={(value) => tickOf(measure, value, formats)} height={HEIGHT} />
          </div>
        ))}
        {failures.series.length > 0 && failures.labels.length > 1 && (
          <div>
            <h3>{words.failures}</h3>
            <BarsAndLines label={words.failures} labels={failures.labels} series={failures.series} tick={(value) => formats.double(value, 1)} height={HEIGHT} fromZero />
          </div>
        )}
      </div>
      <details>
        <summary>{words.numbers}</summary>
        <Numbers asset={asset} past={past} />
      </details>
    </>
  );
}

function Numbers({ asset, past }: { asset: Asset; past: Past }) {
  const words = useWords(PAST);
  const formats = useFormats();
  return (
    <Scroll name={words.numbers}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.when}</th>
            <th scope="col" className="number">
              {words.version}
            </th>
            {past.measures.map((measure) => (
              <th key={`${measure.measure} ${measure.column}`} scope="col" className="number">
                {nameOf(measure, asset, words)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {past.runs
            .map((run, at) => (
              <tr key={run.run_id}>
                <th scope="row">
                  <time dateTime={run.at}>{formats.moment(run.at)}</time>
                </th>
                <td className="number">{run.version}</td>
                {past.measures.map((measure) => (
                  <td key={`${measure.measure} ${measure.column}`} className={isOdd(measure, at) ? "number warn" : "number"}>
                    {measure.values[at] === null || measure.values[at] === undefined ? "" : said(measure, measure.values[at], formats)}
                    {isOdd(measure, at) && ` (${words.odd})`}
                  </td>
                ))}
              </tr>
            ))
            .reverse()}
        </tbody>
      </table>
    </Scroll>
  );
}

function SchemaPast({ changes }: { changes: SchemaChange[] }) {
  const words = useWords(PAST);
  const formats = useFormats();
  return (
    <Scroll name={words.schemaPast}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.when}</th>
            <th scope="col" className="number">
              {words.version}
            </th>
            <th scope="col">{words.contract}</th>
            <th scope="col">{words.changed}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((change) => (
            <tr key={change.version}>
              <th scope="row">
                <time dateTime={change.at}>{formats.moment(change.at)}</time>
              </th>
              <td className="number">{change.version}</td>
              <td>
                {change.contract_before !== null && change.contract_before !== change.contract && `${change.contract_before} → `}
                {change.contract}
              </td>
              <td className="text">
                <Changed change={change} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Changed({ change }: { change: SchemaChange }) {
  const words = useWords(PAST);
  const formats = useFormats();
  const { added, removed, retyped } = change;
  if (change.contract_before === null) {
    return <>{change.columns === null ? words.first : `${words.first}: ${formats.number(change.columns)} ${words.columns}`}</>;
  }
  if (added.length + removed.length + retyped.length === 0) return <>{change.columns === null ? words.unknown : words.onlyText}</>;
  return (
    <ul>
      {added.map((name) => (
        <li key={name}>
          {words.added} <Code text={name} />
        </li>
      ))}
      {removed.map((name) => (
        <li key={name}>
          {words.removed} <Code text={name} />
        </li>
      ))}
      {retyped.map(({ name, before, now }) => (
        <li key={name}>
          {words.retyped} <Code text={name} />: <code>{before}</code> → <code>{now}</code>
        </li>
      ))}
    </ul>
  );
}

function Code({ text }: { text: string }) {
  return (
    <code>
      <Name text={text} />
    </code>
  );
}

function tickOf(measure: PastMeasure, value: number, formats: ReturnType<typeof useFormats>): string {
  if (measure.measure === "quarantine" || measure.measure === "nulls") return formats.percent(value);
  if (measure.measure === "age") return `${formats.double(value, 1)} h`;
  return measure.measure === "total" ? formats.short(value) : formats.double(value, 1);
}
