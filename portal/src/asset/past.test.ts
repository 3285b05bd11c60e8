import { expect, it } from "vitest";

import type { PastMeasure } from "../document";
import { assetOf } from "../map/small-world";
import { formats } from "../numbers";
import { failuresOf, isOdd, nameOf, oddities, said, seriesOf } from "./past";
import { PAST } from "./words";

const PT = formats("pt");
const NAMES = { usual: "usual", measured: "medido", odd: "fora" };
const rows: PastMeasure = {
  measure: "rows", column: null, scale: 0,
  values: [300, 301, null, 150],
  usual: [null, [290, 310], null, [290, 310]],
};

it("a number is odd beyond what is usual, and never where that is not known", () => {
  expect([0, 1, 2, 3].map((at) => isOdd(rows, at))).toEqual([false, false, false, true]);
  expect(oddities(rows)).toBe(1);
});

it("amounts beyond what a number of JavaScript holds are compared to the cent", () => {
  const sum: PastMeasure = {
    measure: "total", column: "valor_brl", scale: 2,
    values: ["900719925474099301", "900719925474099302"],
    usual: [["900719925474099301", "900719925474099301"], ["900719925474099301", "900719925474099301"]],
  };
  expect([isOdd(sum, 0), isOdd(sum, 1)]).toEqual([false, true]);
});

it("a picture has a band where something is usual, and marks where a number is beyond it", () => {
  const [band, line, marks] = seriesOf(rows, NAMES, PT);
  expect(band).toMatchObject({ name: "usual", as: "band", between: [null, [290, 310], null, [290, 310]] });
  expect([band?.said(0), band?.said(1)]).toEqual(["", "290 – 310"]);
  expect(line).toMatchObject({ name: "medido", as: "line", values: [300, 301, null, 150] });
  expect(marks).toMatchObject({ name: "fora", as: "marks", values: [null, null, null, 150] });
  expect(seriesOf({ ...rows, usual: [null, null, null, null] }, NAMES, PT).map(({ name }) => name)).toEqual(["medido"]);
});

it("numbers are written as what they are, and columns called as people call them", () => {
  const of = (measure: PastMeasure["measure"], column: string | null = null, scale = 0) => ({ measure, column, scale });
  expect(said(of("quarantine"), 25000, PT)).toBe("2,5%");
  expect(said(of("age"), 150, PT)).toBe("2,5 h");
  expect(said(of("total", "valor_brl", 2), "123456", PT).replace(/\s/g, " ")).toBe("R$ 1.234,56");
  expect(said(of("total", "valor_moeda_origem", 2), "123456", PT)).toBe("1.234,56");
  const asset = assetOf("bronze.a", "bronze", ["valor_brl"]);
  asset.columns[0]!.business_name = "Valor";
  expect(nameOf(of("total", "valor_brl"), asset, PAST.pt)).toBe("Soma de Valor");
  expect(nameOf(of("nulls", "outra"), asset, PAST.pt)).toBe("Vazios em outra");
  expect(nameOf(of("rows"), null, PAST.en)).toBe("Rows");
});

it("the rules that ever failed are drawn from the oldest audit on, those that failed most first", () => {
  const audit = (at: string) => ({ run_id: at, evaluated_at: `2026-11-${at}T00:00:00Z`, verdict: "warn" as const, rows: 9, quarantined: 0, quarantine_reasons: {} });
  const rule = (name: string, column: string | null, ...failed: (number | null)[]) => ({
    name, column, description: "", dimension: "", severity: "warning" as const, examples: [],
    results: failed.map((each) => (each === null ? null : { status: each ? ("warn" as const) : ("pass" as const), failed: each, examined: 9 })),
  });
  const asset = {
    ...assetOf("bronze.a", "bronze"),
    audits: [audit("22"), audit("21")],
    rules: [rule("nunca", null, 0, 0), rule("pouco", "a", 1, null), rule("muito", null, 2, 5)],
  };
  const { labels, series } = failuresOf(asset, PT);
  expect(labels).toHaveLength(2);
  expect(series.map(({ name, values }) => [name, values])).toEqual([["muito", [5, 2]], ["a: pouco", [null, 1]]]);
  expect([series[1]?.said(0), series[1]?.said(1)]).toEqual(["", "1"]);
});
