import { expect, it } from "vitest";

import { runs, stacked } from "./stack";

const series = (values: (number | null)[], as?: "line") => ({ name: "", values, said: () => "", ...(as && { as }) });

it("bars stand upon each other, negative ones below the line, and lines are no bars", () => {
  expect(stacked([series([2, -1]), series([3, -4]), series([9, 9], "line"), series([null, 5])])).toEqual([
    { series: 0, at: 0, from: 0, to: 2 },
    { series: 0, at: 1, from: 0, to: -1 },
    { series: 1, at: 0, from: 2, to: 5 },
    { series: 1, at: 1, from: -1, to: -5 },
    { series: 3, at: 1, from: 0, to: 5 },
  ]);
});

it("a line is broken where a value is missing", () => {
  expect(runs([1, 2, null, 0, null, 3])).toEqual([[0, 1], [3], [5]]);
  expect(runs([null])).toEqual([]);
});
