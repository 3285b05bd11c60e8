import { useState } from "react";

import { useLakehouse } from "../data";
import type { Pipeline } from "../document";
import { Catalogued, useWords } from "../language";
import { toPipeline } from "../routes";
import { RunCost } from "./cost";
import { Diagram } from "./diagram";
import { Executions } from "./executions";
import "./pipelines.css";
import { StateDetails } from "./state-details";
import { PIPELINES } from "./words";

// The one that runs all the others.
const WHOLE = "StateMachine_DAG_pipeline";

/** The state machines: what a run costs, what they do, how they went. */
export function PipelinesPage({ pipeline: name, state }: { pipeline: string | null; state: string | null }) {
  const words = useWords(PIPELINES);
  const { pipelines } = useLakehouse().lakehouse;
  const pipeline = pipelines.find((each) => each.name === (name ?? WHOLE)) ?? pipelines[0];
  return (
    <div className="page pipelines">
      <h1>{words.title}</h1>
      {pipeline ? (
        <>
          <RunCost />
          <nav className="tabs" aria-label={words.title}>
            {pipelines.map((each) => (
              <a key={each.name} href={toPipeline(each.name)} aria-current={each === pipeline ? "page" : undefined}>
                {each.name}
              </a>
            ))}
          </nav>
          <OnePipeline key={pipeline.name} pipeline={pipeline} chosen={state} />
        </>
      ) : (
        <p>{words.none}</p>
      )}
    </div>
  );
}

function OnePipeline({ pipeline, chosen }: { pipeline: Pipeline; chosen: string | null }) {
  const words = useWords(PIPELINES);
  const [withFailures, setWithFailures] = useState(false);
  return (
    <section aria-labelledby="pipeline">
      <h2 id="pipeline">{pipeline.name}</h2>
      <p>
        <Catalogued>{pipeline.description}</Catalogued>
      </p>
      <label className="check">
        <input type="checkbox" checked={withFailures} onChange={(event) => setWithFailures(event.target.checked)} />{" "}
        {words.showFailures}
      </label>
      <div className="beside">
        <Diagram pipeline={pipeline} chosen={chosen} withFailures={withFailures} />
        <StateDetails state={pipeline.states.find(({ name }) => name === chosen) ?? null} />
      </div>
      <details>
        <summary>{words.stateList}</summary>
        <ol>
          {pipeline.states.map((state) => (
            <li key={state.name}>
              <a href={toPipeline(pipeline.name, state.name)}>{state.name}</a> ({state.type}){" "}
              {state.next.length > 0 && <>→ {state.next.map(({ to }) => to).join(", ")}</>}
            </li>
          ))}
        </ol>
      </details>
      <h2>{words.executions}</h2>
      <Executions pipeline={pipeline} />
    </section>
  );
}
