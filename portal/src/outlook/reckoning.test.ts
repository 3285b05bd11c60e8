import { describe, expect, it } from "vitest";

import type { Frame } from "../document";
import { deadlines, divided, exchangeResult, exposures, moved, nextMonths, percentOf, withinMonth, yearOnYear } from "./reckoning";

/** A frame of rows: texts, and whole units of so many decimals. */
function frameOf(rows: Record<string, string | number | null>[], scales: Record<string, number> = {}): Frame {
  const names = Object.keys(rows[0] ?? {});
  return {
    rows: rows.length,
    columns: names.map((name) => {
      const values = rows.map((row) => row[name] ?? null);
      if (values.some((value) => typeof value === "number")) {
        return { name, kind: "decimal" as const, scale: scales[name] ?? 2, values };
      }
      const words = [...new Set(values.filter((value) => value !== null))] as string[];
      return { name, kind: "text" as const, words, values: values.map((value) => (value === null ? null : words.indexOf(value as string))) };
    }),
  };
}

const flow = (month: string, source: string, currency: string | null, paid: number, total: number, exposed = 0, result = 0) => ({
  mes_referencia: month, origem_recurso: source, moeda_origem: currency, saida_paga_brl: paid, total_saida_brl: total,
  exposicao_moeda_origem: exposed, variacao_cambial_brl: result,
});
const CASH_FLOW = frameOf([
  flow("2025-06", "CONTA_CORRENTE_PJ", "USD", 900, 900, 0, -50),
  flow("2026-01", "CONTA_CORRENTE_PJ", "USD", 100, 100, 0, 7),
  flow("2026-05", "CONTA_CORRENTE_PJ", "BRL", 10, 30),
  flow("2026-06", "CARTAO_CREDITO_PJ", "USD", 40, 100, 333, -3),
  flow("2026-06", "CONTA_CORRENTE_PJ", "USD", 0, 60, 222),
  flow("2026-06", "EMPRESTIMO_PJ", "BRL", 0, 25),
  flow("2027-05", "EMPRESTIMO_PJ", "BRL", 0, 25, 0, 0),
  flow("2027-06", "CONTA_CORRENTE_PJ", "JPY", 0, 5, 100000, 11),
]);
const open = (deadline: string, month: string, kind: string, cents: number) => ({
  prazo: deadline, mes_referencia: month, tipo: kind, moeda_origem: "USD", valor_fluxo_brl: cents,
});
const OPEN = frameOf([
  open("VENCIDO", "2026-05", "COMPRA", 20),
  open("VENCIDO", "2026-06", "COMPRA", 15),
  open("VENCIDO", "2026-06", "EMPRESTIMO", 5),
  open("ATE_30", "2026-06", "COMPRA", 105),
  open("ATE_30", "2026-06", "EMPRESTIMO", 20),
  open("ATE_365", "2027-05", "EMPRESTIMO", 25),
  open("DEPOIS", "2027-06", "COMPRA", 5),
]);

describe("what falls due", () => {
  it("is told by deadlines that hold those before them, loans apart", () => {
    expect(deadlines(OPEN)).toEqual({
      overdue: { purchases: 35n, loans: 5n, all: 40n },
      days30: { purchases: 105n, loans: 20n, all: 125n },
      days90: { purchases: 105n, loans: 20n, all: 125n },
      days365: { purchases: 105n, loans: 45n, all: 150n },
    });
  });
});

describe("the next months", () => {
  const months = nextMonths(CASH_FLOW, OPEN, "2026-06", 1);

  it("are twelve from today's on, after those asked for before", () => {
    expect(months.map(({ month }) => month)).toEqual([
      "2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03",
      "2027-04", "2027-05",
    ]);
  });

  it("part Gold's total without losing a cent", () => {
    expect(months[0]).toEqual({ month: "2026-05", paid: 10n, due: 0n, loans: 0n, overdue: 20n, total: 30n, running: null });
    expect(months[1]).toEqual({ month: "2026-06", paid: 40n, due: 105n, loans: 20n, overdue: 20n, total: 185n, running: 185n });
    for (const { paid, due, loans, overdue, total } of months) expect(paid + due + loans + overdue).toBe(total);
    expect(months.at(-1)?.running).toBe(210n);
  });

  it("stand without the fact, and then nothing is known to be overdue", () => {
    expect(nextMonths(CASH_FLOW, null, "2026-06")[0]).toMatchObject({ due: 120n, loans: 25n, overdue: 0n, total: 185n });
  });
});

describe("comparisons", () => {
  it("hold a month against the same one a year before", () => {
    expect(yearOnYear(CASH_FLOW, "2026-06")).toEqual({ now: 185n, then: 900n });
    expect(yearOnYear(CASH_FLOW, "2026-05")).toEqual({ now: 30n, then: 0n });
  });

  it("tell the year's exchange result until the month, and what is ahead", () => {
    expect(exchangeResult(CASH_FLOW, "2026-06")).toEqual({ year: 4n, ahead: 11n });
  });
});

describe("the exposure", () => {
  const rates = frameOf([{ moeda_origem: "USD", data_ptax: "2026-05-29", taxa_ptax: 5_369_800 }], { taxa_ptax: 6 });

  it("is in reais at the newest rate, each month rounded by itself, and unknown without one", () => {
    expect(exposures(CASH_FLOW, rates)).toEqual([
      { currency: "JPY", amount: 100000n, rate: null, rateDate: null, brl: null },
      { currency: "USD", amount: 555n, rate: 5_369_800n, rateDate: "2026-05-29", brl: 2980n },
    ]);
    expect(exposures(CASH_FLOW, null).map(({ brl }) => brl)).toEqual([null, null]);
  });

  it("moves by per cent, half-up to the cent, ties away from zero", () => {
    expect([percentOf(2980n, 10), percentOf(5n, 10), percentOf(5n, -10), percentOf(4n, 10), percentOf(1n, 0)]).toEqual([298n, 1n, -1n, 0n, 0n]);
    expect([divided(5n, 10n), divided(-5n, 10n), divided(14n, 10n)]).toEqual([1n, -1n, 1n]);
  });
});

describe("months and days", () => {
  it("are counted across years", () => {
    expect([moved("2026-01", -1), moved("2026-12", 1), moved("2026-06", -12), moved("2026-06", 0)]).toEqual(["2025-12", "2027-01", "2025-06", "2026-06"]);
  });

  it("a day has its place in its month", () => {
    expect(withinMonth("2026-06-30")).toBeCloseTo(29.5 / 30);
    expect(withinMonth("2024-02-29")).toBeCloseTo(28.5 / 29);
  });
});
