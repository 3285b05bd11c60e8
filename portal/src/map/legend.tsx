import { useWords } from "../language";
import type { Trace } from "./trace";
import { MAP } from "./words";

/** What the lines mean, as long as some are lit. */
export function Legend({ trace }: { trace: Trace | null }) {
  const words = useWords(MAP);
  if (!trace) return <p className="legend">{words.keys}</p>;
  const sides = [
    ["upstream", `◀ ${words.upstream}`],
    ["downstream", `${words.downstream} ▶`],
  ] as const;
  const flows = [
    ["direct", words.direct],
    ["deciding", words.deciding],
  ] as const;
  // Columns tell the sides by colour and by where they stand, so that whole and dotted are free for what flows.
  const kinds = trace.column ? [...sides.map(([side, name]) => [`${side} direct`, name] as const), ...flows] : sides;
  return (
    <ul className="legend" aria-label={words.legend}>
      {kinds.map(([kind, name]) => (
        <li key={kind}>
          <svg width="36" height="8" aria-hidden="true">
            <line className={`sample ${kind}`} x1="0" y1="4" x2="36" y2="4" />
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}
