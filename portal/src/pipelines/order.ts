import { LAYERS, type Layer, type Pipeline } from "../document";

/** State machines in the order in which data passes them: the one that runs all, the layers, then their audits. */
export function inOrder(pipelines: Pipeline[]): Pipeline[] {
  const all = new Set(runningAll(pipelines));
  const rank = (pipeline: Pipeline) => (all.has(pipeline) ? -1 : place(pipeline));
  return [...pipelines].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

/** Those that start the most other state machines, as the whole pipeline does; a layer starts no more than its audit. */
export function runningAll(pipelines: Pipeline[]): Pipeline[] {
  const most = Math.max(1, ...pipelines.map(starts));
  return pipelines.filter((pipeline) => starts(pipeline) === most);
}

function starts({ states }: Pipeline): number {
  return states.filter(({ resource }) => resource.startsWith("arn:aws:states:::states:startExecution")).length;
}

/** The first layer that it makes; what makes none stands after those that do, by the last layer that it reads. */
function place({ states }: Pipeline): number {
  const made = layersOf(states.flatMap(({ outputs }) => outputs));
  if (made.length > 0) return Math.min(...made);
  const read = layersOf(states.flatMap(({ inputs }) => inputs));
  return LAYERS.length + (read.length > 0 ? Math.max(...read) : LAYERS.length);
}

function layersOf(assets: string[]): number[] {
  return assets.map((asset) => LAYERS.indexOf(layerOf(asset.split(".")[0] ?? ""))).filter((at) => at >= 0);
}

/** The layer of a database; that of the forecast is named for what it is used for. */
function layerOf(database: string): Layer {
  return (database === "importau_ml" ? "forecast" : database.replace("importau_", "")) as Layer;
}
