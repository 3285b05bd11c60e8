import type { Words } from "./language";

export const SHELL: Words<
  "title" | "brand" | "outlook" | "todo" | "map" | "pipelines" | "dashboards" | "skip" | "language" | "toDark" | "toLight" | "made" | "unknown" | "pages" | "languageSign"
> = {
  pt: {
    title: "IMPORTAÚ Lakehouse",
    brand: "IMPORTAÚ",
    outlook: "Caixa",
    todo: "A fazer",
    map: "Mapa",
    pipelines: "Execuções",
    dashboards: "Painéis",
    skip: "Ir para o conteúdo",
    language: "English",
    languageSign: "EN",
    toDark: "Tema escuro",
    toLight: "Tema claro",
    made: "Dados lidos em",
    unknown: "Não há nada com este nome no catálogo:",
    pages: "Páginas",
  },
  en: {
    title: "IMPORTAÚ Lakehouse",
    brand: "IMPORTAÚ",
    outlook: "Cash",
    todo: "To do",
    map: "Map",
    pipelines: "Runs",
    dashboards: "Dashboards",
    skip: "Skip to content",
    language: "Português",
    languageSign: "PT",
    toDark: "Dark theme",
    toLight: "Light theme",
    made: "Data read on",
    unknown: "The catalogue has nothing of this name:",
    pages: "Pages",
  },
};
