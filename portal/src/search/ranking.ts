import MiniSearch from "minisearch";

import { plain } from "../parts/plain";
import { type Entry, KINDS } from "./entries";

// What a word is worth where it stands.
const BOOST = { name: 8, tags: 6, description: 4, where: 1, other: 1 };
// An asset is what people look for; its columns repeat its words, many times over.
const KIND_BOOST: Record<Entry["kind"], number> = { asset: 3, pipeline: 2, task: 1.5, column: 1 };
const FUZZY_FROM = 5;
const SHOWN_PER_KIND = 6;

/** Finds entries by words, by their beginnings, and by words mistyped a little. */
export function searcher(entries: Entry[]): (query: string) => Entry[] {
  const index = new MiniSearch<Entry>({
    fields: Object.keys(BOOST),
    // Names are written in snake_case and CamelCase; people search by their words.
    tokenize: (text) =>
      text
        .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
        .split(/[^\p{L}\p{N}]+/u)
        .filter(Boolean),
    processTerm: plain,
    searchOptions: {
      boost: BOOST,
      combineWith: "AND",
      prefix: true,
      fuzzy: (term) => (term.length >= FUZZY_FROM ? 0.2 : false),
      boostDocument: (id) => KIND_BOOST[entries[id as number]?.kind ?? "column"],
    },
  });
  index.addAll(entries);
  return (query) => {
    const ranked = index.search(query).flatMap(({ id }) => entries[id as number] ?? []);
    return KINDS.flatMap((kind) => ranked.filter((entry) => entry.kind === kind).slice(0, SHOWN_PER_KIND));
  };
}
