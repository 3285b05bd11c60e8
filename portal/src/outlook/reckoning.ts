import { everyMonth, sumsBy, total } from "../dashboards/sums";
import type { Frame } from "../document";
import { texts, units } from "../frames";

/** Amounts of money in here are cents, exact. */
export interface Split {
  purchases: bigint;
  loans: bigint;
  all: bigint;
}

export const OWN = "BRL";
const LOAN = "EMPRESTIMO";
const LOANS_SOURCE = "EMPRESTIMO_PJ";
const OVERDUE = "VENCIDO";
const DEADLINES = { days30: ["ATE_30"], days90: ["ATE_30", "ATE_90"], days365: ["ATE_30", "ATE_90", "ATE_365"] } as const;
const MONTHS = 12;

/** What is overdue, and what falls due within days from today on; each deadline holds the ones before it. */
export function deadlines(open: Frame): Record<"overdue" | keyof typeof DEADLINES, Split> {
  const [deadline, kind] = [texts(open, "prazo"), texts(open, "tipo")];
  const amounts = units(open, "valor_fluxo_brl");
  const within = (...wanted: readonly string[]): Split => {
    const split = { purchases: 0n, loans: 0n, all: 0n };
    amounts.forEach((amount, row) => {
      if (amount === null || !wanted.includes(deadline[row] ?? "")) return;
      split[kind[row] === LOAN ? "loans" : "purchases"] += amount;
      split.all += amount;
    });
    return split;
  };
  return {
    overdue: within(OVERDUE),
    days30: within(...DEADLINES.days30),
    days90: within(...DEADLINES.days90),
    days365: within(...DEADLINES.days365),
  };
}

/** A month of the cash flow: its parts add up to Gold's total. */
export interface Month {
  month: string;
  paid: bigint;
  due: bigint;
  loans: bigint;
  overdue: bigint;
  total: bigint;
  /** The totals from the first of the twelve months on; null before it. */
  running: bigint | null;
}

/**
 * The twelve months from today's on, after a few that are past. Loans apart from purchases; of both what is overdue is a part
 * of its own, which needs the fact: without it (`open` is null) it stays in the others.
 */
export function nextMonths(cashFlow: Frame, open: Frame | null, first: string, before = 0): Month[] {
  const source = texts(cashFlow, "origem_recurso");
  const all = [...source.keys()];
  const [ofLoans, others] = [all.filter((row) => source[row] === LOANS_SOURCE), all.filter((row) => source[row] !== LOANS_SOURCE)];
  const by = (rows: number[], measure: string) => sumsBy(cashFlow, rows, "mes_referencia", measure);
  const [totals, loans] = [by(all, "total_saida_brl"), by(ofLoans, "total_saida_brl")];
  const paid = by(others, "saida_paga_brl");
  const late = lateByMonth(open);
  let sum = 0n;
  return everyMonth([moved(first, -before), moved(first, MONTHS - 1)]).map((month) => {
    const whole = totals.get(month) ?? 0n;
    const overdue = late(month, () => true);
    const part = {
      paid: paid.get(month) ?? 0n,
      loans: (loans.get(month) ?? 0n) - late(month, (kind) => kind === LOAN),
      overdue,
    };
    if (month >= first) sum += whole;
    return { month, ...part, due: whole - part.paid - part.loans - overdue, total: whole, running: month >= first ? sum : null };
  });
}

function lateByMonth(open: Frame | null): (month: string, of: (kind: string) => boolean) => bigint {
  if (!open) return () => 0n;
  const [deadline, kinds, months] = [texts(open, "prazo"), texts(open, "tipo"), texts(open, "mes_referencia")];
  const amounts = units(open, "valor_fluxo_brl");
  return (month, of) =>
    amounts.reduce<bigint>(
      (sum, amount, row) =>
        deadline[row] === OVERDUE && months[row] === month && of(kinds[row] ?? "") ? sum + (amount ?? 0n) : sum,
      0n,
    );
}

/** A month so many months later, or earlier. */
export function moved(month: string, by: number): string {
  const at = Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1 + by;
  return `${String(Math.floor(at / 12)).padStart(4, "0")}-${String((at % 12) + 1).padStart(2, "0")}`;
}

/** Where a day is in its month, as a part of one. */
export function withinMonth(day: string): number {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  return (date - 0.5) / new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** What leaves in a month and a year before, in all and by loans. */
export function yearOnYear(cashFlow: Frame, month: string): Record<"now" | "then", bigint> {
  const months = texts(cashFlow, "mes_referencia");
  const of = (wanted: string) => total(cashFlow, [...months.keys()].filter((row) => months[row] === wanted), "total_saida_brl");
  return { now: of(month), then: of(moved(month, -MONTHS)) };
}

/**
 * What exchange rates made of the commitments of a year until a month, and of what comes after: positive is a gain, for what
 * is paid at the rate agreed on costs less than it would at the PTAX of the day.
 */
export function exchangeResult(cashFlow: Frame, month: string): Record<"year" | "ahead", bigint> {
  const months = texts(cashFlow, "mes_referencia");
  const of = (test: (each: string) => boolean) =>
    total(cashFlow, [...months.keys()].filter((row) => test(months[row] ?? "")), "variacao_cambial_brl");
  return { year: of((each) => each.slice(0, 4) === month.slice(0, 4) && each <= month), ahead: of((each) => each > month) };
}

export interface Exposed {
  currency: string;
  /** In the currency, in hundredths. */
  amount: bigint;
  rate: bigint | null;
  rateDate: string | null;
  /** In cents at the newest PTAX; null where there is none. */
  brl: bigint | null;
}

/** What is open in each foreign currency, in reais at the newest PTAX; as the table of the currency risk has it, month by month. */
export function exposures(cashFlow: Frame, rates: Frame | null): Exposed[] {
  const quoted = rates ? texts(rates, "moeda_origem") : [];
  const [dates, ptax] = rates ? [texts(rates, "data_ptax"), units(rates, "taxa_ptax")] : [[], []];
  const [currencies, months] = [texts(cashFlow, "moeda_origem"), texts(cashFlow, "mes_referencia")];
  const amounts = units(cashFlow, "exposicao_moeda_origem");
  const byCurrency = new Map<string, Map<string, bigint>>();
  amounts.forEach((amount, row) => {
    const [currency, month] = [currencies[row] ?? "", months[row] ?? ""];
    if (!amount || !currency || currency === OWN) return;
    const its = byCurrency.get(currency) ?? new Map<string, bigint>();
    byCurrency.set(currency, its.set(month, (its.get(month) ?? 0n) + amount));
  });
  return [...byCurrency].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, its]) => {
    const at = quoted.indexOf(currency);
    const rate = ptax[at] ?? null;
    // Each month is rounded by itself, so that a total is the sum of its months.
    const parts = [...its.values()].filter((amount) => amount > 0n);
    return {
      currency,
      amount: parts.reduce((sum, amount) => sum + amount, 0n),
      rate,
      rateDate: dates[at] ?? null,
      brl: rate === null ? null : parts.reduce((sum, amount) => sum + divided(amount * rate, 1_000_000n), 0n),
    };
  });
}

/** A number of per cent of an amount, half-up to the cent. */
export function percentOf(amount: bigint, percent: number): bigint {
  return divided(amount * BigInt(percent), 100n);
}

/** A quotient of whole numbers, ties away from zero, as everywhere in this lakehouse. */
export function divided(numerator: bigint, denominator: bigint): bigint {
  const half = denominator / 2n;
  return numerator < 0n ? -((-numerator + half) / denominator) : (numerator + half) / denominator;
}
