/**
 * What the page shows: one JSON document, written by `cli/portal/document.py` and read here.
 *
 * Text in it comes from the catalogue and the data, so it is never trusted: it reaches the page as text only.
 */

export type Layer = "landing" | "bronze" | "silver" | "gold" | "forecast";
export const LAYERS: readonly Layer[] = ["landing", "bronze", "silver", "gold", "forecast"];

export type Verdict = "pass" | "warn" | "fail";

export interface Lakehouse {
  format: 2;
  /** ISO 8601, UTC; all moments are. */
  generated_at: string;
  account: string;
  region: string;
  bucket: string;
  stack: string;
  /** Which of several lakehouses in the account; empty where it is of no stage. */
  stage: string;
  /** What governance found wrong in the last run; nothing when all agrees. */
  problems: string[];
  /** The version that the page shows. */
  version: Version | null;
  /** The newest ones, newest first. */
  versions: Version[];
  /** The rows that wait in its quarantine, by table; null where some of them are gone. */
  waiting: Waiting[] | null;
  /** What in it is not as the runs before let expect. */
  anomalies: Anomaly[];
  /** The messages about failures after which nothing went well, newest first; of each state machine one. */
  alerts: Alert[];
  assets: Asset[];
  edges: Edge[];
  column_edges: ColumnEdge[];
  pipelines: Pipeline[];
  /** Newest first. */
  runs: Run[];
  dashboards: Dashboards;
  /**
   * The data's today, `YYYY-MM-DD`: the reference date of the forecast; where the version has none, the date of the newest
   * order of the fact. Null where there is neither.
   */
  today: string | null;
  /** The workbook of the same version; null where the page was made without it. */
  workbook: Workbook | null;
  /** The terms of the business, by the ids that tables and columns have. */
  glossary: Record<string, Term>;
  search: SearchIndex;
}

export interface Term {
  name: string;
  english: string;
  definition: string;
}

/** What can be found and by which words: `cli/finding/index.py` makes it, and the command line asks the same one. */
export interface SearchIndex {
  entries: {
    kind: "table" | "file" | "column" | "pipeline" | "task";
    /** As it is printed: `table.column`, `table.csv`, `pipeline.task`. */
    where: string;
    /** In the catalogue: `database.table.column`. */
    id: string;
    /** What its points count. */
    percent: number;
    /** The words of its names, each with the terms that cover it, by their numbers. */
    names: { words: string[]; terms: number[][] }[];
  }[];
  /** Where a word may stand, and what it is worth there. */
  fields: string[];
  worth: number[];
  /** By word, without accents: its stems, and `[entry, field]` for each place where it stands. */
  words: Record<string, { stems: string[]; in: [number, number][] }>;
  /** The glossary's terms: the words of each of their names, and where they are. */
  terms: { id: string; name: string; labels: string[][]; in: [number, number][] }[];
  /** The words that say nothing of what is looked for. */
  stop: string[];
  /** The words for a kind of entry: they prefer it. */
  kinds: Record<string, "table" | "file" | "column" | "pipeline" | "task">;
}

export interface Workbook {
  /** Of the file. */
  name: string;
  bytes: number;
  /** Null where it is too large for a page that is mailed. */
  base64: string | null;
}

/** One whole state of the lake. */
export interface Version {
  number: number;
  at: string;
  run_id: string;
  /** `pipeline`, a layer that was run by itself, or `rollback`; null where its object cannot be read. */
  made_by: string | null;
  /** Of the fact; null where the version has none. */
  rows: number | null;
  /** The version whose tables it has, where it went back to one. */
  restores: number | null;
  /** What it changed of the cash flow, by month; null where that was not worked out. */
  changes: Change[] | null;
}

/** A message about a run that failed. */
export interface Alert {
  run_id: string;
  /** The state machine. */
  pipeline: string;
  at: string;
  /** What kind of failure it is, as docs/operating.md names them. */
  kind: string;
  /** All of it: what happened, why, and what to do. */
  text: { pt: string; en: string };
}

