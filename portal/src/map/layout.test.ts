import { describe, expect, it } from "vitest";

import { lineageGraph } from "./graph";
import { grown, type Layout, layoutOf, type Place, ROW } from "./layout";
import { neighbour } from "./neighbour";
import { lit, nodeOf, picture } from "./picture";
import { assetOf, edgeOf, number, smallWorld } from "./small-world";
import { traced } from "./trace";

const layout = layoutOf(smallWorld);
const place = (id: string, from: Layout = layout) => from.assets[number(id)] as Place;

describe("the layout", () => {
  it("stands layer by layer from left to right, the tasks between them", () => {
    const across = ["landing.a", "bronze.a", "silver.fato", "gold.mensal"].map((id) => place(id).x);
    expect(across).toEqual([...across].sort((a, b) => a - b));
    expect(new Set(across).size).toBe(4);
    smallWorld.steps.forEach((step, index) => {
      const x = layout.steps[index]?.x ?? NaN;
      expect(x).toBeGreaterThan(layout.assets[step.inputs[0] as number]?.x ?? NaN);
      expect(x).toBeLessThan(layout.assets[step.outputs[0] as number]?.x ?? NaN);
    });
  });

  it("is the same every time, and keeps the order of the document", () => {
    expect(layoutOf(smallWorld)).toEqual(layout);
    expect(place("landing.a").y).toBeLessThan(place("landing.b").y);
  });

  it("puts a table of a layer to the right of those of its layer that it is made of", () => {
    const assets = [assetOf("s.late", "silver"), assetOf("s.early", "silver"), assetOf("g.x", "gold")];
    const edges = [edgeOf("s.early", "s.late", "t.T"), edgeOf("s.late", "g.x", "t.U")];
    const [late, early, gold] = layoutOf(lineageGraph({ assets, edges, column_edges: [] })).assets.map(({ x }) => x);
    expect([early, late, gold]).toEqual([early, late, gold].sort((a, b) => Number(a) - Number(b)));
  });

  it("lays out circles, lines that go back, and assets without any line", () => {
    const assets = [assetOf("s.a", "silver"), assetOf("s.b", "silver"), assetOf("g.x", "gold"), assetOf("l.alone", "landing")];
    const edges = [edgeOf("s.a", "s.b", "t.T"), edgeOf("s.b", "s.a", "t.U"), edgeOf("g.x", "s.a", "t.V")];
    const found = layoutOf(lineageGraph({ assets, edges, column_edges: [] }));
    expect([...found.assets, ...found.steps].every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
  });

  it("of nothing is empty", () => {
    expect(layoutOf(lineageGraph({ assets: [], edges: [], column_edges: [] })).assets).toEqual([]);
  });

  it("moves neighbours apart when one lists its columns", () => {
    const wide = grown(layout, new Map([[number("bronze.a"), 5]]), smallWorld);
    const [above, below] = [place("bronze.a", wide), place("bronze.b", wide)];
    expect(above.height).toBe(place("bronze.a").height + 5 * ROW);
    expect(below.y).toBeGreaterThanOrEqual(above.y + above.height);
    expect(place("silver.fato", wide)).toEqual(place("silver.fato"));
  });
});

describe("the picture", () => {
  const base = picture(smallWorld, layout);

  it("draws again only what a choice changes", () => {
    const chosen = lit(base, smallWorld, layout, traced(smallWorld, number("bronze.a"), null));
    const kept = (id: string) => chosen.nodes.find((node) => node.id === id) === base.nodes.find((node) => node.id === id);
    expect(kept(nodeOf(number("bronze.b")))).toBe(true);
    expect(kept(nodeOf(number("gold.mensal")))).toBe(false);
    expect(chosen.edges.filter((edge, index) => edge !== base.edges[index])).toHaveLength(7);
  });

  it("lists the columns on the way and joins them, whole where a value flows", () => {
    const chosen = lit(base, smallWorld, layout, traced(smallWorld, number("gold.mensal"), "total"));
    const fact = chosen.nodes.find((node) => node.id === nodeOf(number("silver.fato")));
    expect(fact?.type === "asset" && fact.data.rows.map(({ name }) => name)).toEqual(["valor_brl"]);
    const drawn = chosen.edges.slice(base.edges.length).map(({ className }) => className?.split(" ")[0]);
    expect(drawn.filter((kind) => kind === "direct")).toHaveLength(7);
    expect(drawn.filter((kind) => kind === "deciding")).toHaveLength(2);
  });
});

describe("the arrow keys", () => {
  it("follow the lineage to the sides, and the row up and down", () => {
    const from = (id: string, key: string) => neighbour(smallWorld, layout, nodeOf(number(id)), key);
    expect(from("landing.a", "ArrowRight")).toBe(nodeOf(number("bronze.a")));
    expect(from("silver.fato", "ArrowLeft")).toBe(nodeOf(number("bronze.a")));
    expect(from("landing.a", "ArrowDown")).toBe(nodeOf(number("landing.b")));
    expect(from("landing.a", "ArrowUp")).toBeNull();
    expect(from("landing.a", "x")).toBeNull();
  });

  it("lead from a task to what it reads and makes", () => {
    expect(neighbour(smallWorld, layout, "step:2", "ArrowRight")).toBe(nodeOf(number("silver.fato")));
    expect(neighbour(smallWorld, layout, "step:2", "ArrowLeft")).toBe(nodeOf(number("bronze.a")));
  });
});
