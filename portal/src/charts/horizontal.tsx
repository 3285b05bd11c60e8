import { placed, scaleOf } from "./scale";
import type { Series } from "./series";

/** Bars beside names, each with its amount: words in rows, so that names are never cut or turned. */
export function Horizontal({ summary, labels, series }: { summary: string; labels: string[]; series: Series[] }) {
  const [shown] = series;
  if (!shown) return null;
  const scale = scaleOf(shown.values.filter((value) => value !== null));
  const width = (value: number | null) => `${Math.max(placed(value ?? 0, scale, 0, 100), 0)}%`;
  return (
    <div className="rows" role="img" aria-label={summary}>
      {labels.map((label, at) => (
        <div key={label} className="row" aria-hidden="true">
          <span className="name">{label}</span>
          <span className="track">
            <span className="bar" style={{ width: width(shown.values[at] ?? null) }} />
          </span>
          <span className="number">{shown.said(at)}</span>
        </div>
      ))}
    </div>
  );
}
