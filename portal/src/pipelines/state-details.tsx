import { useLakehouse } from "../data";
import type { State } from "../document";
import { Catalogued, useWords } from "../language";
import { toAsset } from "../routes";
import { PIPELINES } from "./words";

/** What a state does: in words, who answers for it, what it reads and writes. */
export function StateDetails({ state }: { state: State | null }) {
  const words = useWords(PIPELINES);
  if (!state) return <p className="card faint">{words.choose}</p>;
  return (
    <section className="card details" aria-live="polite" aria-label={state.name}>
      <h3>{state.name}</h3>
      {state.description && (
        <p>
          <Catalogued>{state.description}</Catalogued>
        </p>
      )}
      <dl>
        <dt>{words.type}</dt>
        <dd>{state.type}</dd>
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
      </dl>
    </section>
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
        <li key={id}>{assets.has(id) ? <a href={toAsset(id)}>{id}</a> : id}</li>
      ))}
    </ul>
  );
}
