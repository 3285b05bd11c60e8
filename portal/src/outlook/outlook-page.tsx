import { useEffect, useMemo, useState } from "react";

import { useLakehouse } from "../data";
import { useWords } from "../language";
import { Comparisons } from "./comparisons";
import { Expected } from "./expected";
import { Exposure } from "./exposure";
import { Head } from "./head";
import { KeyFigures } from "./key-figures";
import { NextMonths } from "./next-months";
import "./outlook.css";
import { Overdue } from "./overdue";
import { exposures } from "./reckoning";
import { Risk } from "./risk";
import { OUTLOOK } from "./words";

/** What a controller opens the page for: what leaves, what is overdue, what exchange rates may do, what is to be expected. */
export function OutlookPage() {
  const words = useWords(OUTLOOK);
  const { lakehouse } = useLakehouse();
  const { cash_flow: cashFlow, rates, currency_risk: risk, overdue, open, outlook } = lakehouse.dashboards;
  const exposed = useMemo(() => (cashFlow ? exposures(cashFlow, rates) : []), [cashFlow, rates]);
  const painted = usePainted();
  if (!cashFlow) {
    return (
      <div className="page outlook">
        <h1>{words.title}</h1>
        <p>{words.missing}</p>
      </div>
    );
  }
  return (
    <div className="page outlook">
      <Head rates={rates} />
      <KeyFigures open={open} exposed={exposed} />
      {painted && (
        <>
          <NextMonths cashFlow={cashFlow} open={open} today={lakehouse.today} />
          <div className="pair">
            {overdue && <Overdue overdue={overdue} />}
            <Comparisons cashFlow={cashFlow} today={lakehouse.today} />
          </div>
          <Exposure source={cashFlow.from} exposed={exposed} />
          <Risk risk={risk} />
          <Expected outlook={outlook} />
        </>
      )}
    </div>
  );
}

/** False until the page has been painted once: the figures do not wait for the pictures and tables below them. */
function usePainted(): boolean {
  const [painted, paint] = useState(false);
  useEffect(() => {
    const frame = requestAnimationFrame(() => paint(true));
    return () => cancelAnimationFrame(frame);
  }, []);
  return painted;
}
