import { createContext, type ReactNode, useContext, useLayoutEffect, useMemo, useState } from "react";

import { remember, remembered } from "./memory";

export type Theme = "light" | "dark";

const ThemeContext = createContext<{ theme: Theme; wear: (theme: Theme) => void }>({ theme: "light", wear: () => {} });

/** What the system prefers until someone chooses otherwise; the choice is kept. */
export function ThemeProvider({ children }: { children: ReactNode }) {
  const [theme, setTheme] = useState<Theme>(first);
  // Before anything is drawn on a canvas in the theme's colours.
  useLayoutEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  const value = useMemo(
    () => ({
      theme,
      wear: (chosen: Theme) => {
        remember("theme", chosen);
        setTheme(chosen);
      },
    }),
    [theme],
  );
  return <ThemeContext.Provider value={value}>{children}</ThemeContext.Provider>;
}

export const useTheme = () => useContext(ThemeContext);

function first(): Theme {
  const chosen = remembered("theme");
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** A colour of theme.css as it is now, for what draws on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
