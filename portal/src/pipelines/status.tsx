import type { Execution, TaskTime } from "../document";
import { useWords } from "../language";
import { STATE_TYPES, STATUS } from "./words";

const GOOD = new Set(["SUCCEEDED", "succeeded"]);
const UNDER_WAY = new Set(["RUNNING", "running"]);

/** How an execution or a task of it went: in words and a sign, not by colour alone. */
export function Status({ status }: { status: Execution["status"] | TaskTime["status"] }) {
  const words = useWords(STATUS);
  const [colour, sign] = GOOD.has(status) ? ["pass", "✓"] : UNDER_WAY.has(status) ? ["warn", "…"] : ["fail", "✗"];
  return (
    <span className={`badge ${colour}`}>
      <span aria-hidden="true">{sign}</span> {words[status]}
    </span>
  );
}

/** A kind of state in the language that is spoken. */
export function StateType({ type }: { type: string }) {
  const words: Record<string, string> = useWords(STATE_TYPES);
  return words[type] ?? type;
}
