import { type KeyboardEvent, useDeferredValue, useEffect, useId, useMemo, useRef, useState } from "react";

import { useLakehouse } from "../data";
import { Catalogued, useWords } from "../language";
import { LayerBadge } from "../parts/badges";
import { go } from "../routes";
import { type Entry, entryOf } from "./entries";
import { type Answer, searcher, type Why } from "./ranking";
import "./search.css";
import { SEARCH } from "./words";

/** How many are shown: what is further down is found by a better word, not by scrolling. */
const SHOWN = 12;

interface Result {
  entry: Entry;
  why: Why[];
}

/** The search of the header: a combobox with what is found, best first, and why. */
export function SearchBox() {
  const words = useWords(SEARCH);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const [query, setQuery] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const [focused, setFocused] = useState(false);
  const search = useSearch(focused);
  const asked = useDeferredValue(query.trim());
  const { found, unknown } = useMemo(() => (asked && search ? search(asked) : NOTHING), [asked, search]);
  const shown = open && asked !== "";

  useEffect(() => {
    const onSlash = (event: globalThis.KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest("input, select, textarea");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", onSlash);
    return () => removeEventListener("keydown", onSlash);
  }, []);

  const choose = ({ entry }: Result) => {
    setOpen(false);
    setQuery("");
    go(entry.href);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const chosen = found[active];
    if (step && found.length) setActive((active + step + found.length) % found.length);
    else if (event.key === "Enter" && chosen) choose(chosen);
    else if (event.key === "Escape") setOpen(false);
    else return;
    event.preventDefault();
  };

  return (
    <div className="search" onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || setOpen(false)}>
      <input
        ref={input}
        type="search"
        role="combobox"
        aria-label={words.box}
        aria-expanded={shown}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shown && found[active] ? `${list}-${active}` : undefined}
        placeholder={words.placeholder}
        autoComplete="off"
        spellCheck={false}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setOpen(true);
          setActive(0);
        }}
        onFocus={() => (setFocused(true), setOpen(true))}
        onKeyDown={onKeyDown}
      />
      <div className="found card" hidden={!shown}>
        {shown && found.length === 0 && <p role="status">{words.none}</p>}
        {shown && found.length > 0 && unknown.length > 0 && (
          <p role="status">
            {words.nowhere} {unknown.join(", ")}
          </p>
        )}
        <div role="listbox" id={list} aria-label={words.results}>
          {shown &&
            found.map((result, index) => (
              <div
                key={result.entry.href}
                id={`${list}-${index}`}
                role="option"
                aria-selected={index === active}
                // The keyboard's focus stays in the input; a press must not take it away before the click is done.
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => choose(result)}
                ref={index === active ? scrolledIntoView : undefined}
              >
                <Option {...result} />
              </div>
            ))}
        </div>
      </div>
    </div>
  );
}

function Option({ entry, why }: Result) {
  const words = useWords(SEARCH);
  return (
    <>
      <span className="name">{entry.where}</span> <span className="kind">{words[entry.kind]}</span>{" "}
      {entry.layer && <LayerBadge layer={entry.layer} />}
      <div className="said">
        <Catalogued>{[entry.label, entry.description].filter(Boolean).join(": ")}</Catalogued>
      </div>
      <div className="why">{why.map((each) => said(each, words)).join("; ")}</div>
    </>
  );
}

/** Why in a few words: what was asked for, what it met, and where that stands. */
function said({ asked, found, how, field }: Why, words: Record<string, string>): string {
  const place = how === "glossary" ? words.term : (words[field === "label" ? "labelled" : field] ?? field);
  const sign = { same: "", stem: " = ", beginning: "… ", typo: " ≈ ", glossary: " = " }[how];
  return how === "same" ? `${asked} (${place})` : `${asked}${sign}${found} (${place})`;
}

const scrolledIntoView = (option: HTMLElement | null) => option?.scrollIntoView({ block: "nearest" });

const NOTHING: { found: Result[]; unknown: string[] } = { found: [], unknown: [] };

/** The index is read when somebody first comes to the box: the first paint does not wait for it. */
function useSearch(wanted: boolean) {
  const { lakehouse, assets } = useLakehouse();
  const [ask, setAsk] = useState<((question: string) => Answer) | null>(null);
  useEffect(() => {
    if (wanted && !ask) setAsk(() => searcher(lakehouse.search));
  }, [wanted, ask, lakehouse]);
  return useMemo(
    () =>
      ask &&
      ((question: string) => {
        const { found, unknown } = ask(question);
        const results = found.flatMap(({ entry: number, why }): Result[] => {
          const indexed = lakehouse.search.entries[number];
          const entry = indexed && entryOf(indexed, assets, lakehouse.pipelines);
          return entry ? [{ entry, why }] : [];
        });
        return { found: results.slice(0, SHOWN), unknown };
      }),
    [ask, lakehouse, assets],
  );
}
