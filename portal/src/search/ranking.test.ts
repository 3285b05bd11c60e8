import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { SearchIndex } from "../document";
import { distance } from "./distance";
import { folded, searcher, stems, words } from "./ranking";

interface Answers {
  index: SearchIndex;
  stems: Record<string, string[]>;
  answers: { asked: string; unknown: string[]; found: { where: string; points: number; why: string[] }[] }[];
}

/** What the command line answers: `./importau generate --golden` writes it. */
const given = JSON.parse(readFileSync(new URL("./answers.json", import.meta.url), "utf8")) as Answers;
const ask = searcher(given.index);

describe("search", () => {
  it.each(given.answers)("answers «$asked» as the command line does", ({ asked, found, unknown }) => {
    const answer = ask(asked);
    const best = answer.found.slice(0, found.length).map(({ entry, points, why }) => ({
      where: given.index.entries[entry]?.where,
      points,
      why: why.map((each) => [each.asked, each.found, each.how, each.field].join("|")),
    }));
    expect(best).toEqual(found);
    expect(answer.unknown).toEqual(unknown);
  });

  it("has the stems of the command line for every word", () => {
    expect(Object.fromEntries(Object.keys(given.stems).map((word) => [word, stems(word)]))).toEqual(given.stems);
  });

  it("finds a word by its beginning, as one types", () => {
    const [first] = ask("fornece").found;
    expect(given.index.entries[first?.entry ?? -1]?.where).toBe("fornecedores");
  });

  it("says which words are nowhere", () => {
    expect(ask("risco xyzzyx").unknown).toEqual(["xyzzyx"]);
    expect(ask("xyzzyx").found).toEqual([]);
  });

  it("asks for nothing where nothing is asked", () => {
    expect(ask(" ").found).toEqual([]);
  });
});

describe("words", () => {
  it("are read out of names as out of sentences", () => {
    expect(words("StateMachine_DAG_gold, preço")).toEqual(["state", "machine", "dag", "gold", "preço"]);
    expect(folded("CÂMBIO Ção")).toBe("cambio cao");
  });
});

describe("the distance between words", () => {
  it.each([
    ["forecast", "forecats", 1],
    ["caixa", "caxia", 1],
    ["cambio", "canbio", 1],
    ["fornecedor", "forncedor", 1],
    ["", "abc", 3],
    ["ca", "abc", 3],
    ["igual", "igual", 0],
  ])("%s and %s: %i", (one, other, steps) => {
    expect(distance(one, other)).toBe(steps);
    expect(distance(other, one)).toBe(steps);
  });
});
