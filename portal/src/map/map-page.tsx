import { useEffect, useMemo, useState } from "react";

import { useLakehouse } from "../data";
import { useWords } from "../language";
import { remember, remembered } from "../memory";
import { go, toMap } from "../routes";
import { GraphView } from "./graph-view";
import { LineagePanel } from "./lineage-panel";
import { useLineage } from "./lineage";
import { ListView } from "./list-view";
import { Problems } from "./problems";
import { traced } from "./trace";
import { MAP } from "./words";

import "./map.css";

/** All assets and what flows between them; what is chosen shows where it comes from and where it goes. */
export function MapPage({ asset, column }: { asset: string | null; column: string | null }) {
  const words = useWords(MAP);
  const { lakehouse } = useLakehouse();
  const graph = useLineage();
  const [asList, setAsList] = useState(() => remembered("map") === "list");
  const [deciding, setDeciding] = useState(true);
  const chosen = asset === null ? undefined : graph.at.get(asset);
  const trace = useMemo(
    () => (chosen === undefined ? null : traced(graph, chosen, column, deciding)),
    [graph, chosen, column, deciding],
  );
  useEscape(trace !== null);
  const view = (list: boolean) => {
    setAsList(list);
    remember("map", list ? "list" : "graph");
  };
  return (
    <div className="map">
      <div className="head">
        <h1>{words.title}</h1>
        <div role="group" aria-label={words.view} className="switch">
          <button type="button" aria-pressed={!asList} onClick={() => view(false)}>
            {words.graph}
          </button>
          <button type="button" aria-pressed={asList} onClick={() => view(true)}>
            {words.list}
          </button>
        </div>
        {trace && (
          <a className="button" href={toMap()}>
            {words.clear}
          </a>
        )}
        <Problems problems={lakehouse.problems} />
      </div>
      <div className="room">
        {asList ? <ListView graph={graph} trace={trace} /> : <GraphView graph={graph} trace={trace} />}
        <LineagePanel graph={graph} trace={trace} asset={asset} column={column} deciding={deciding} follow={setDeciding} />
      </div>
    </div>
  );
}

/** Escape clears the choice, unless it is closing something else. */
function useEscape(active: boolean): void {
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLInputElement;
      if (event.key === "Escape" && !event.defaultPrevented && !typing) go(toMap());
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [active]);
}
