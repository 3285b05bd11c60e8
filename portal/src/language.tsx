import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";

import { remembered, remember } from "./memory";

export type Language = "pt" | "en";

/** The words of a room of the page, in both languages; each room keeps its own in `words.ts`. */
export type Words<Key extends string> = Record<Language, Record<Key, string>>;

const LanguageContext = createContext<{ language: Language; speak: (language: Language) => void }>({
  language: "pt",
  speak: () => {},
});

/** Portuguese until someone chooses otherwise; the choice is kept. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => (remembered("language") === "en" ? "en" : "pt"));
  useEffect(() => {
    document.documentElement.lang = language === "en" ? "en" : "pt-BR";
    remember("language", language);
  }, [language]);
  const value = useMemo(() => ({ language, speak: setLanguage }), [language]);
  return <LanguageContext.Provider value={value}>{children}</LanguageContext.Provider>;
}

export const useLanguage = () => useContext(LanguageContext);

/** The words of a room in the language that is spoken. */
export function useWords<Key extends string>(words: Words<Key>): Record<Key, string> {
  return words[useLanguage().language];
}

/** Text from the catalogue, which is Portuguese whatever language the page speaks: screen readers must know. */
export function Catalogued({ children }: { children: string }) {
  return useLanguage().language === "pt" ? children : <span lang="pt-BR">{children}</span>;
}
