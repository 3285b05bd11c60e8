import {
  BarController, BarElement, CategoryScale, Chart, type ChartConfiguration, Legend, LinearScale, LineController,
  LineElement, PointElement, Tooltip,
} from "chart.js";
import { useEffect, useRef } from "react";

import { useWords } from "../language";
import { colour, useTheme } from "../theme";
import { type Series, summaryOf } from "./series";
import { DASHBOARDS } from "./words";

Chart.register(
  BarController, BarElement, CategoryScale, Legend, LinearScale, LineController, LineElement, PointElement, Tooltip,
);

const COLOURS = 8;
const POINTS = ["circle", "rectRot", "triangle", "rect", "star", "cross"] as const;
const TALL = 320;
const PER_BAR = 28;
// With more points than this, a line is told by itself, and its points would only blur it.
const FEW = 40;

/** Bars, stacked where there are several series, and lines over them; the numbers are in the table behind it. */
export function BarsAndLines({ label, labels, series, tick, horizontal = false }: {
  /** What the picture shows. */
  label: string;
  labels: string[];
  series: Series[];
  tick: (value: number) => string;
  horizontal?: boolean;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { theme } = useTheme();
  const words = useWords(DASHBOARDS);
  useEffect(() => {
    if (!canvas.current) return;
    const chart = new Chart(canvas.current, configuration(labels, series, tick, horizontal));
    return () => chart.destroy();
    // A canvas does not follow the theme by itself.
  }, [labels, series, tick, horizontal, theme]);
  return (
    <div className="chart" style={{ height: horizontal ? Math.max(labels.length * PER_BAR + 60, 120) : TALL }}>
      <canvas ref={canvas} role="img" aria-label={summaryOf(label, labels, series, words)} />
    </div>
  );
}

function configuration(
  labels: string[],
  series: Series[],
  tick: (value: number) => string,
  horizontal: boolean,
): ChartConfiguration<"bar" | "line"> {
  const name = horizontal ? "y" : "x";
  const axis = { ticks: { color: colour("faint") }, grid: { color: colour("line") } };
  const bars = series.some(({ as }) => as === undefined);
  // Bars are compared by their lengths, so they begin at nothing; lines by their course.
  const amounts = { ...axis, stacked: bars, beginAtZero: bars, ticks: { ...axis.ticks, callback: (value: string | number) => tick(Number(value)) } };
  const names = { ...axis, stacked: true };
  const apart = series.find((each) => each.apart)?.name;
  return {
    type: "bar",
    data: { labels, datasets: series.map(dataset) },
    options: {
      indexAxis: horizontal ? "y" : "x",
      maintainAspectRatio: false,
      animation: false,
      interaction: { mode: "index", intersect: false, axis: name },
      scales: horizontal ? { x: amounts, y: names } : { x: names, y: amounts, ...(apart && { right: rightAxis(amounts, apart) }) },
      plugins: {
        legend: {
          display: series.length > 1,
          labels: { color: colour("ink"), usePointStyle: true },
          // By default a press hides a series, which no key can; the filters do that for everybody.
          onClick: () => undefined,
        },
        tooltip: {
          callbacks: {
            label: ({ datasetIndex, dataIndex }) => `${series[datasetIndex]?.name}: ${series[datasetIndex]?.said(dataIndex)}`,
          },
        },
      },
    },
  };
}

function rightAxis<Axis>(amounts: Axis, name: string) {
  return {
    ...amounts,
    stacked: false,
    beginAtZero: true,
    position: "right" as const,
    grid: { drawOnChartArea: false },
    title: { display: true, text: name, color: colour("faint") },
  };
}

function dataset({ name, values, as, apart = false }: Series, index: number) {
  const drawnIn = colour(`series-${(index % COLOURS) + 1}`);
  const marks = as === "marks";
  return as
    ? {
        type: "line" as const,
        label: name,
        data: values,
        borderColor: drawnIn,
        backgroundColor: drawnIn,
        pointStyle: POINTS[index % POINTS.length] ?? "circle",
        pointRadius: marks || values.length <= FEW ? 4 : 0,
        pointHitRadius: 8,
        pointBorderWidth: 2,
        borderDash: index % 2 ? [6, 4] : [],
        showLine: !marks,
        yAxisID: apart ? "right" : "y",
        // Apart from the bars, or it would be stacked upon them.
        stack: name,
      }
    : {
        type: "bar" as const,
        label: name,
        data: values,
        backgroundColor: filled(drawnIn, index),
        borderColor: drawnIn,
        borderWidth: 1,
        pointStyle: "rect" as const,
      };
}

/** Every second series is hatched, so that neighbours can be told apart without their colours. */
function filled(drawnIn: string, index: number): string | CanvasPattern {
  const tile = document.createElement("canvas");
  const brush = tile.getContext("2d");
  if (index % 2 === 0 || !brush) return drawnIn;
  tile.width = tile.height = 8;
  brush.fillStyle = colour("surface");
  brush.fillRect(0, 0, 8, 8);
  brush.strokeStyle = drawnIn;
  brush.lineWidth = 3;
  for (const shift of index % 4 === 1 ? [-8, 0, 8] : []) {
    brush.moveTo(shift, 8);
    brush.lineTo(shift + 8, 0);
  }
  if (index % 4 === 3) {
    brush.moveTo(0, 4);
    brush.lineTo(8, 4);
  }
  brush.stroke();
  return brush.createPattern(tile, "repeat") ?? drawnIn;
}
