import { describe, expect, it } from "vitest";

import type { Pipeline, State } from "../document";
import { diagramOf, ordinary, pathThrough } from "./diagram-layout";

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

  it("leads its lines from border to border, within a container too, and cuts what is long", () => {
    const long = "$.found.crawler.State = READY e $.found.crawler.LastCrawl.Status = SUCCEEDED";
    const looping: Pipeline = {
      ...PIPELINE,
      start: "Map",
      states: [
        state("Map", { type: "Map", end: true }),
        state("Ask", { parent: "Map", next: [to("Ready"), to("Ready", "catch")] }),
        state("Ready", { parent: "Map", type: "Choice", next: [{ to: "Done", kind: "choice", label: long }, to("Ask", "default")] }),
        state("Done", { parent: "Map", end: true }),
      ],
    };
    const { placed, links } = diagramOf(looping, true, ({ kind, label }) => (kind === "default" ? "senão" : label));
    const [map, ask, ready] = placed;
    expect(links.map(({ said }) => said)).toEqual(["", "", "$.found.crawler.State = READY…", "senão"]);
    const down = links[0]!.points;
    expect(down[0]!.y).toBeCloseTo(map!.y + ask!.y + ask!.height);
    expect(down.at(-1)!.y).toBeCloseTo(map!.y + ready!.y);
    expect(links[0]!.points).not.toEqual(links[1]!.points);
    const back = links[3]!.points;
    expect(back[0]!.y).toBeGreaterThan(back.at(-1)!.y);
  });

  it("draws a line that is round where it turns and ends where it should", () => {
    expect(pathThrough([{ x: 0, y: 0 }, { x: 0, y: 9 }])).toBe("M 0 0 L 0 9");
    expect(pathThrough([{ x: 0, y: 0 }, { x: 5, y: 5 }, { x: 0, y: 9 }])).toBe("M 0 0 Q 5 5 0 9");
    expect(pathThrough([])).toBe("");
  });
});
