import { useState } from "react";

import { useFormats, useLakehouse } from "../data";
import type { CostLine, Run } from "../document";
import { useWords } from "../language";
import { Scroll } from "../parts/scroll";
import { comparisonOf } from "./comparison";
import { runningAll } from "./order";
import { Status } from "./status";
import { COSTS, PIPELINES, UNITS } from "./words";

/** What the last run cost, at a glance; what it is made of, and the same as Glue jobs, below. */
export function RunCost() {
  const words = useWords(PIPELINES);
  const formats = useFormats();
  const { runs, pipelines } = useLakehouse().lakehouse;
  const [chosen, choose] = useState(0);
  const all = new Set(runningAll(pipelines).map(({ name }) => name));
  const whole = runs.find(({ pipeline }) => all.has(pipeline));
  const run = runs[chosen];
  const last = runs[0];
  if (!run || !last) return null;
  return (
    <section className="card run-cost" aria-labelledby="cost">
      <Glance name={words.lastRun} run={last} />
      {whole && whole !== last && <Glance name={words.lastWhole} run={whole} />}
      <h2 id="cost">{words.cost}</h2>
      <label>
        {words.run}{" "}
        <select value={chosen} onChange={(event) => choose(Number(event.target.value))}>
          {runs.map((each, index) => (
            <option key={each.run_id} value={index}>
              {formats.moment(each.started)} · {each.pipeline} · {each.run_id}
            </option>
          ))}
        </select>
      </label>
      <CostTable run={run} />
      <p className="faint">{words.assumptions}</p>
    </section>
  );
}

/** A run in a line: what ran, how it went, what it cost, and that beside Glue jobs, like with like. */
function Glance({ name, run }: { name: string; run: Run }) {
  const words = useWords(PIPELINES);
  const formats = useFormats();
  const { computing, crawlers, withGlue } = comparisonOf(run.cost);
  return (
    <div className="at-a-glance">
      <p>
        {name}: <Status status={run.status} /> {run.pipeline} ·{" "}
        <time dateTime={run.started}>{formats.moment(run.started)}</time>
        {run.seconds !== null && <> · {formats.seconds(run.seconds)}</>}
        {run.rows !== null && (
          <>
            {" "}
            · {formats.number(run.rows)} {words.rows.toLowerCase()}
          </>
        )}{" "}
        · {words.lastCost} <strong>{formats.usd(run.cost.total_usd)}</strong>
        {Number(crawlers) > 0 && (
          <>
            , {words.ofWhichCrawlers} {formats.usd(crawlers)}
          </>
        )}
      </p>
      {run.cost.glue.length > 0 && (
        <p className="faint">
          {words.computing} {formats.usd(computing)}; {words.asGlueJobs} {formats.usd(run.cost.glue_total_usd)} (
          {words.wholeWithGlue}: {formats.usd(withGlue)}).
        </p>
      )}
    </div>
  );
}

function CostTable({ run }: { run: Run }) {
  const words = useWords(PIPELINES);
  const formats = useFormats();
  return (
    <Scroll name={`${words.cost}: ${words.costLines}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.item}</th>
            <th scope="col" className="number">
              {words.quantity}
            </th>
            <th scope="col" className="number">
              {words.unitPrice}
            </th>
            <th scope="col" className="number">
              {words.amount}
            </th>
          </tr>
        </thead>
        <tbody>
          {run.cost.lines.map((line) => (
            <Line key={line.what} line={line} />
          ))}
          <tr className="total">
            <th scope="row" colSpan={3}>
              {words.total}
            </th>
            <td className="number">{formats.usd(run.cost.total_usd)}</td>
          </tr>
        </tbody>
        {run.cost.glue.length > 0 && (
          <tbody>
            <tr>
              <th scope="rowgroup" colSpan={4}>
                {words.asGlue}
              </th>
            </tr>
            {run.cost.glue.map((line) => (
              <Line key={line.what} line={line} />
            ))}
          </tbody>
        )}
      </table>
    </Scroll>
  );
}

function Line({ line }: { line: CostLine }) {
  const names = useWords(COSTS);
  const units = useWords(UNITS);
  const formats = useFormats();
  return (
    <tr>
      <th scope="row">{names[line.what]}</th>
      <td className="number">
        {formats.double(Number(line.quantity))} {units[line.unit]}
      </td>
      <td className="number">{formats.price(line.unit_usd)}</td>
      <td className="number">{formats.usd(line.usd)}</td>
    </tr>
  );
}
