import { useId, useMemo, useState } from "react";

import { useFormats } from "../data";
import { Panel, SheetTable } from "../dashboards/panel";
import type { Sheet, SheetColumn } from "../dashboards/sheet";
import type { Value } from "../frames";
import { useWords } from "../language";
import { type Exposed, percentOf } from "./reckoning";
import { OUTLOOK } from "./words";

const MOST = 20;
const BEGINNING = 10;

/** What is open in foreign money, in reais, and what it would cost if the currencies moved. */
export function Exposure({ source, exposed }: { source: string; exposed: Exposed[] }) {
  const words = useWords(OUTLOOK);
  const formats = useFormats();
  const slider = useId();
  const [percent, move] = useState(BEGINNING);
  const moved = signed(percent);
  const sheet = useMemo(() => sheetOf(exposed, percent, words), [exposed, percent, words]);
  const all = exposed.reduce((sum, { brl }) => sum + (brl ?? 0n), 0n);
  return (
    <Panel id="exposicao-em-reais" title={words.exposure} note={words.exposureNote} source={source} ignored={[]} sheet={sheet} isTable>
      <p className="slider">
        <label htmlFor={slider}>{words.slider}</label>
        <input
          id={slider}
          type="range"
          min={-MOST}
          max={MOST}
          step={1}
          value={percent}
          aria-valuetext={moved}
          onChange={(event) => move(Number(event.target.value))}
        />
        <output htmlFor={slider}>
          <strong>{moved}</strong>: {signedMoney(percentOf(all, percent), formats.money)}
        </output>
        <button type="button" disabled={percent === 0} onClick={() => move(0)}>
          {words.reset}
        </button>
      </p>
      <SheetTable sheet={sheet} title={words.exposure} />
    </Panel>
  );
}

function sheetOf(exposed: Exposed[], percent: number, words: Record<keyof (typeof OUTLOOK)["pt"], string>): Sheet {
  const money: Omit<SheetColumn, "name"> = { kind: "money", scale: 2 };
  const row = (name: string, amount: bigint | null, rate: bigint | null, date: Value, brl: bigint | null): Value[] => {
    const difference = brl === null ? null : percentOf(brl, percent);
    return [name, brl, difference, brl === null || difference === null ? null : brl + difference, amount, rate, date];
  };
  const all = exposed.reduce((sum, { brl }) => sum + (brl ?? 0n), 0n);
  return {
    columns: [
      { name: words.currency, kind: "text" },
      { name: words.inReais, ...money },
      { name: `${words.difference} (${signed(percent)})`, ...money },
      { name: words.shifted, ...money },
      { name: words.inCurrency, kind: "number", scale: 2 },
      { name: words.ptax, kind: "rate" },
      { name: words.ptaxDate, kind: "day" },
    ],
    rows: exposed.map((each) => row(each.currency, each.amount, each.rate, each.rateDate ?? words.noRate, each.brl)),
    // Per cent of the sum, as in the table of the risk; the sum of the rows can be a cent apart.
    ...(exposed.length > 0 && { last: row(words.portfolio, null, null, null, all) }),
  };
}

function signed(percent: number): string {
  return `${percent > 0 ? "+" : percent < 0 ? "−" : ""}${Math.abs(percent)} %`;
}

function signedMoney(amount: bigint, write: (amount: bigint) => string): string {
  return amount > 0n ? `+${write(amount)}` : write(amount);
}
