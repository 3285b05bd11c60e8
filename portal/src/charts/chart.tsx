import { type PointerEvent, useId, useLayoutEffect, useMemo, useRef, useState } from "react";

import { useWords } from "../language";
import "./charts.css";
import { Horizontal } from "./horizontal";
import { Legend, Patterns, Tip } from "./legend";
import { placed, scaleOf } from "./scale";
import { colourOf, isMarked, type Series, summaryOf } from "./series";
import { runs, stacked } from "./stack";
import { CHARTS } from "./words";

const HEIGHT = 300;
const MARGIN = { top: 12, right: 12, bottom: 26, left: 76 };
/** With more points than this, a line is told by itself, and its points would only blur it. */
const FEW = 24;
/** What a letter of a label takes, and the room beside it. */
const LETTER = 6.6;
const BESIDE = 12;
const WIDEST_BAR = 44;

interface Picture {
  /** What the picture shows. */
  label: string;
  labels: string[];
  series: Series[];
  tick: (value: number) => string;
  height?: number;
  /** Where "today" is, in labels: 2.5 is in the middle of the third. */
  today?: { at: number; name: string } | undefined;
  /** The axis begins at nothing though there is no bar. */
  fromZero?: boolean;
}

/** Bars, stacked where there are several series, and lines in front of them, on one axis; the numbers are in a table. */
export function BarsAndLines({ horizontal = false, ...picture }: Picture & { horizontal?: boolean }) {
  const words = useWords(CHARTS);
  const { label, labels, series } = picture;
  const summary = summaryOf(label, labels, series, words);
  return (
    <figure className="chart">
      <Legend series={series} />
      {horizontal ? <Horizontal summary={summary} labels={labels} series={series} /> : <Upright {...picture} summary={summary} />}
    </figure>
  );
}

function Upright({ summary, labels, series, tick, height = HEIGHT, today, fromZero = false }: Picture & { summary: string }) {
  const [box, width] = useWidth();
  const [pointed, point] = useState<number | null>(null);
  const patterns = useId();
  const pieces = useMemo(() => stacked(series), [series]);
  const bars = pieces.length > 0;
  const scale = useMemo(() => {
    const lines = series.filter(({ as }) => as !== undefined);
    const amounts = lines.flatMap(({ values, between = [] }) => [...values, ...between.flatMap((each) => each ?? [])]);
    return scaleOf(
      [...pieces.map(({ to }) => to), ...amounts.filter((amount) => amount !== null)],
      { wanted: height < 200 ? 3 : 5, fromZero: fromZero || bars },
    );
  }, [pieces, series, bars, fromZero, height]);
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
  const band = (right - left) / Math.max(labels.length, 1);
  const x = (at: number) => left + (at + 0.5) * band;
  const y = (amount: number) => placed(amount, scale, bottom, top);
  const bar = Math.min(band * 0.68, WIDEST_BAR);
  const widest = Math.max(0, ...labels.map(({ length }) => length)) * LETTER + BESIDE;
  const every = Math.max(1, Math.ceil(widest / band));
  const onPointer = (event: PointerEvent<SVGSVGElement>) => {
    const frame = event.currentTarget.getBoundingClientRect();
    const at = Math.floor((((event.clientX - frame.left) / frame.width) * width - left) / band);
    point(at >= 0 && at < labels.length ? at : null);
  };
  return (
    <div className="drawn" ref={box}>
      <svg
        role="img"
        aria-label={summary}
        viewBox={`0 0 ${width} ${height}`}
        onPointerMove={onPointer}
        onPointerDown={onPointer}
        onPointerLeave={() => point(null)}
      >
        <Patterns id={patterns} series={series} />
        {pointed !== null && <rect className="pointed" x={left + pointed * band} y={top} width={band} height={bottom - top} />}
        {scale.ticks.map((each) => (
          <g key={each} className="grid">
            <line x1={left} x2={right} y1={y(each)} y2={y(each)} />
            <text x={left - 8} y={y(each)} dy="0.32em" textAnchor="end">
              {tick(each)}
            </text>
          </g>
        ))}
        {labels.map((each, at) =>
          at % every === 0 ? (
            <text key={at} className="name" x={x(at)} y={height - 8} textAnchor="middle">
              {each}
            </text>
          ) : null,
        )}
        {series.map(({ as, between = [] }, index) =>
          as === "band" ? <Band key={index} between={between} className={colourOf(series, index)} x={x} y={y} width={band} /> : null,
        )}
        {pieces.map(({ series: index, at, from, to }) => (
          <rect
            key={`${index} ${at}`}
            className={`bar ${colourOf(series, index)}`}
            fill={isMarked(series, index) ? `url(#${patterns}-${index})` : "currentColor"}
            x={x(at) - bar / 2}
            width={bar}
            y={Math.min(y(from), y(to))}
            height={Math.abs(y(from) - y(to))}
          />
        ))}
        {scale.least <= 0 && <line className="zero" x1={left} x2={right} y1={y(0)} y2={y(0)} />}
        {series.map((each, index) =>
          each.as && each.as !== "band" ? <Line key={index} series={each} dashed={isMarked(series, index)} className={colourOf(series, index)} x={x} y={y} /> : null,
        )}
        {today && (
          <g className="today">
            <line x1={left + today.at * band} x2={left + today.at * band} y1={top - 4} y2={bottom} />
            <text x={left + today.at * band + 5} y={top + 4}>
              {today.name}
            </text>
          </g>
        )}
      </svg>
      {pointed !== null && <Tip name={labels[pointed] ?? ""} series={series} at={pointed} left={x(pointed)} width={width} />}
    </div>
  );
}

/** An area from run to run; each interval is as wide as its label, so that one alone is seen as well. */
function Band({ between, className, x, y, width }: {
  between: ([number, number] | null)[];
  className: string;
  x: (at: number) => number;
  y: (amount: number) => number;
  width: number;
}) {
  // One path, so that neighbours leave no seam.
  const path = between.map((ends, at) => {
    if (!ends) return "";
    const [left, top, height] = [x(at) - width / 2, y(ends[1]), Math.max(y(ends[0]) - y(ends[1]), 2)];
    return `M${left} ${top}h${width + 0.5}v${height}h${-width - 0.5}z`;
  });
  return <path className={`band ${className}`} d={path.join("")} />;
}

function Line({ series, dashed, className, x, y }: {
  series: Series;
  dashed: boolean;
  className: string;
  x: (at: number) => number;
  y: (amount: number) => number;
}) {
  const { values, between = [], as } = series;
  const points = as === "marks" || values.length <= FEW;
  return (
    <g className={`line ${className}`}>
      {between.map((ends, at) =>
        ends ? (
          <path key={at} className="between" d={`M${x(at)} ${y(ends[0])}V${y(ends[1])}m-5 0h10M${x(at) - 5} ${y(ends[0])}h10`} />
        ) : null,
      )}
      {as === "line" &&
        runs(values).map((run) => {
          const path = `M${run.map((at) => `${x(at)} ${y(values[at] as number)}`).join("L")}`;
          return (
            <g key={run[0]}>
              <path className="halo" d={path} />
              <path className={dashed ? "dashed" : undefined} d={path} />
            </g>
          );
        })}
      {points && values.map((value, at) => (value === null ? null : <circle key={at} cx={x(at)} cy={y(value)} r={3.5} />))}
    </g>
  );
}

/** How wide a box is, now and whenever that changes; what is drawn in it keeps the size of its letters. */
function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(720);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setWidth(Math.max(Math.round(element.clientWidth), 240));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [box, width] as const;
}
