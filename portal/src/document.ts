/**
 * What the page shows: one JSON document, written by `cli/portal/document.py` and read here.
 *
 * Text in it comes from the catalogue and the data, so it is never trusted: it reaches the page as text only.
 */

export type Layer = "landing" | "bronze" | "silver" | "gold";
export const LAYERS: readonly Layer[] = ["landing", "bronze", "silver", "gold"];

export type Verdict = "pass" | "warn" | "fail";

export interface Lakehouse {
  format: 1;
  /** ISO 8601, UTC; all moments are. */
  generated_at: string;
  account: string;
  region: string;
  bucket: string;
  stack: string;
  /** What governance found wrong in the last run; nothing when all agrees. */
  problems: string[];
  assets: Asset[];
  edges: Edge[];
  column_edges: ColumnEdge[];
  pipelines: Pipeline[];
  /** Newest first. */
  runs: Run[];
  dashboards: Dashboards;
}

/** A table, or an exported CSV (layer `landing`). */
export interface Asset {
  /** `database.table`; `landing.table` for a CSV. */
  id: string;
  name: string;
  layer: Layer;
  database: string;
  description: string;
  owner: string;
  domain: string;
  tags: string[];
  /** `s3://bucket/prefix`. */
  location: string;
  contract_version: string | null;
  rows: number | null;
  bytes: number | null;
  updated_at: string | null;
  /** How old it may become. */
  freshness_hours: number | null;
  run_id: string | null;
  columns: Column[];
  /** Newest first. */
  audits: Audit[];
  rules: Rule[];
  /** A few rows, without any column that is personal or confidential; `hidden_columns` names those. */
  sample: Frame | null;
  hidden_columns: string[];
  /** Athena SQL that reads it; null for a CSV. */
  query: string | null;
}

export interface Column {
  name: string;
  /** Glue's word: string, bigint, date, double, decimal(18,2). */
  type: string;
  description: string;
  key: boolean;
  required: boolean;
  classification: "PII" | "confidential" | null;
  /** How it is made of its sources, in the contract's words; empty when it is taken over as it is. */
  transformation: string;
}

/** One audit of a table. */
export interface Audit {
  run_id: string;
  evaluated_at: string;
  verdict: Verdict;
  rows: number;
  quarantined: number;
  /** How many rows for each reason; a row can have several. */
  quarantine_reasons: Record<string, number>;
}

export interface Rule {
  name: string;
  /** The column it is about; null for a rule of the whole table. */
  column: string | null;
  description: string;
  dimension: string;
  severity: "error" | "warning";
  /** One for each of the asset's audits, in their order; null where the rule did not exist yet. */
  results: (RuleResult | null)[];
  /** What broke it in the newest audit; never of a personal or confidential column. */
  examples: string[];
}

export interface RuleResult {
  status: Verdict;
  failed: number;
  examined: number;
}

/** Data flows from one asset to another in a task. */
export interface Edge {
  from: string;
  to: string;
  /** `pipeline.state`. */
  task: string;
  /** The task's comment says so. */
  declared: boolean;
  /** The last run did so. */
  observed: boolean;
}

/** `[asset, column, asset, column, direct]`: from, to, as indices; direct is 0 when the source only decides the value. */
export type ColumnEdge = [number, number, number, number, 0 | 1];

/** A state machine. */
export interface Pipeline {
  name: string;
  arn: string;
  description: string;
  start: string;
  states: State[];
  /** Newest first. */
  executions: Execution[];
}

export interface State {
  name: string;
  /** ASL's word: Task, Choice, Map, Pass, Wait, Succeed, Fail, Parallel. */
  type: string;
  /** The Map or Parallel it lives in; null on the top level. */
  parent: string | null;
  description: string;
  owner: string;
  resource: string;
  /** Asset ids. */
  inputs: string[];
  outputs: string[];
  /** How often it is tried again at the most. */
  retries: number;
  next: Transition[];
  end: boolean;
}

export interface Transition {
  to: string;
  /** next: the ordinary way; choice and default: of a Choice; catch: when it fails. */
  kind: "next" | "choice" | "default" | "catch";
  /** The condition of a choice, the errors of a catch. */
  label: string;
}

export interface Execution {
  arn: string;
  name: string;
  run_id: string;
  status: "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";
  started: string;
  stopped: string | null;
  seconds: number | null;
  /** Why it failed. */
  cause: string;
  tasks: TaskTime[];
}

export interface TaskTime {
  state: string;
  seconds: number;
  status: "succeeded" | "failed" | "running";
}

/** A run of the whole pipeline, or of one layer by itself. */
export interface Run {
  run_id: string;
  pipeline: string;
  status: Execution["status"];
  started: string;
  seconds: number | null;
  /** Of the tables published in it; null when it did not end well. */
  rows: number | null;
  cost: Cost;
}

/** Amounts of money are decimals in a string, in USD. */
export interface Cost {
  lines: CostLine[];
  total_usd: string;
  /** The same work as a Glue Spark job per layer, at the least Glue bills; nothing where no layer ran. */
  glue: CostLine[];
  glue_total_usd: string;
}

export interface CostLine {
  what: "lambda" | "lambda_requests" | "transitions" | "crawlers" | "s3_writes" | "s3_reads" | "glue_jobs";
  /** How much of the unit, a decimal in a string. */
  quantity: string;
  unit: "GB-s" | "requests" | "transitions" | "DPU-h";
  unit_usd: string;
  usd: string;
}

export interface Dashboards {
  /** The table in the role `cash_flow` as it is. */
  cash_flow: Data | null;
  /** The table in the role `forecast` as it is. */
  forecast: Data | null;
  /**
   * The fact summed by `mes_referencia, categoria, pais_origem, moeda_origem, origem_recurso` (the country is in no gold
   * table), loans and cancelled rows left out, as in the forecast: `quantidade, valor_item_brl, valor_fluxo_brl`.
   */
  volume: Data | null;
}

/** What a dashboard shows. */
export interface Data extends Frame {
  /** The id of the asset it was read from. */
  from: string;
}

/** A small table, column by column. */
export interface Frame {
  rows: number;
  columns: FrameColumn[];
}

export type FrameColumn = TextColumn | ExactColumn | DoubleColumn;

/** Texts and dates (`YYYY-MM-DD`): indices into `words`. */
export interface TextColumn {
  name: string;
  kind: "text" | "date";
  words: string[];
  values: (number | null)[];
}

/** Whole numbers and decimals: the number times 10^scale; a string where a JavaScript number cannot hold it. */
export interface ExactColumn {
  name: string;
  kind: "integer" | "decimal";
  scale: number;
  values: (number | string | null)[];
}

export interface DoubleColumn {
  name: string;
  kind: "double";
  values: (number | null)[];
}
