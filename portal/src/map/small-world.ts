import type { Asset, ColumnEdge, Edge, Layer } from "../document";
import { lineageGraph } from "./graph";

/** An asset of which only its place and its columns matter. */
export function assetOf(id: string, layer: Layer, columns: readonly string[] = []): Asset {
  return {
    id,
    name: id.slice(id.indexOf(".") + 1),
    business_name: "",
    layer,
    database: id.slice(0, id.indexOf(".")),
    description: "",
    owner: "",
    domain: "",
    tags: [],
    terms: [],
    location: "",
    contract_version: null,
    rows: null,
    bytes: null,
    updated_at: null,
    freshness_hours: null,
    run_id: null,
    columns: columns.map((name) => ({
      name,
      business_name: "",
      type: "string",
      description: "",
      key: false,
      required: false,
      classification: null,
      terms: [],
      transformation: "",
    })),
    audits: [],
    rules: [],
    sample: null,
    hidden_columns: [],
    query: null,
    past: null,
  };
}

export function edgeOf(from: string, to: string, task: string): Edge {
  return { from, to, task, declared: true, observed: true };
}

const ASSETS = [
  assetOf("landing.a", "landing", ["id", "valor"]),
  assetOf("landing.b", "landing", ["id", "taxa"]),
  assetOf("bronze.a", "bronze", ["id", "valor"]),
  assetOf("bronze.b", "bronze", ["id", "taxa"]),
  assetOf("silver.fato", "silver", ["id", "valor_brl"]),
  assetOf("gold.mensal", "gold", ["total"]),
  assetOf("gold.outra", "gold", ["ids"]),
];

const EDGES = [
  edgeOf("landing.a", "bronze.a", "bronze.Write"),
  edgeOf("landing.b", "bronze.b", "bronze.Write"),
  edgeOf("bronze.a", "silver.fato", "silver.Write"),
  edgeOf("bronze.b", "silver.fato", "silver.Write"),
  edgeOf("silver.fato", "gold.mensal", "gold.Write"),
  edgeOf("silver.fato", "gold.outra", "gold.Write"),
];

// The value of the fact is a's, times b's rate, where the ids match; the total sums it.
const COLUMN_EDGES: ColumnEdge[] = [
  [0, 0, 2, 0, 1],
  [0, 1, 2, 1, 1],
  [1, 0, 3, 0, 1],
  [1, 1, 3, 1, 1],
  [2, 0, 4, 0, 1],
  [2, 1, 4, 1, 1],
  [3, 1, 4, 1, 1],
  [2, 0, 4, 1, 0],
  [3, 0, 4, 1, 0],
  [4, 1, 5, 0, 1],
  [4, 0, 6, 0, 1],
];

/** Two CSVs, two bronze tables, a fact and two aggregates, for tests. */
export const smallWorld = lineageGraph({ assets: ASSETS, edges: EDGES, column_edges: COLUMN_EDGES });

/** The number of an asset in the small world. */
export function number(id: string): number {
  const found = smallWorld.at.get(id);
  if (found === undefined) throw new Error(`no ${id} in the small world`);
  return found;
}
