import { toMap } from "../routes";
import type { LineageGraph } from "./graph";

/** Assets as links to their place on the map; nothing when there are none. */
export function AssetLinks({ title, graph, assets }: { title: string; graph: LineageGraph; assets: readonly number[] }) {
  if (assets.length === 0) return null;
  return (
    <p className="links">
      <strong>{title}:</strong>{" "}
      {assets.map((index, place) => {
        const asset = graph.assets[index];
        return (
          asset && (
            <span key={index}>
              {place > 0 && ", "}
              <a href={toMap(asset.id)}>{asset.name}</a>
            </span>
          )
        );
      })}
    </p>
  );
}
