import type { Pipeline } from "../document";
import { Catalogued, useWords } from "../language";
import { toPipeline } from "../routes";
import { Transitions } from "./transitions";
import { PIPELINES } from "./words";
import { StateType } from "./status";

/** The diagram as a list: every state, what it is, and where it leads; a container's states are within it. */
export function StateList({ pipeline, parent = null }: { pipeline: Pipeline; parent?: string | null }) {
  const words = useWords(PIPELINES);
  const states = pipeline.states.filter((state) => state.parent === parent);
  if (states.length === 0) return null;
  return (
    <ol className="state-list">
      {states.map((state) => (
        <li key={state.name}>
          <a href={toPipeline(pipeline.name, state.name)}>{state.name}</a> (<StateType type={state.type} />){" "}
          <Catalogued>{state.description}</Catalogued>
          <div>
            {state.next.length > 0 && <>{words.leadsTo}: </>}
            <Transitions pipeline={pipeline.name} state={state} />
          </div>
          <StateList pipeline={pipeline} parent={state.name} />
        </li>
      ))}
    </ol>
  );
}
