import { describe, expect, it } from "vitest";

import { byAsset, originsOf } from "./explain";
import { columnAt, lineageGraph } from "./graph";
import { assetOf, edgeOf, number, smallWorld } from "./small-world";
import { lightOf, lightOfStep, onTheWay, traced } from "./trace";

const ids = (numbers: Iterable<number>) => [...numbers].map((each) => smallWorld.assets[each]?.id).sort();
const columns = (numbers: Iterable<number>) =>
  [...numbers].map((each) => `${columnAt(smallWorld, each).asset.id}.${columnAt(smallWorld, each).column.name}`);

describe("the graph", () => {
  it("has a step for each set of inputs of a task, so that no line lies", () => {
    expect(smallWorld.steps.map(({ task, inputs, outputs }) => [task, ids(inputs), ids(outputs)])).toEqual([
      ["bronze.Write", ["landing.a"], ["bronze.a"]],
      ["bronze.Write", ["landing.b"], ["bronze.b"]],
      ["silver.Write", ["bronze.a", "bronze.b"], ["silver.fato"]],
      ["gold.Write", ["silver.fato"], ["gold.mensal", "gold.outra"]],
    ]);
  });

  it("leaves out edges to assets that the document does not have", () => {
    const graph = lineageGraph({ assets: [assetOf("x.a", "bronze")], edges: [edgeOf("x.a", "x.gone", "t.T")], column_edges: [] });
    expect(graph.steps).toEqual([]);
  });

  it("keeps apart what was declared and what was seen", () => {
    const assets = [assetOf("x.a", "bronze"), assetOf("x.b", "silver"), assetOf("x.c", "silver")];
    const edges = [edgeOf("x.a", "x.b", "t.T"), { ...edgeOf("x.a", "x.c", "t.T"), observed: false }];
    expect(lineageGraph({ assets, edges, column_edges: [] }).steps.map(({ observed }) => observed)).toEqual([true, false]);
  });
});

describe("a trace of a table", () => {
  it("goes back to the CSVs, with distances", () => {
    const trace = traced(smallWorld, number("gold.mensal"), null);
    expect(ids(trace.upstream.keys())).toEqual(["bronze.a", "bronze.b", "landing.a", "landing.b", "silver.fato"]);
    expect(trace.upstream.get(number("landing.a"))).toBe(3);
    expect(trace.downstream.size).toBe(0);
  });

  it("goes forward to what is made of it, and not sideways", () => {
    const trace = traced(smallWorld, number("bronze.a"), null);
    expect(ids(trace.upstream.keys())).toEqual(["landing.a"]);
    expect(ids(trace.downstream.keys())).toEqual(["gold.mensal", "gold.outra", "silver.fato"]);
    expect(lightOf(trace, number("bronze.b"))).toBeNull();
  });

  it("lights the steps on the way and only the lines that lead to what was chosen", () => {
    const trace = traced(smallWorld, number("gold.mensal"), null);
    const write = smallWorld.steps.at(-1);
    if (!write) throw new Error("no step");
    expect(lightOfStep(trace, write)).toBe("upstream");
    expect(onTheWay(trace, "upstream", number("gold.mensal"))).toBe(true);
    expect(onTheWay(trace, "upstream", number("gold.outra"))).toBe(false);
    const back = traced(smallWorld, number("bronze.a"), null);
    expect(smallWorld.steps.map((step) => lightOfStep(back, step))).toEqual(["upstream", null, "downstream", "downstream"]);
  });

  it("ends where tables are made of one another in a circle", () => {
    const assets = [assetOf("x.a", "silver"), assetOf("x.b", "silver")];
    const graph = lineageGraph({ assets, edges: [edgeOf("x.a", "x.b", "t.T"), edgeOf("x.b", "x.a", "t.U")], column_edges: [] });
    const trace = traced(graph, 0, null);
    expect([[...trace.upstream.keys()], [...trace.downstream.keys()]]).toEqual([[1], []]);
  });
});

describe("a trace of a column", () => {
  const trace = traced(smallWorld, number("gold.mensal"), "total");

  it("tells what flows from what only decides", () => {
    const reached = trace.column?.upstream ?? new Map();
    const direct = [...reached].filter(([, reach]) => reach.direct).map(([column]) => column);
    const deciding = [...reached].filter(([, reach]) => !reach.direct).map(([column]) => column);
    expect(columns(direct).sort()).toEqual([
      "bronze.a.valor",
      "bronze.b.taxa",
      "landing.a.valor",
      "landing.b.taxa",
      "silver.fato.valor_brl",
    ]);
    expect(columns(deciding).sort()).toEqual(["bronze.a.id", "bronze.b.id", "landing.a.id", "landing.b.id"]);
  });

  it("can leave out what only decides", () => {
    const flowing = traced(smallWorld, number("gold.mensal"), "total", false);
    expect([...(flowing.column?.upstream.values() ?? [])].every(({ direct }) => direct)).toBe(true);
    expect(flowing.column?.upstream.size).toBe(5);
  });

  it("lights the assets that have a column in it", () => {
    expect(ids(trace.upstream.keys())).toEqual(["bronze.a", "bronze.b", "landing.a", "landing.b", "silver.fato"]);
    expect(lightOf(trace, number("gold.outra"))).toBeNull();
  });

  it("is that of the table when there is no such column", () => {
    expect(traced(smallWorld, number("gold.mensal"), "nada").column).toBeNull();
  });

  it("is told step by step down to the files", () => {
    if (!trace.column) throw new Error("no column");
    const origins = originsOf(smallWorld, trace.column);
    expect(columns(origins.map(({ column }) => column))).toEqual([
      "gold.mensal.total",
      "silver.fato.valor_brl",
      "bronze.a.valor",
      "bronze.b.taxa",
      "landing.a.valor",
      "landing.b.taxa",
    ]);
    expect(columns(origins[1]?.decidedBy ?? [])).toEqual(["bronze.a.id", "bronze.b.id"]);
    expect(ids(byAsset(smallWorld, origins[1]?.decidedBy ?? []).keys())).toEqual(["bronze.a", "bronze.b"]);
  });
});
