import { type KeyboardEvent, useDeferredValue, useEffect, useId, useMemo, useRef, useState } from "react";

import { useLakehouse } from "../data";
import { Catalogued, useWords } from "../language";
import { LayerBadge } from "../parts/badges";
import { go } from "../routes";
import { entriesOf, type Entry, KINDS } from "./entries";
import { searcher } from "./ranking";
import "./search.css";
import { SEARCH } from "./words";

/** The search of the header: a combobox whose results are grouped by kind. */
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
  const found = useMemo(() => (asked && search ? search(asked) : []), [asked, search]);
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

  const choose = (entry: Entry) => {
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
        aria-label={words.label}
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
        <div role="listbox" id={list} aria-label={words.results}>
          {shown && <Groups found={found} active={active} list={list} choose={choose} />}
        </div>
      </div>
    </div>
  );
}

function Groups({ found, active, list, choose }: {
  found: Entry[];
  active: number;
  list: string;
  choose: (entry: Entry) => void;
}) {
  const words = useWords(SEARCH);
  return KINDS.map((kind) => {
    const entries = found.flatMap((entry, index) => (entry.kind === kind ? [{ entry, index }] : []));
    if (entries.length === 0) return null;
    return (
      <div key={kind} role="group" aria-label={words[kind]}>
        <div className="kind" aria-hidden="true">
          {words[kind]}
        </div>
        {entries.map(({ entry, index }) => (
          <div
            key={entry.id}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === active}
            // The keyboard's focus stays in the input; a press must not take it away before the click is done.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(entry)}
            ref={index === active ? scrolledIntoView : undefined}
          >
            <span className="name">{entry.name}</span> <span className="where">{entry.where}</span>{" "}
            {entry.layer && <LayerBadge layer={entry.layer} />}
            <div className="said">
              <Catalogued>{entry.description}</Catalogued>
            </div>
          </div>
        ))}
      </div>
    );
  });
}

const scrolledIntoView = (option: HTMLElement | null) => option?.scrollIntoView({ block: "nearest" });

/** The index is made when somebody first comes to the box: the first paint does not wait for it. */
function useSearch(wanted: boolean) {
  const { lakehouse } = useLakehouse();
  const [search, setSearch] = useState<((query: string) => Entry[]) | null>(null);
  useEffect(() => {
    if (wanted && !search) setSearch(() => searcher(entriesOf(lakehouse)));
  }, [wanted, search, lakehouse]);
  return search;
}
