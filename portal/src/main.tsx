import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app";
import { documentIn, LakehouseProvider } from "./data";
import { LanguageProvider } from "./language";
import { ThemeProvider } from "./theme";

import "./theme.css";

const root = createRoot(document.getElementById("portal") as HTMLElement);
const lakehouse = documentIn(document);

root.render(
  <StrictMode>
    <ThemeProvider>
      <LanguageProvider>
        {lakehouse ? (
          <LakehouseProvider lakehouse={lakehouse}>
            <App />
          </LakehouseProvider>
        ) : (
          <p>Esta página ainda não tem dados: ./importau portal / This page has no data yet: ./importau portal</p>
        )}
      </LanguageProvider>
    </ThemeProvider>
  </StrictMode>,
);
