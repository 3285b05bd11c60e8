import { describe, expect, it } from "vitest";

import { formats } from "./numbers";

/** Intl separates by spaces that do not break. */
const plain = (text: string) => text.replace(/\s/g, " ");

describe("US dollars", () => {
  it("are shown to the cent, as all money", () => {
    expect(plain(formats("pt").usd("0.440829880"))).toBe("US$ 0,44");
    expect(formats("en").usd("1234.5")).toBe("$1,234.50");
    expect(formats("en").usd("0.000000000")).toBe("$0.00");
  });

  it("that are next to nothing are said to be less than what is shown", () => {
    expect(plain(formats("pt").usd("0.000000400"))).toBe("< US$ 0,01");
    expect(formats("en").usd("0.006")).toBe("$0.01");
  });

  it("keep every digit as the price of a unit", () => {
    expect(formats("en").price("0.0000166667")).toBe("$0.0000166667");
  });
});

describe("an exchange rate", () => {
  it("always has the six decimals of the data, whether it is exact or a mean", () => {
    expect(formats("pt").rate(5_369_800n)).toBe("5,369800");
    expect(formats("pt").rate(35_427n)).toBe("0,035427");
    expect(formats("pt").rate(5.5)).toBe("5,500000");
  });
});

describe("months", () => {
  it("have a short name for pictures and a long one for sentences", () => {
    expect(formats("pt").shortMonth("2026-06")).toBe("jun/26");
    expect(formats("pt").longMonth("2026-06")).toBe("junho de 2026");
    expect(formats("en").shortMonth("2026-06")).toBe("Jun/26");
  });
});
