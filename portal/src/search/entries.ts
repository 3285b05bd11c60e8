import type { Asset, Lakehouse, Layer, SearchIndex } from "../document";
import { toAsset, toPipeline } from "../routes";

export type Kind = SearchIndex["entries"][number]["kind"];

/** Something that was found, as the page shows it. */
export interface Entry {
  kind: Kind;
  /** As the command line prints it, too. */
  where: string;
  /** What people call it. */
  label: string;
  /** Of a table and its columns. */
  layer: Layer | null;
  description: string;
  href: string;
}

/** What an entry of the index is on this page; null where the page has none of it, as of governance's own tables. */
export function entryOf(
  { kind, where, id }: SearchIndex["entries"][number],
  assets: ReadonlyMap<string, Asset>,
  pipelines: Lakehouse["pipelines"],
): Entry | null {
  const [above, last] = [id.slice(0, id.lastIndexOf(".")), id.slice(id.lastIndexOf(".") + 1)];
  switch (kind) {
    case "table":
    case "file": {
      const asset = assets.get(id);
      if (!asset) return null;
      return { kind, where, label: asset.business_name, layer: asset.layer, description: asset.description, href: toAsset(id) };
    }
    case "column": {
      const asset = assets.get(above);
      const column = asset?.columns.find(({ name }) => name === last);
      if (!asset || !column) return null;
      const { business_name: label, description } = column;
      return { kind, where, label, layer: asset.layer, description, href: toAsset(above, last) };
    }
    case "pipeline": {
      const pipeline = pipelines.find(({ name }) => name === id);
      if (!pipeline) return null;
      return { kind, where, label: "", layer: null, description: pipeline.description, href: toPipeline(id) };
    }
    case "task": {
      const state = pipelines.find(({ name }) => name === above)?.states.find(({ name }) => name === last);
      if (!state) return null;
      return { kind, where, label: "", layer: null, description: state.description, href: toPipeline(above, last) };
    }
  }
}
