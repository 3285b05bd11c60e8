import { describe, expect, it } from "vitest";

import { formats } from "./numbers";

/** Intl separates by spaces that do not break. */
const plain = (text: string) => text.replace(/\s/g, " ");

describe("US dollars", () => {
  it("are shown to the tenth of a cent, for a cost is an estimate", () => {
    expect(plain(formats("pt").usd("0.440829880"))).toBe("US$ 0,441");
    expect(formats("en").usd("1234.5")).toBe("$1,234.50");
    expect(formats("en").usd("0.000000000")).toBe("$0.00");
  });

  it("that are next to nothing are said to be less than what is shown", () => {
    expect(plain(formats("pt").usd("0.000000400"))).toBe("< US$ 0,001");
    expect(formats("en").usd("0.001")).toBe("$0.001");
  });

  it("keep every digit as the price of a unit", () => {
    expect(formats("en").price("0.0000166667")).toBe("$0.0000166667");
  });
});
