import { useLakehouse } from "../data";
import type { Lakehouse } from "../document";
import { type LineageGraph, lineageGraph } from "./graph";

const made = new WeakMap<Lakehouse, LineageGraph>();

/** The lineage of the document, made when it is first asked for. */
export function useLineage(): LineageGraph {
  const { lakehouse } = useLakehouse();
  let graph = made.get(lakehouse);
  if (!graph) made.set(lakehouse, (graph = lineageGraph(lakehouse)));
  return graph;
}
