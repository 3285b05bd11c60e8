/**
 * Asking the index, as `cli/finding/ranking.py` does, line by line: both are held to the same answers
 * (`answers.json`, written by `./importau generate --golden`).
 */
import { stemmer as portuguese } from "@orama/stemmers/portuguese";
import { stem as english } from "porter2";

import type { SearchIndex } from "../document";
import { distance } from "./distance";

// How near a word is to the one that was asked for, in per cent.
const SAME = 100;
const STEM = 92;
const BEGINNING = 65;
const TYPO = 60;
const TYPOS = 45;
// A label of several words says more than one word for another.
const LABEL = 88;
const LABELS = 100;
// From so many letters on a word may be the beginning of another, have one letter wrong, or two.
const BEGINS = 3;
const ONE = 4;
const TWO = 8;
const NAMED = 60;
const PREFERRED = 150;
const WHOLE = 1_000_000_000;
// What has less than this part of the best one's points is not what was meant, in per cent.
const LEAST = 12;

export type How = "same" | "stem" | "beginning" | "typo" | "glossary";
const HOW: Record<number, How> = { [SAME]: "same", [STEM]: "stem", [BEGINNING]: "beginning", [TYPO]: "typo", [TYPOS]: "typo" };

/** Why an entry was found: a word that was asked for, and the word of the entry, or the term of the glossary, it met. */
export interface Why {
  asked: string;
  found: string;
  how: How;
  field: string;
}

export interface Found {
  /** Its number in the index. */
  entry: number;
  points: number;
  /** One for each word that was asked for and that it has. */
  why: Why[];
}

export interface Answer {
  /** Best first. */
  found: Found[];
  /** The words that are nowhere. */
  unknown: string[];
}

type Near = Map<string, number>;
type Best = Map<number, { points: number; why: Why }>;

/** Text without accents and case. */
export const folded = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

const HUMP = /(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])/gu;

/** The words of a text, or of a name in snake_case or CamelCase, in lower case and with their accents. */
export const words = (text: string) =>
  [...text.normalize("NFC").replace(HUMP, " ").matchAll(/[\p{L}\p{N}]+/gu)].map(([word]) => word.toLowerCase());

// Plurals that Portuguese's stemmer leaves apart from their singulars where a word is short.
const PLURALS = [["oes", "ao"], ["aes", "ao"], ["ais", "al"], ["eis", "el"], ["ois", "ol"], ["ns", "m"]] as const;

/** What a word is compared by beside itself: its stems in either language, without accents. */
export function stems(word: string): string[] {
  const bare = folded(word);
  const plural = PLURALS.find(([many]) => bare.endsWith(many));
  const singular = plural ? bare.slice(0, -plural[0].length) + plural[1] : bare;
  return [...new Set([folded(portuguese(word)), portuguese(bare), portuguese(singular), english(bare)])];
}

const div = (a: number, b: number) => Math.floor(a / b);
const bitLength = (whole: number) => 32 - Math.clz32(whole);
const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);

