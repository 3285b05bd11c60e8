import type { Lakehouse, Layer } from "../document";
import { toAsset, toPipeline } from "../routes";

export const KINDS = ["asset", "column", "pipeline", "task"] as const;
export type Kind = (typeof KINDS)[number];

/** Something that can be found, and the words it can be found by. */
export interface Entry {
  id: number;
  kind: Kind;
  name: string;
  /** Where it is: the database of a table, the table of a column, the pipeline of a task. */
  where: string;
  /** Of a table and its columns. */
  layer: Layer | null;
  description: string;
  tags: string;
  /** What else it may be found by: owner, domain, inputs and outputs. */
  other: string;
  href: string;
}

/** Everything there is to find: assets, their columns, pipelines and their tasks. */
export function entriesOf(lakehouse: Lakehouse): Entry[] {
  const found: Omit<Entry, "id">[] = [];
  for (const asset of lakehouse.assets) {
    found.push({
      kind: "asset",
      name: asset.name,
      where: asset.database,
      layer: asset.layer,
      description: asset.description,
      tags: asset.tags.join(" "),
      other: `${asset.owner} ${asset.domain} ${asset.layer} ${asset.database}`,
      href: toAsset(asset.id),
    });
    for (const column of asset.columns) {
      found.push({
        kind: "column",
        name: column.name,
        where: asset.name,
        layer: asset.layer,
        description: column.description,
        tags: column.classification ?? "",
        other: `${column.transformation} ${asset.name} ${asset.tags.join(" ")}`,
        href: toAsset(asset.id, column.name),
      });
    }
  }
  for (const pipeline of lakehouse.pipelines) {
    found.push({
      kind: "pipeline",
      name: pipeline.name,
      where: "",
      layer: null,
      description: pipeline.description,
      tags: "",
      // A pipeline is also found by what it makes.
      other: pipeline.states.flatMap((state) => state.outputs).join(" "),
      href: toPipeline(pipeline.name),
    });
    for (const state of pipeline.states.filter(({ type }) => type === "Task")) {
      found.push({
        kind: "task",
        name: state.name,
        where: pipeline.name,
        layer: null,
        description: state.description,
        tags: "",
        other: `${state.owner} ${state.inputs.join(" ")} ${state.outputs.join(" ")}`,
        href: toPipeline(pipeline.name, state.name),
      });
    }
  }
  return found.map((entry, id) => ({ id, ...entry }));
}
