import { useFormats, useLakehouse } from "../data";
import type { Pipeline, State } from "../document";
import { Catalogued, useWords } from "../language";
import { Name } from "../parts/name";
import { toAsset } from "../routes";
import { Transitions } from "./transitions";
import { PIPELINES } from "./words";
import { StateType } from "./status";

/** What a state does: in words, who answers for it, what it reads and writes. */
export function StateDetails({ pipeline, state }: { pipeline: Pipeline; state: State | null }) {
  const words = useWords(PIPELINES);
  const formats = useFormats();
  if (!state) return <p className="card faint">{words.choose}</p>;
  const last = pipeline.executions[0]?.tasks.find((task) => task.state === state.name);
  return (
    <div className="details">
      <section className="card" aria-live="polite" aria-label={state.name}>
        <h3>{state.name}</h3>
        {state.description && (
          <p>
            <Catalogued>{state.description}</Catalogued>
          </p>
        )}
        <dl>
          <dt>{words.type}</dt>
          <dd>
            <StateType type={state.type} />
          </dd>
          {state.owner && (
            <>
              <dt>{words.owner}</dt>
              <dd>{state.owner}</dd>
            </>
          )}
          {state.resource && (
            <>
              <dt>{words.resource}</dt>
              <dd>
                <code>{state.resource}</code>
              </dd>
              <dt>{words.inputs}</dt>
              <dd>
                <Assets ids={state.inputs} />
              </dd>
              <dt>{words.outputs}</dt>
              <dd>
                <Assets ids={state.outputs} />
              </dd>
              <dt>{words.retries}</dt>
              <dd>{state.retries}</dd>
            </>
          )}
          {last && (
            <>
              <dt>{words.lastDuration}</dt>
              <dd>{formats.seconds(last.seconds)}</dd>
            </>
          )}
        </dl>
      </section>
      <section className="card" aria-labelledby="leads-to">
        <h3 id="leads-to">{words.leadsTo}</h3>
        <Transitions pipeline={pipeline.name} state={state} />
      </section>
    </div>
  );
}

/** Assets by their names; those the catalogue has are links. */
function Assets({ ids }: { ids: string[] }) {
  const words = useWords(PIPELINES);
  const { assets } = useLakehouse();
  if (ids.length === 0) return words.nothing;
  return (
    <ul className="assets">
      {ids.map((id) => (
        <li key={id}>{assets.has(id) ? <a href={toAsset(id)}><Name text={id} /></a> : <Name text={id} />}</li>
      ))}
    </ul>
  );
}
