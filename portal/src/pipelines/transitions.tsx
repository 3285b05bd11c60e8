import type { State } from "../document";
import { Catalogued, useWords } from "../language";
import { toPipeline } from "../routes";
import { PIPELINES } from "./words";

/** Where a state leads, and on what condition: the lines of the diagram in words. */
export function Transitions({ pipeline, state }: { pipeline: string; state: State }) {
  const words = useWords(PIPELINES);
  if (state.next.length === 0) return words.ends;
  const when = { next: "", choice: words.when, default: words.otherwise, catch: words.onFailure };
  return (
    <ul className="plain">
      {state.next.map(({ to, kind, label }, index) => (
        <li key={index}>
          <a href={toPipeline(pipeline, to)}>{to}</a> {when[kind]}{" "}
          {label && (
            <code>
              <Catalogued>{label}</Catalogued>
            </code>
          )}
        </li>
      ))}
    </ul>
  );
}