export interface Change {
  /** `YYYY-MM`. */
  month: string;
  /** The change of `total_saida_brl`. */
  cents: string;
}

/** Rows of a table that were set aside, and wait to be mended. */
export interface Waiting {
  table: string;
  layer: Layer;
  rows: number;
  /** How often each reason occurs, without values. */
  reasons: Record<string, number>;
  /** The version since which the oldest of them waits, and for how many days. */
  version: number;
  days: number;
}

/** A table, or an exported CSV (layer `landing`). */
export interface Asset {
  /** `database.table`; `landing.table` for a CSV. */
  id: string;
  name: string;
  /** What people call it, from the contract; empty where there is no contract. */
  business_name: string;
  layer: Layer;
  database: string;
  description: string;
  owner: string;
  domain: string;
  tags: string[];
  /** The ids of its terms in the glossary. */
  terms: string[];
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
  /** What the runs that made it measured; null for a CSV, and where no version has it. */
  past: Past | null;
}

/** What is measured of a table in each run. */
export interface Measured {
  /** Rows; the share of rows set aside, and of NULLs, in parts per million; the age of the export in minutes; an exact sum. */
  measure: "rows" | "quarantine" | "age" | "nulls" | "total";
  /** Of NULLs and sums; null for the others. */
  column: string | null;
  /** Digits after the point. */
  scale: number;
}

/** A number times 10^scale; a string where a JavaScript number cannot hold it. */
export type Exact = number | string;

/** A table over its runs. */
export interface Past {
  /** Oldest first, each with the first version that has what it made. */
  runs: { run_id: string; version: number; at: string }[];
  measures: PastMeasure[];
  /** Newest first; the last one is the first run that is known. */
  changes: SchemaChange[];
}

export interface PastMeasure extends Measured {
  /** One for each run. */
  values: (Exact | null)[];
  /** The least and the most that is usual, by the other runs; null where too few are known. */
  usual: ([Exact, Exact] | null)[];
}

/** How contract and columns of a table changed. */
export interface SchemaChange {
  version: number;
  at: string;
  run_id: string;
  contract: string;
  /** Null for the first run. */
  contract_before: string | null;
  /** How many there are then; null in versions that do not say. */
  columns: number | null;
  added: string[];
  removed: string[];
  retyped: { name: string; before: string; now: string }[];
}

/** A number of a table that is not as the runs before let expect. */
export interface Anomaly extends Measured {
  asset: string;
  value: Exact;
  expected: Exact;
  least: Exact;
  most: Exact;
  /** How many spreads it is from what is expected, in tenths. */
  tenths: number;
  /** Of how many runs that is known. */
  runs: number;
}

export interface Column {
  name: string;
  /** What people call it, from the contract; empty where there is no contract. */
  business_name: string;
  /** Glue's word: string, bigint, date, double, decimal(18,2). */
  type: string;
  description: string;
  key: boolean;
  required: boolean;
  classification: "PII" | "confidential" | null;
  /** The ids of its terms in the glossary. */
  terms: string[];
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
  /** The table in the role `outlook` as it is: what is expected of each month; null in versions without the layer. */
  outlook: Data | null;
  /** The table in the role `currency_risk` as it is. */
  currency_risk: Data | null;
  /**
   * What is open in the fact, neither paid nor cancelled, summed by `prazo` (VENCIDO, ATE_30, ATE_90, ATE_365, DEPOIS: days
   * from today on), `mes_referencia`, `tipo` (COMPRA, EMPRESTIMO), `moeda_origem, status_pagamento`: `valor_fluxo_brl,
   * valor_moeda_origem`. Null without a today.
   */
  open: Data | null;
  /**
   * Of that what is overdue, by `credor, tipo, moeda_origem` with `vencimento_mais_antigo`, the largest first. A row without
   * a creditor is the sum of those that are not listed; the column is missing where names look personal.
   */
  overdue: Data | null;
  /** The newest PTAX of each currency: `moeda_origem, data_ptax, taxa_ptax`. */
  rates: Data | null;
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
