import { describe, expect, it } from "vitest";

import type { Frame } from "../document";
import { formats } from "../numbers";
import { ignoredBy, isEmpty, monthsOf, parametersOf, rowsOf, selectionOf, valuesOf } from "./selection";
import { exactSeries, summaryOf } from "../charts/series";
import { csvOf, totalsOf } from "./sheet";
import { everyMonth, largestFirst, running, sumsBy, sumsByTwo, total } from "./sums";

const HUGE = "9007199254740993"; // one more than a JavaScript number can tell apart
const FRAME: Frame = {
  rows: 4,
  columns: [
    { name: "mes_referencia", kind: "text", words: ["2024-11", "2025-02", "2024-12"], values: [0, 1, 2, 2] },
    { name: "moeda_origem", kind: "text", words: ["USD", "BRL"], values: [0, 1, 0, null] },
    { name: "valor", kind: "decimal", scale: 2, values: [150, HUGE, null, 1] },
  ],
};
const select = (query: string) => selectionOf(new URLSearchParams(query));

describe("the selection", () => {
  it("survives the address it is written to", () => {
    const query = "from=2024-10&to=2025-01&moeda=USD&moeda=&pais=Alemanha";
    expect(parametersOf(select(query)).toString()).toBe(query);
    expect(isEmpty(select(""))).toBe(true);
  });

  it("keeps the rows of the period and of the values chosen, unknown ones included", () => {
    expect(rowsOf(FRAME, select(""))).toEqual([0, 1, 2, 3]);
    expect(rowsOf(FRAME, select("from=2024-12"))).toEqual([1, 2, 3]);
    expect(rowsOf(FRAME, select("to=2024-12&moeda=USD"))).toEqual([0, 2]);
    expect(rowsOf(FRAME, select("moeda="))).toEqual([3]);
    expect(rowsOf(FRAME, select("from=2025-01&moeda=USD"), { period: false })).toEqual([0, 2]);
  });

  it("says which filters a table cannot apply, and is not narrowed by them", () => {
    expect(ignoredBy(FRAME, select("categoria=Moda&moeda=USD"))).toEqual(["categoria"]);
    expect(rowsOf(FRAME, select("categoria=Moda"))).toHaveLength(4);
  });

  it("offers what there is, the unknown last", () => {
    expect(valuesOf([FRAME], "moeda")).toEqual(["BRL", "USD", ""]);
    expect(monthsOf([FRAME])).toEqual(["2024-11", "2024-12", "2025-02"]);
  });
});

describe("sums", () => {
  it("are exact where a float would not be", () => {
    expect(total(FRAME, [0, 1, 2, 3], "valor")).toBe(9007199254741144n);
    expect([...sumsBy(FRAME, [0, 1, 2, 3], "moeda_origem", "valor")]).toEqual([
      ["BRL", 9007199254740993n],
      ["USD", 150n],
      ["", 1n],
    ]);
  });

  it("add up by two columns to what they add up to by one", () => {
    const two = sumsByTwo(FRAME, [0, 1, 2, 3], "mes_referencia", "moeda_origem", "valor");
    const one = sumsBy(FRAME, [0, 1, 2, 3], "mes_referencia", "valor");
    expect([...two].map(([month, sums]) => [month, [...sums.values()].reduce((a, b) => a + b, 0n)])).toEqual([...one]);
  });

  it("run on in the order of their keys", () => {
    expect([...running(new Map([["a", 1n], ["b", -3n]])).values()]).toEqual([1n, -2n]);
    expect([...largestFirst(new Map([["b", 1n], ["a", 1n], ["c", 2n]])).keys()]).toEqual(["c", "a", "b"]);
  });

  it("know every month between the first and the last", () => {
    expect(everyMonth(["2025-02", "2024-11"])).toEqual(["2024-11", "2024-12", "2025-01", "2025-02"]);
    expect(everyMonth([])).toEqual([]);
  });
});

describe("the export", () => {
  const sheet = {
    columns: [
      { name: "fornecedor", kind: "text" as const },
      { name: "valor", kind: "money" as const, scale: 2 },
      { name: "média", kind: "double" as const },
    ],
    rows: [
      ['=HYPERLINK("x");', 123456n, 0.5],
      ["Müller; Söhne", -5n, null],
    ],
  };

  it("is what spreadsheets in Brazil open, to the cent, and never a formula", () => {
    expect(csvOf(sheet, "pt")).toBe(
      '\uFEFFfornecedor;valor;média\r\n"\'=HYPERLINK(""x"");";1234,56;0,5\r\n"Müller; Söhne";-0,05;\r\n',
    );
  });

  it("is what spreadsheets elsewhere open", () => {
    expect(csvOf(sheet, "en")).toContain("Müller; Söhne,-0.05,\r\n");
  });
});

describe("a table", () => {
  const amount = { kind: "money" as const, scale: 2 };
  const sheet = {
    columns: [
      { name: "mês", kind: "month" as const },
      { name: "=valor", ...amount, adds: true },
      { name: "acumulado", ...amount },
    ],
    rows: [
      ["2024-11", BigInt(HUGE), 5n],
      ["2024-12", null, 6n],
      ["2025-01", 1n, 7n],
    ],
  };

  it("is added up exactly, but for what does not add up", () => {
    expect(totalsOf(sheet)).toEqual([null, 9007199254740994n, null]);
    expect(totalsOf({ ...sheet, columns: sheet.columns.map((each) => ({ ...each, adds: false })) })).toBeNull();
  });

  it("is exported without its sums, and a heading made of data is no formula either", () => {
    const lines = csvOf(sheet, "pt").split("\r\n");
    expect(lines[0]).toBe("\uFEFFmês;'=valor;acumulado");
    expect(lines).toHaveLength(5);
  });
});

describe("a picture", () => {
  it("is told in words: what it spans and the largest of each series, to the cent", () => {
    const money = (value: bigint) => formats("pt").money(value).replace(/\s/g, " ");
    const series = [exactSeries("Paga", [-5n, 123456n, null], 2, money), exactSeries("Prevista", [null, null, null], 2, money)];
    expect(summaryOf("Fluxo", ["out", "nov", "dez"], series, { spanFrom: "de", spanTo: "a", highest: "maior:" })).toBe(
      "Fluxo, de out a dez. Paga, maior: R$ 1.234,56 (nov).",
    );
  });
});

describe("numbers", () => {
  it("are written as Brazilians read them", () => {
    expect(formats("pt").money(123456n).replace(/\s/g, " ")).toBe("R$ 1.234,56");
    expect(formats("pt").money(900719925474099399n).replace(/\s/g, " ")).toBe("R$ 9.007.199.254.740.993,99");
    expect(formats("en").money(-5n, "USD")).toBe("-$0.05");
    expect(formats("pt").money(123456n, "dólar")).toBe("1.234,56 dólar");
    expect(formats("pt").month("2024-11")).toContain("2024");
  });
});
