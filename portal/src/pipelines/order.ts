import { LAYERS, type Layer, type Pipeline } from "../document";

/** State machines in the order in which data passes them: those that run others first, then by the layer they make. */
export function inOrder(pipelines: Pipeline[]): Pipeline[] {
  return [...pipelines].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

/** Whether it runs other state machines, as the whole pipeline does. */
export function runsOthers(pipeline: Pipeline): boolean {
  return pipeline.states.some(({ resource }) => resource.startsWith("arn:aws:states:::states:startExecution"));
}

function rank(pipeline: Pipeline): number {
  if (runsOthers(pipeline)) return -1;
  const made = pipeline.states.flatMap(({ outputs }) => outputs.map(layerOf)).filter((at) => at >= 0);
  return Math.min(...made, LAYERS.length);
}

function layerOf(asset: string): number {
  return LAYERS.indexOf(asset.split(".")[0]?.replace("importau_", "") as Layer);
}
