import { useWords, type Words } from "../language";

/** The dimensions of quality that the contracts' standard has. */
const DIMENSIONS: Words<
  "accuracy" | "completeness" | "conformity" | "consistency" | "coverage" | "timeliness" | "uniqueness"
> = {
  pt: {
    accuracy: "exatidão",
    completeness: "completude",
    conformity: "conformidade",
    consistency: "consistência",
    coverage: "cobertura",
    timeliness: "atualidade",
    uniqueness: "unicidade",
  },
  en: {
    accuracy: "accuracy",
    completeness: "completeness",
    conformity: "conformity",
    consistency: "consistency",
    coverage: "coverage",
    timeliness: "timeliness",
    uniqueness: "uniqueness",
  },
};

/** A dimension of quality in the language that is spoken. */
export function Dimension({ name }: { name: string }) {
  const words: Record<string, string> = useWords(DIMENSIONS);
  return words[name] ?? name;
}