/** An index that can be asked. */
export function searcher(index: SearchIndex): (question: string) => Answer {
  const known = new Map(Object.entries(index.words));
  const ofStem = new Map<string, string[]>();
  for (const [word, its] of known)
    for (const stem of its.stems) {
      const others = ofStem.get(stem);
      if (others) others.push(word);
      else ofStem.set(stem, [word]);
    }
  const wholes = new Map(index.entries.flatMap(({ where, id }, n) => [where, id].map((name) => [folded(name), n])));
  const stop = new Set(index.stop);
  const kinds = new Map(Object.entries(index.kinds));

  /** The words that have to be found, and the kinds that are preferred. */
  function read(question: string): [string[], Set<string>] {
    const said = [...new Set(words(question))];
    const telling = said.filter((word) => !stop.has(folded(word)));
    const told = telling.length ? telling : said;
    const rest = told.filter((word) => !kinds.has(folded(word)));
    return rest.length ? [rest, new Set(told.flatMap((word) => kinds.get(folded(word)) ?? []))] : [told, new Set()];
  }

  /** The words of the index that a word is taken for, each with how near it is. */
  function nearTo(word: string): Near {
    const bare = folded(word);
    const near: Near = new Map();
    for (const stem of stems(word)) for (const other of ofStem.get(stem) ?? []) near.set(other, STEM);
    if (known.has(bare)) near.set(bare, SAME);
    if (near.size) return near;
    if (bare.length >= BEGINS) for (const other of known.keys()) if (other.startsWith(bare)) near.set(other, BEGINNING);
    return near.size ? near : mistyped(bare);
  }

  /** The words that have a letter more, less, another or two exchanged; two such where a word is long. */
  function mistyped(word: string): Near {
    const most = word.length < ONE ? 0 : word.length < TWO ? 1 : 2;
    if (!most) return new Map();
    const far: [string, number][] = [];
    for (const other of known.keys()) {
      if (Math.abs(other.length - word.length) > most) continue;
      const steps = distance(word, other);
      if (steps <= most) far.push([other, steps]);
    }
    const nearest = Math.min(...far.map(([, steps]) => steps));
    const worth = nearest === 1 ? TYPO : TYPOS;
    return new Map(far.filter(([, steps]) => steps === nearest).map(([other]) => [other, worth]));
  }

  /** The terms that the question has a label of: for each, how near its words are, by their numbers. */
  function termsIn(near: Near[]): Map<number, Map<number, number>> {
    const found = new Map<number, Map<number, number>>();
    index.terms.forEach((term, number) => {
      for (const label of term.labels) {
        const meets = label.map((word) => near.flatMap((each, n): [number, number][] => {
          const nearness = each.get(word);
          return nearness === undefined ? [] : [[n, nearness]];
        }));
        if (!label.length || meets.some((each) => each.length === 0)) continue;
        const least = Math.min(...meets.map((each) => Math.max(...each.map(([, nearness]) => nearness))));
        const nearness = div(least * (label.length === 1 ? LABEL : LABELS), 100);
        const its = found.get(number) ?? new Map<number, number>();
        found.set(number, its);
        for (const [n] of meets.flat()) its.set(n, Math.max(its.get(n) ?? 0, nearness));
      }
    });
    return found;
  }

  /** The entries that have a word: for each the most that it gives, and by what. */
  function bestOf(number: number, asked: string, near: Near, terms: Map<number, Map<number, number>>): Best {
    const best: Best = new Map();
    for (const [word, nearness] of near)
      for (const [entry, field] of known.get(word)?.in ?? []) {
        const points = (index.worth[field] ?? 0) * nearness;
        const before = best.get(entry);
        if (before && !better(points, word, before.points, before.why.found)) continue;
        best.set(entry, { points, why: { asked, found: word, how: HOW[nearness] ?? "same", field: index.fields[field] ?? "" } });
      }
    for (const [each, its] of terms) {
      const nearness = its.get(number);
      const term = index.terms[each];
      if (nearness === undefined || !term) continue;
      for (const [entry, field] of term.in) {
        const points = (index.worth[field] ?? 0) * nearness;
        if (points <= (best.get(entry)?.points ?? 0)) continue;
        best.set(entry, { points, why: { asked, found: term.name, how: "glossary", field: index.fields[field] ?? "" } });
      }
    }
    return best;
  }

  return (question) => {
    const [asked, preferred] = read(question);
    const near = asked.map(nearTo);
    const terms = termsIn(near);
    const best = asked.map((word, number) => bestOf(number, word, near[number] ?? new Map(), terms));
    const weights = best.map((each) => (each.size ? bitLength(div(index.entries.length, each.size)) : 0));
    const total = sum(weights);
    const named = new Set(near.flatMap((each) => [...each.keys()]));
    const whole = wholes.get(folded(question.trim()));
    const found: Found[] = [];
    const candidates = new Set([...best.flatMap((each) => [...each.keys()]), ...(whole === undefined ? [] : [whole])]);
    for (const number of [...candidates].sort((a, b) => a - b)) {
      const entry = index.entries[number];
      if (!entry) continue;
      const its = best.flatMap((each, n) => {
        const one = each.get(number);
        return one ? [{ ...one, weight: weights[n] ?? 0 }] : [];
      });
      const covered = total ? div(sum(its.map(({ weight }) => weight)) * 100, total) : 0;
      let points = sum(its.map(({ weight, points: one }) => weight * one));
      points = div(points * covered * covered, 10_000);
      points = div(points * (100 + div(NAMED * share(entry.names, named, terms), 100)), 100);
      points = div(points * entry.percent * (preferred.has(entry.kind) ? PREFERRED : 100), 10_000);
      if (number === whole) points += WHOLE;
      found.push({ entry: number, points, why: its.map(({ why }) => why) });
    }
    found.sort((a, b) => b.points - a.points || a.entry - b.entry);
    const least = div((found[0]?.points ?? 0) * LEAST, 100);
    return {
      found: found.filter(({ points }) => points > 0 && points >= least),
      unknown: asked.filter((_, n) => best[n]?.size === 0),
    };
  };
}

/** The nearer of two; of two as near the shorter word, then the later in the alphabet. */
function better(points: number, word: string, than: number, other: string): boolean {
  if (points !== than) return points > than;
  return word.length !== other.length ? word.length < other.length : word > other;
}

/** How much of one of its names the question has, in per cent. */
function share(names: SearchIndex["entries"][number]["names"], near: Set<string>, terms: Map<number, unknown>): number {
  const shares = names.map((name) => {
    const met = name.words.filter((word, n) => near.has(word) || name.terms[n]?.some((term) => terms.has(term)));
    return name.words.length ? div(met.length * 100, name.words.length) : 0;
  });
  return Math.max(0, ...shares);
}
