import { useState } from "react";

import { useWords } from "../language";
import type { LineageGraph } from "./graph";
import { AssetPanel } from "./asset-panel";
import { ColumnPanel } from "./column-panel";
import { Overview } from "./overview";
import type { Trace } from "./trace";
import { MAP } from "./words";

/** Beside the map (under it on a phone): what was chosen, in words. */
export function LineagePanel({
  graph,
  trace,
  asset,
  column,
  deciding,
  follow,
}: {
  graph: LineageGraph;
  trace: Trace | null;
  asset: string | null;
  column: string | null;
  deciding: boolean;
  follow: (deciding: boolean) => void;
}) {
  const words = useWords(MAP);
  // On a phone it would cover half of the map.
  const [open, setOpen] = useState(() => !matchMedia("(max-width: 52rem)").matches);
  const subject = trace && graph.assets[trace.asset]?.name;
  return (
    <aside className={`panel ${open ? "" : "closed"}`} aria-label={words.details}>
      <button type="button" className="sheet" aria-expanded={open} onClick={() => setOpen(!open)}>
        {words.details}
        {subject && `: ${subject}${trace.column ? `.${column}` : ""}`} <span aria-hidden="true">{open ? "▾" : "▴"}</span>
      </button>
      {open && (
        <div className="inside">
          {trace ? (
            <>
              {column !== null && !trace.column && (
                <p className="fail" role="alert">
                  {words.unknownColumn} <code>{column}</code>
                </p>
              )}
              {trace.column ? (
                <ColumnPanel graph={graph} trace={trace.column} asset={trace.asset} deciding={deciding} follow={follow} />
              ) : (
                <AssetPanel key={trace.asset} graph={graph} trace={trace} />
              )}
            </>
          ) : (
            <>
              {asset !== null && (
                <p className="fail" role="alert">
                  {words.unknownAsset} <code>{asset}</code>
                </p>
              )}
              <p>{graph.assets.length === 0 ? words.empty : words.intro}</p>
              <Overview />
            </>
          )}
        </div>
      )}
    </aside>
  );
}
