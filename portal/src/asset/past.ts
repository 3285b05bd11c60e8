import { drawn, type Series } from "../charts/series";
import type { Asset, Exact, Measured, PastMeasure } from "../document";
import type { formats } from "../numbers";

type Formats = ReturnType<typeof formats>;

const WHOLE = 1_000_000;
const MINUTES = 60;
/** Of more rules a picture tells nothing. */
const MOST_RULES = 6;
const REAIS = /_brl$/;

/** A number that is measured, as one reads it. */
export function said({ measure, column, scale }: Measured, value: Exact, formats: Formats): string {
  switch (measure) {
    case "quarantine":
    case "nulls":
      return formats.percent(Number(value) / WHOLE);
    case "age":
      return `${formats.double(Number(value) / MINUTES, 1)} h`;
    case "total":
      return column !== null && REAIS.test(column)
        ? formats.money(BigInt(value), "BRL", scale)
        : formats.exact(BigInt(value), scale);
    default:
      return formats.exact(BigInt(value), scale);
  }
}

/** How a number is called: of a column with the name that people give it. */
export function nameOf({ measure, column }: Measured, asset: Asset | null, words: Record<Measured["measure"], string>): string {
  if (column === null) return words[measure];
  return `${words[measure]} ${asset?.columns.find(({ name }) => name === column)?.business_name || column}`;
}

/** Where a number is beyond what is usual. */
export function isOdd({ values, usual }: PastMeasure, at: number): boolean {
  const [value, between] = [values[at] ?? null, usual[at] ?? null];
  return value !== null && between !== null && (BigInt(value) < BigInt(between[0]) || BigInt(value) > BigInt(between[1]));
}

/** How many runs of a table had a number beyond what is usual. */
export function oddities(measure: PastMeasure): number {
  return measure.values.filter((_, at) => isOdd(measure, at)).length;
}

/** A measure as a picture: what is usual behind, the numbers in front, and marks where they are beyond it. */
export function seriesOf(measure: PastMeasure, names: Record<"usual" | "measured" | "odd", string>, formats: Formats): Series[] {
  const line = (name: string, values: (Exact | null)[]) => ({
    name,
    values: values.map((value) => (value === null ? null : drawnOf(measure, value))),
    said: (at: number) => ((values[at] ?? null) === null ? "" : said(measure, values[at] as Exact, formats)),
    marked: false,
  });
  const band = measure.usual.map((ends): [number, number] | null => (ends ? [drawnOf(measure, ends[0]), drawnOf(measure, ends[1])] : null));
  const odd = measure.values.map((value, at) => (isOdd(measure, at) ? value : null));
  const known = band.some((each) => each !== null);
  const usual: Series = {
    name: names.usual,
    values: band.map(() => null),
    between: band,
    as: "band",
    colour: 0,
    said: (at) => (measure.usual[at] ?? []).map((end) => said(measure, end, formats)).join(" – "),
  };
  return [
    ...(known ? [usual] : []),
    { ...line(names.measured, measure.values), as: "line", colour: 0 },
    ...(odd.some((value) => value !== null)
      ? [{ ...line(names.odd, odd), as: "marks" as const, colour: 1 }]
      : []),
  ];
}

/** A number as a picture draws it: ages in hours. */
function drawnOf({ measure, scale }: PastMeasure, value: Exact): number {
  return (drawn(BigInt(value), scale) as number) / (measure === "age" ? MINUTES : 1);
}

/** How often the rules failed that ever did, audit by audit, the oldest first: those that failed most. */
export function failuresOf(asset: Asset, formats: Formats): { labels: string[]; series: Series[] } {
  const labels = [...asset.audits].reverse().map(({ evaluated_at }) => formats.dayTime(evaluated_at));
  const failing = asset.rules
    .map((rule) => {
      const failed = [...rule.results].reverse().map((result) => result?.failed ?? null);
      return { name: rule.column ? `${rule.column}: ${rule.name}` : rule.name, failed, most: Math.max(0, ...failed.map((each) => each ?? 0)) };
    })
    .filter(({ most }) => most > 0)
    .sort((a, b) => b.most - a.most || a.name.localeCompare(b.name))
    .slice(0, MOST_RULES);
  return {
    labels,
    series: failing.map(({ name, failed }) => ({
      name,
      values: failed,
      as: "line" as const,
      said: (at) => ((failed[at] ?? null) === null ? "" : formats.number(failed[at] as number)),
    })),
  };
}
