import { useMemo, useState } from "react";

import { useLakehouse } from "../data";
import type { Pipeline } from "../document";
import { Catalogued, useWords } from "../language";
import { go, toPipeline } from "../routes";
import { RunCost } from "./cost";
import { Diagram } from "./diagram";
import { ordinary } from "./diagram-layout";
import { Executions } from "./executions";
import { inOrder } from "./order";
import { OverTime } from "./over-time";
import "./pipelines.css";
import { StateDetails } from "./state-details";
import { StateList } from "./state-list";
import { Versions } from "./versions";
import { PIPELINES } from "./words";

/** The state machines: what a run costs, what they do, how they went. */
export function PipelinesPage({ pipeline: name, state }: { pipeline: string | null; state: string | null }) {
  const words = useWords(PIPELINES);
  const { lakehouse } = useLakehouse();
  const pipelines = useMemo(() => inOrder(lakehouse.pipelines), [lakehouse]);
  const pipeline = name === null ? pipelines[0] : pipelines.find((each) => each.name === name);
  return (
    <div className="page pipelines">
      <h1>{words.title}</h1>
      <OverTime />
      <Versions />
      {pipelines.length > 0 ? (
        <>
          <RunCost />
          <nav className="tabs" aria-label={words.title}>
            {pipelines.map((each) => (
              <a key={each.name} href={toPipeline(each.name)} aria-current={each === pipeline ? "page" : undefined}>
                {each.name}
              </a>
            ))}
          </nav>
          {pipeline ? (
            <OnePipeline key={pipeline.name} pipeline={pipeline} chosen={state} />
          ) : (
            <p>
              {words.unknown} <code>{name}</code>
            </p>
          )}
        </>
      ) : (
        <p>{words.none}</p>
      )}
    </div>
  );
}

function OnePipeline({ pipeline, chosen }: { pipeline: Pipeline; chosen: string | null }) {
  const words = useWords(PIPELINES);
  const [asked, ask] = useState(false);
  const state = pipeline.states.find(({ name }) => name === chosen) ?? null;
  // A link to a state that only failures reach shows it.
  const withFailures = asked || (state !== null && !ordinary(pipeline).has(state.name));
  const show = (wanted: boolean) => {
    ask(wanted);
    if (!wanted && !asked) go(toPipeline(pipeline.name));
  };
  return (
    <section aria-labelledby="pipeline">
      <h2 id="pipeline">{pipeline.name}</h2>
      <p>
        <Catalogued>{pipeline.description}</Catalogued>
      </p>
      <label className="check">
        <input type="checkbox" checked={withFailures} onChange={(event) => show(event.target.checked)} />{" "}
        {words.showFailures}
      </label>
      <div className="beside">
        <Diagram pipeline={pipeline} chosen={chosen} withFailures={withFailures} />
        {chosen !== null && state === null ? (
          <p className="card">
            {words.unknown} <code>{chosen}</code>
          </p>
        ) : (
          <StateDetails pipeline={pipeline} state={state} />
        )}
      </div>
      <details>
        <summary>{words.stateList}</summary>
        <StateList pipeline={pipeline} />
      </details>
      <h2>{words.executions}</h2>
      <Executions pipeline={pipeline} />
    </section>
  );
}
