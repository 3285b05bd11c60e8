import type { Transition } from "../document";
import { useWords } from "../language";
import { PIPELINES } from "./words";

/** What the lines of the diagram mean: each kind has a pattern of its own, not a colour alone. */
export function DiagramLegend({ withFailures }: { withFailures: boolean }) {
  const words = useWords(PIPELINES);
  const kinds: [Transition["kind"], string][] = [
    ["next", words.lineNext],
    ["choice", words.lineChoice],
    ["default", words.lineDefault],
  ];
  if (withFailures) kinds.push(["catch", words.lineCatch]);
  return (
    <ul className="lines faint">
      {kinds.map(([kind, said]) => (
        <li key={kind}>
          <svg className={kind} width="36" height="8" aria-hidden="true">
            <line x1="0" y1="4" x2="36" y2="4" />
          </svg>{" "}
          {said}
        </li>
      ))}
    </ul>
  );
}
