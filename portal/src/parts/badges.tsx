import type { Column, Layer, Verdict } from "../document";
import { useWords, type Words } from "../language";

const WORDS: Words<Verdict | "confidential" | "PII" | Layer> = {
  pt: {
    pass: "aprovada",
    warn: "com avisos",
    fail: "reprovada",
    confidential: "confidencial",
    landing: "CSV",
    bronze: "Bronze",
    silver: "Silver",
    gold: "Gold",
    forecast: "Previsão",
    PII: "pessoal",
  },
  en: {
    pass: "passed",
    warn: "with warnings",
    fail: "failed",
    confidential: "confidential",
    landing: "CSV",
    bronze: "Bronze",
    silver: "Silver",
    gold: "Gold",
    forecast: "Forecast",
    PII: "personal",
  },
};

const SIGN: Record<Verdict, string> = { pass: "✓", warn: "!", fail: "✗" };

/** How an audit went: in words and a sign, not by colour alone. */
export function VerdictBadge({ verdict }: { verdict: Verdict }) {
  const words = useWords(WORDS);
  return (
    <span className={`badge ${verdict}`}>
      <span aria-hidden="true">{SIGN[verdict]}</span> {words[verdict]}
    </span>
  );
}

export function LayerBadge({ layer }: { layer: Layer }) {
  return <span className={`badge ${layer}`}>{useWords(WORDS)[layer]}</span>;
}

/** Marks a personal or confidential column; nothing for any other. */
export function ClassificationBadge({ classification }: { classification: Column["classification"] }) {
  const words = useWords(WORDS);
  if (classification === null) return null;
  return <span className="badge pii">{words[classification]}</span>;
}
