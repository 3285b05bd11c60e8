import type { ReactNode } from "react";

import { useWords } from "../language";
import { ASSET } from "./words";

export type SectionName = "trust" | "facts" | "schema" | "personal" | "lineage" | "quality" | "past" | "audits" | "sample" | "query";

/** A part of the page under its title; `Sections` and links lead to it. */
export function Section({ name, children, card = false }: { name: SectionName; children: ReactNode; card?: boolean }) {
  const words = useWords(ASSET);
  return (
    <section id={`section-${name}`} className={card ? "card" : undefined} aria-labelledby={`title-${name}`}>
      <h2 id={`title-${name}`} tabIndex={-1}>
        {words[name]}
      </h2>
      {children}
    </section>
  );
}

/** The parts of a table's page. The address says where one is in the portal, so these are buttons and not links. */
export function Sections({ names }: { names: readonly SectionName[] }) {
  const words = useWords(ASSET);
  return (
    <nav className="sections" aria-label={words.sections}>
      {names.map((name) => (
        <button key={name} type="button" onClick={() => showSection(name)}>
          {words[name]}
        </button>
      ))}
    </nav>
  );
}

export function showSection(name: SectionName): void {
  const title = document.getElementById(`title-${name}`);
  title?.scrollIntoView({ block: "start" });
  title?.focus({ preventScroll: true });
}
