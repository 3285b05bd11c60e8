import { colourOf, isMarked, type Series } from "./series";

/** What is drawn how; every second series is hatched or dashed, so that neighbours are told apart without their colours. */
export function Legend({ series }: { series: Series[] }) {
  if (series.length < 2) return null;
  return (
    <figcaption className="legend">
      {series.map((each, index) => (
        <span key={each.name} className={colourOf(series, index)}>
          <i aria-hidden="true" className={each.as ?? (isMarked(series, index) ? "hatched" : "plain")} data-dashed={isMarked(series, index)} />
          <span>{each.name}</span>
        </span>
      ))}
    </figcaption>
  );
}

export function Patterns({ id, series }: { id: string; series: Series[] }) {
  return (
    <defs>
      {series.map((each, index) =>
        each.as === undefined && isMarked(series, index) ? (
          <pattern
            key={index}
            id={`${id}-${index}`}
            className={colourOf(series, index)}
            width="6"
            height="6"
            patternUnits="userSpaceOnUse"
            patternTransform={index % 4 === 1 ? "rotate(45)" : "rotate(-45)"}
          >
            <rect className="ground" width="6" height="6" />
            <rect className="stripe" width="3" height="6" />
          </pattern>
        ) : null,
      )}
    </defs>
  );
}

/** What stands at one label, to the cent, beside the pointer. */
export function Tip({ name, series, at, left, width }: {
  name: string;
  series: Series[];
  at: number;
  left: number;
  width: number;
}) {
  const before = left > width / 2;
  const style = before ? { right: `${((width - left) / width) * 100 + 2}%` } : { left: `${(left / width) * 100 + 2}%` };
  return (
    <div className="tip card" style={style} aria-hidden="true">
      <strong>{name}</strong>
      {series.map((each, index) =>
        each.said(at) ? (
          <div key={each.name} className={colourOf(series, index)}>
            <i className={each.as ?? (isMarked(series, index) ? "hatched" : "plain")} data-dashed={isMarked(series, index)} />
            <span>{each.name}</span>
            <span className="number">{each.said(at)}</span>
          </div>
        ) : null,
      )}
    </div>
  );
}
