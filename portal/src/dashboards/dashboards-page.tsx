import { useMemo } from "react";

import { useLakehouse } from "../data";
import { useWords } from "../language";
import { CashFlow } from "./cash-flow";
import "./dashboards.css";
import { Exposure, Variation } from "./exchange";
import { FilterBar } from "./filter-bar";
import { Forecast } from "./forecast";
import { KeyNumbers } from "./key-numbers";
import { ALL_DIMENSIONS, type Dimension, monthsOf, selectionOf, valuesOf } from "./selection";
import { Volume } from "./volume";
import { DASHBOARDS } from "./words";

/** What the gold tables say, as a person asks: cash flow, exchange risk, volume, forecast. */
export function DashboardsPage({ filters }: { filters: URLSearchParams }) {
  const words = useWords(DASHBOARDS);
  const { cash_flow, forecast, volume } = useLakehouse().lakehouse.dashboards;
  const query = filters.toString();
  const selection = useMemo(() => selectionOf(new URLSearchParams(query)), [query]);
  const { months, values } = useMemo(() => {
    const frames = [cash_flow, forecast, volume].filter((frame) => frame !== null);
    const found = ALL_DIMENSIONS.map((dimension) => [dimension, valuesOf(frames, dimension)]);
    return { months: monthsOf(frames), values: Object.fromEntries(found) as Record<Dimension, string[]> };
  }, [cash_flow, forecast, volume]);
  return (
    <div className="page dashboards">
      <h1>{words.title}</h1>
      <FilterBar selection={selection} months={months} values={values} />
      {cash_flow ? (
        <>
          <KeyNumbers frame={cash_flow} selection={selection} />
          <CashFlow frame={cash_flow} selection={selection} />
          <Exposure frame={cash_flow} selection={selection} />
          <Variation frame={cash_flow} selection={selection} />
        </>
      ) : (
        <Missing title={words.cashFlow} />
      )}
      {volume ? <Volume frame={volume} selection={selection} /> : <Missing title={words.volume} />}
      {forecast ? <Forecast frame={forecast} selection={selection} /> : <Missing title={words.forecast} />}
    </div>
  );
}

function Missing({ title }: { title: string }) {
  return (
    <section className="card panel">
      <h2>{title}</h2>
      <p>{useWords(DASHBOARDS).missing}</p>
    </section>
  );
}
