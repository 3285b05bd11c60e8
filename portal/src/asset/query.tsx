import { useRef, useState } from "react";

import { useWords } from "../language";
import { Section } from "./sections";
import { ASSET } from "./words";

/** The query that reads a table in Athena, to take along. */
export function Query({ sql }: { sql: string }) {
  const words = useWords(ASSET);
  const text = useRef<HTMLPreElement>(null);
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(sql);
      setSaid(words.copied);
    } catch (error) {
      // Without the right to write to the clipboard (or without one) the text is selected instead.
      if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
      if (text.current) getSelection()?.selectAllChildren(text.current);
      setSaid(words.selected);
    }
  };
  return (
    <Section name="query">
      <pre ref={text} tabIndex={0} aria-label={words.query}>
        <code>{sql}</code>
      </pre>
      <p>
        <button type="button" onClick={() => void copy()}>
          {words.copy}
        </button>{" "}
        <span role="status">{said}</span>
      </p>
    </Section>
  );
}
