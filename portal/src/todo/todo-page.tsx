import { type ReactNode, useMemo } from "react";

import { nameOf, said } from "../asset/past";
import { PAST } from "../asset/words";
import { useFormats, useLakehouse } from "../data";
import type { Asset } from "../document";
import { Catalogued, useLanguage, useWords } from "../language";
import { toAsset, toPipeline } from "../routes";
import { type Task, tasksOf } from "./tasks";
import "./todo.css";
import { TODO } from "./words";

const COLOUR: Record<Task["kind"], string> = {
  alert: "fail", run: "fail", refused: "fail", broken: "fail", waiting: "warn", problem: "warn", odd: "warn", late: "warn", warned: "faint",
};

/** Alerts and quarantine as a list of what to do, by whom and with which command. */
export function TodoPage() {
  const words = useWords(TODO);
  const { lakehouse } = useLakehouse();
  const tasks = useMemo(() => tasksOf(lakehouse), [lakehouse]);
  return (
    <div className="page todo">
      <h1>{words.title}</h1>
      <p className="faint">{words.about}</p>
      {lakehouse.waiting === null && <p className="warn">{words.unknownWaiting}</p>}
      {tasks.length === 0 ? (
        <p>{words.nothing}</p>
      ) : (
        <ol className="tasks">
          {tasks.map((task, index) => (
            <li key={index}>
              <span className={`kind ${COLOUR[task.kind]}`}>{words[task.kind]}</span>
              <What task={task} />
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function What({ task }: { task: Task }) {
  const words = useWords(TODO);
  const past = useWords(PAST);
  const { language } = useLanguage();
  const formats = useFormats();
  switch (task.kind) {
    case "alert": {
      const { alert } = task;
      return (
        <Line
          what={
            <>
              {alert.pipeline}, <time dateTime={alert.at}>{formats.moment(alert.at)}</time>
            </>
          }
          who={null}
          todo={<a href={toPipeline(alert.pipeline)}>{words.lookAtRun}</a>}
        >
          {alert.text[language].split("\n").find((line) => line !== "")}
          <details>
            <summary>{words.message}</summary>
            <pre>{alert.text[language]}</pre>
          </details>
        </Line>
      );
    }
    case "run":
      return (
        <Line what={task.run.pipeline} who={null} todo={<a href={toPipeline(task.run.pipeline)}>{words.lookAtRun}</a>}>
          {words.runFailed}
        </Line>
      );
    case "refused":
      return (
        <Line what={<To asset={task.asset} />} who={task.asset.owner} todo={<a href={toAsset(task.asset.id)}>{words.lookAtRules}</a>}>
          {words.refusedWhy}
        </Line>
      );
    case "broken":
    case "warned":
      return (
        <Line
          what={
            <>
              <To asset={task.asset} />: {formats.number(task.failed)} {words.of} {formats.number(task.examined)}
            </>
          }
          who={task.asset.owner}
          todo={<a href={toAsset(task.asset.id)}>{words.lookAtRules}</a>}
        >
          <Catalogued>{task.rule.description}</Catalogued>
        </Line>
      );
    case "waiting": {
      const { waiting, asset } = task;
      return (
        <Line
          what={
            <>
              {asset ? <To asset={asset} /> : waiting.table}: {formats.number(waiting.rows)} {waiting.rows === 1 ? words.row : words.rows},{" "}
              {waiting.days > 0 && `${formats.number(waiting.days)} ${waiting.days === 1 ? words.day : words.days}, `}
              {words.sinceVersion} {formats.number(waiting.version)}
            </>
          }
          who={asset?.owner ?? null}
          todo={
            <>
              {words.fixQuarantine} <code>./importau quarantine export quarentena</code>, <code>quarantine fix</code>
            </>
          }
        >
          {Object.entries(waiting.reasons).map(([reason, count]) => (
            <span key={reason} className="reason">
              {formats.number(count)} × <Catalogued>{reason}</Catalogued>
            </span>
          ))}
        </Line>
      );
    }
    case "problem":
      return (
        <Line what={<Catalogued>{task.text}</Catalogued>} who={null} todo={<code>./importau verify --repair</code>}>
          {null}
        </Line>
      );
    case "odd": {
      const { asset, anomalies } = task;
      return (
        <Line
          what={
            <>
              <To asset={asset} />: {anomalies.length === 1 ? words.oneNumber : `${formats.number(anomalies.length)} ${words.numbers}`}
            </>
          }
          who={asset.owner}
          todo={<a href={toAsset(asset.id)}>{words.lookAtPast}</a>}
        >
          {anomalies.map((each) => (
            <span key={`${each.measure} ${each.column}`} className="reason">
              {nameOf(each, asset, past)}: <strong>{said(each, each.value, formats)}</strong>; {words.expected}{" "}
              {said(each, each.expected, formats)} ({said(each, each.least, formats)} {words.to} {said(each, each.most, formats)}),{" "}
              {formats.double(each.tenths / 10, 1)} {words.spreads} {formats.number(each.runs)} {words.runs}
            </span>
          ))}
        </Line>
      );
    }
    case "late":
      return (
        <Line
          what={
            <>
              {words.tablesLate} {formats.number(task.assets.length)}
            </>
          }
          who={null}
          todo={
            <>
              {words.runAgain} <code>./importau run</code>
            </>
          }
        >
          {task.assets.map((asset) => (
            <span key={asset.id} className="reason">
              <To asset={asset} />
            </span>
          ))}
        </Line>
      );
  }
}

function Line({ what, who, todo, children }: { what: ReactNode; who: string | null; todo: ReactNode; children: ReactNode }) {
  const words = useWords(TODO);
  return (
    <div>
      <p className="what">{what}</p>
      {children && <div className="why">{children}</div>}
      <p className="do">
        {todo}
        {who && (
          <span className="faint">
            {" "}
            · {words.whoDoes}: {who}
          </span>
        )}
      </p>
    </div>
  );
}

function To({ asset }: { asset: Asset }) {
  return (
    <a href={toAsset(asset.id)}>
      {asset.business_name ? <Catalogued>{asset.business_name}</Catalogued> : asset.name}
    </a>
  );
}
