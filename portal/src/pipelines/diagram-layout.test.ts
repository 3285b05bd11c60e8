import { describe, expect, it } from "vitest";

import type { Pipeline, State } from "../document";
import { diagramOf, ordinary } from "./diagram-layout";

const state = (name: string, given: Partial<State> = {}): State => ({
  name,
  type: "Task",
  parent: null,
  description: "",
  owner: "",
  resource: "",
  inputs: [],
  outputs: [],
  retries: 0,
  next: [],
  end: false,
  ...given,
});
const to = (name: string, kind: "next" | "choice" | "default" | "catch" = "next") => ({ to: name, kind, label: "" });

const PIPELINE: Pipeline = {
  name: "p",
  arn: "",
  description: "",
  start: "Write",
  executions: [],
  states: [
    state("Write", { next: [to("Passed"), to("ReadFault", "catch")] }),
    state("Passed", { type: "Choice", next: [to("Publish", "choice"), to("Failed", "default")] }),
    state("Publish", { type: "Map", end: true }),
    state("PublishTable", { parent: "Publish", end: true }),
    state("Failed", { type: "Fail", end: true }),
    state("ReadFault", { type: "Pass", next: [to("Failed")] }),
  ],
};

describe("the diagram of a state machine", () => {
  it("leaves out what only happens when something fails", () => {
    expect([...ordinary(PIPELINE)]).toEqual(["Write", "Passed", "Publish", "PublishTable"]);
    const { placed, links } = diagramOf(PIPELINE, false);
    expect(placed.map((each) => each.state.name)).toEqual(["Write", "Passed", "Publish", "PublishTable"]);
    expect(links.map(({ from, to: target }) => `${from}>${target}`)).toEqual(["Write>Passed", "Passed>Publish"]);
  });

  it("shows every state and every way between them where failures are asked for", () => {
    const { placed, links } = diagramOf(PIPELINE, true);
    expect(placed).toHaveLength(6);
    expect(links.map(({ kind }) => kind)).toEqual(["next", "catch", "choice", "default", "next"]);
  });

  it("puts a container's states inside it, below its name", () => {
    const { placed } = diagramOf(PIPELINE, false);
    const [map, inner] = placed.slice(2);
    expect(inner!.x).toBeGreaterThanOrEqual(0);
    expect(inner!.y).toBeGreaterThanOrEqual(40);
    expect(inner!.y + inner!.height).toBeLessThanOrEqual(map!.height);
    expect(inner!.x + inner!.width).toBeLessThanOrEqual(map!.width);
  });

  it("runs from top to bottom", () => {
    const { placed } = diagramOf(PIPELINE, true);
    const top = Object.fromEntries(placed.map((each) => [each.state.name, each.y]));
    expect(top["Write"]).toBeLessThan(top["Passed"]!);
    expect(top["Passed"]).toBeLessThan(top["Publish"]!);
  });
});
