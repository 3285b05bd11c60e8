import { useFormats } from "../data";
import type { Execution, Pipeline } from "../document";
import { useWords } from "../language";
import { Scroll } from "../parts/scroll";
import { Status } from "./status";
import { PIPELINES } from "./words";

/** The last executions of a state machine, with the time each of its tasks took. */
export function Executions({ pipeline }: { pipeline: Pipeline }) {
  const words = useWords(PIPELINES);
  const formats = useFormats();
  if (pipeline.executions.length === 0) return <p>{words.noExecutions}</p>;
  return (
    <Scroll name={words.executions}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.started}</th>
            <th scope="col">{words.status}</th>
            <th scope="col" className="number">
              {words.duration}
            </th>
            <th scope="col">{words.perTask}</th>
          </tr>
        </thead>
        <tbody>
          {pipeline.executions.map((execution) => (
            <tr key={execution.arn}>
              <td>
                <time dateTime={execution.started}>{formats.moment(execution.started)}</time>
                <div className="faint">{execution.run_id}</div>
              </td>
              <td>
                <Status status={execution.status} />
                {execution.cause && (
                  <div className="cause">
                    {words.cause}: {execution.cause}
                  </div>
                )}
              </td>
              <td className="number">{execution.seconds === null ? words.running : formats.seconds(execution.seconds)}</td>
              <td>
                <TaskTimes execution={execution} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function TaskTimes({ execution }: { execution: Execution }) {
  const formats = useFormats();
  const longest = Math.max(...execution.tasks.map(({ seconds }) => seconds), 0.001);
  return (
    <ul className="times">
      {execution.tasks.map(({ state, seconds, status }, index) => (
        <li key={index}>
          <span className="name">{state}</span>
          <span className="track" aria-hidden="true">
            <span className={`taken ${status}`} style={{ width: `${Math.max((100 * seconds) / longest, 1)}%` }} />
          </span>
          <span className="number">{formats.seconds(seconds)}</span>
          {status !== "succeeded" && <Status status={status} />}
        </li>
      ))}
    </ul>
  );
}
