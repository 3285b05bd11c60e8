import { describe, expect, it } from "vitest";

import { placed, scaleOf } from "./scale";

describe("an axis", () => {
  it("holds every amount between round ticks, from nothing on", () => {
    expect(scaleOf([3, 97])).toEqual({ least: 0, most: 100, ticks: [0, 20, 40, 60, 80, 100] });
    expect(scaleOf([-30, 70]).ticks).toEqual([-40, -20, 0, 20, 40, 60, 80]);
    expect(scaleOf([0.1, 0.3]).ticks).toEqual([0, 0.1, 0.2, 0.3]);
  });

  it("is near the amounts where only lines are drawn, whose course counts", () => {
    expect(scaleOf([5.1, 5.6], { fromZero: false }).ticks).toEqual([5.1, 5.2, 5.3, 5.4, 5.5, 5.6]);
  });

  it("exists also without an amount, or with one alone", () => {
    for (const amounts of [[], [0], [7], [-7], [Number.NaN]]) {
      const scale = scaleOf(amounts);
      expect(scale.most).toBeGreaterThan(scale.least);
      const near = scaleOf(amounts, { fromZero: false });
      expect(near.most).toBeGreaterThan(near.least);
    }
  });

  it("goes from nothing to the amount where all amounts are the same", () => {
    expect(scaleOf([0.95, 0.95], { fromZero: false, wanted: 3 }).ticks).toEqual([0, 0.5, 1]);
    expect(scaleOf([-2, -2]).ticks.at(-1)).toBe(0);
  });

  it("places an amount between two pixels, upwards as well", () => {
    const scale = scaleOf([0, 100]);
    expect(placed(25, scale, 200, 0)).toBe(150);
  });
});
