import { Catalogued, useWords } from "../language";
import { MAP } from "./words";

/** What governance found wrong, where everyone begins. */
export function Problems({ problems }: { problems: readonly string[] }) {
  const words = useWords(MAP);
  if (problems.length === 0) return null;
  return (
    <details className="problems">
      <summary className="warn">
        <span aria-hidden="true">⚠</span> {words.problems}: {problems.length}
      </summary>
      <ul>
        {problems.map((problem, index) => (
          <li key={index}>
            <Catalogued>{problem}</Catalogued>
          </li>
        ))}
      </ul>
    </details>
  );
}
