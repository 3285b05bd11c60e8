import type { Language } from "./language";

const LOCALE: Record<Language, string> = { pt: "pt-BR", en: "en-US" };

/** Intl takes decimals as strings without losing a digit; TypeScript's types do not know yet. */
type Decimal = Intl.StringNumericLiteral;
const RATE_DECIMALS = 6;
const CURRENCY = /^[A-Za-z]{3}$/;

/** Numbers, money and moments, written as the reader's language does. Amounts in BRL are R$ 1.234,56 in Portuguese. */
export function formats(language: Language) {
  const locale = LOCALE[language];
  const made = new Map<string, Intl.NumberFormat>();
  const format = (options: Intl.NumberFormatOptions) => {
    const key = JSON.stringify(options);
    let found = made.get(key);
    if (!found) made.set(key, (found = new Intl.NumberFormat(locale, options)));
    return found;
  };
  const digits = (scale: number) => ({ minimumFractionDigits: scale, maximumFractionDigits: scale });
  // Data may call anything a currency; Intl takes three letters.
  const inCurrency = (currency: string, options: Intl.NumberFormatOptions, amount: number | Decimal) =>
    CURRENCY.test(currency)
      ? format({ style: "currency", currency, ...options }).format(amount)
      : `${format(options).format(amount)} ${currency}`.trim();
  const moment = once(() => new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "short" }));
  const dayTime = once(() => new Intl.DateTimeFormat(locale, { day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" }));
  const month = once(() => new Intl.DateTimeFormat(locale, { month: "short", year: "numeric", timeZone: "UTC" }));
  const longMonth = once(() => new Intl.DateTimeFormat(locale, { month: "long", year: "numeric", timeZone: "UTC" }));
  const monthName = once(() => new Intl.DateTimeFormat(locale, { month: "short", timeZone: "UTC" }));
  const day = once(() => new Intl.DateTimeFormat(locale, { dateStyle: "short", timeZone: "UTC" }));
  const relative = once(() => new Intl.RelativeTimeFormat(locale));
  return {
    /** A whole number, or one with a fixed number of decimals. */
    number: (value: bigint | number, scale = 0) => format(digits(scale)).format(value),
    /** An exact number given in units of 10^-scale. */
    exact: (units: bigint, scale: number) => format(digits(scale)).format(decimal(units, scale) as Decimal),
    /** Money in units of 10^-scale, in any currency the browser knows. */
    money: (units: bigint, currency = "BRL", scale = 2) =>
      inCurrency(currency, digits(scale), decimal(units, scale) as Decimal),
    /** Money for the ticks of an axis: R$ 1,2 mi. */
    shortMoney: (amount: number, currency = "BRL") =>
      inCurrency(currency, { notation: "compact", maximumFractionDigits: 1 }, amount),
    /** A large number for the ticks of an axis: 1,2 mi. */
    short: (amount: number) => format({ notation: "compact", maximumFractionDigits: 1 }).format(amount),
    /** US dollars given as a decimal in a string, to the cent as all money. */
    usd: (amount: string) => {
      const tiny = Number(amount) > 0 && Number(amount) < 0.005;
      const dollars = format({ style: "currency", currency: "USD", ...digits(2) });
      return tiny ? `< ${dollars.format(0.01)}` : dollars.format(amount as Decimal);
    },
    /** The price of one unit in US dollars, with all its digits: no amount, but a rate of the price list. */
    price: (amount: string) =>
      format({ style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 10 }).format(amount as Decimal),
    /** An exchange rate: reais for one unit of a currency, always with the six decimals that the data has. */
    rate: (rate: bigint | number, scale = RATE_DECIMALS) =>
      format(digits(RATE_DECIMALS)).format(typeof rate === "bigint" ? (decimal(rate, scale) as Decimal) : rate),
    double: (value: number, most = 4) => format({ maximumFractionDigits: most }).format(value),
    /** A part of one, as a percentage with one decimal. */
    percent: (part: number) => format({ style: "percent", ...digits(1) }).format(part),
    bytes: (amount: number) => {
      const step = amount < 1e3 ? 0 : amount < 1e6 ? 1 : amount < 1e9 ? 2 : 3;
      const unit = ["byte", "kilobyte", "megabyte", "gigabyte"][step] as string;
      return format({ style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 1 }).format(amount / 1e3 ** step);
    },
    seconds: (amount: number) =>
      format({ style: "unit", unit: "second", unitDisplay: "short", maximumFractionDigits: amount < 0.1 ? 3 : 2 }).format(amount),
    hours: (amount: number) => format({ style: "unit", unit: "hour", unitDisplay: "long" }).format(amount),
    /** How long ago, in the largest unit of which there is more than one. */
    ago: (hours: number) =>
      hours < 2
        ? relative().format(-Math.round(hours * 60), "minute")
        : hours < 48
          ? relative().format(-Math.round(hours), "hour")
          : relative().format(-Math.round(hours / 24), "day"),
    /** `2026-11-30T08:52` as 30/11 08:52, for the names under a picture. */
    dayTime: (iso: string) => dated(dayTime(), iso, iso).replace(",", ""),
    moment: (iso: string) => dated(moment(), iso, iso),
    /** `2024-11` as nov. de 2024. */
    month: (yearMonth: string) => dated(month(), `${yearMonth}-01T00:00:00Z`, yearMonth),
    /** `2024-11` as novembro de 2024. */
    longMonth: (yearMonth: string) => dated(longMonth(), `${yearMonth}-01T00:00:00Z`, yearMonth),
    /** `2024-11` as nov/24, for the names under a picture. */
    shortMonth: (yearMonth: string) =>
      `${dated(monthName(), `${yearMonth}-01T00:00:00Z`, yearMonth).replace(".", "")}/${yearMonth.slice(2, 4)}`,
    /** `2024-11-30` as 30/11/2024. */
    day: (date: string) => dated(day(), `${date}T00:00:00Z`, date),
  };
}

/** Makes something when it is first asked for: the browser takes milliseconds for each form of a date. */
function once<Thing>(make: () => Thing): () => Thing {
  let made: Thing | undefined;
  return () => (made ??= make());
}

/** A moment in the reader's form; what is none, as a catalogue may hold it, stays the text it is. */
function dated(format: Intl.DateTimeFormat, iso: string, text: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? text : format.format(at);
}

/** `123456n, 2` as `1234.56`, without going through a float. */
export function decimal(units: bigint, scale: number): string {
  if (scale === 0) return units.toString();
  const sign = units < 0n ? "-" : "";
  const text = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  return `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}
