import type { Words } from "./language";

export const SHELL: Words<
  "title" | "map" | "pipelines" | "dashboards" | "skip" | "language" | "toDark" | "toLight" | "made" | "unknown" | "pages"
> = {
  pt: {
    title: "IMPORTAÚ Lakehouse",
    map: "Mapa",
    pipelines: "Pipelines",
    dashboards: "Painéis",
    skip: "Ir para o conteúdo",
    language: "English",
    toDark: "Tema escuro",
    toLight: "Tema claro",
    made: "Dados lidos em",
    unknown: "Não há nada com este nome no catálogo:",
    pages: "Páginas",
  },
  en: {
    title: "IMPORTAÚ Lakehouse",
    map: "Map",
    pipelines: "Pipelines",
    dashboards: "Dashboards",
    skip: "Skip to content",
    language: "Português",
    toDark: "Dark theme",
    toLight: "Light theme",
    made: "Data read on",
    unknown: "The catalogue has nothing of this name:",
    pages: "Pages",
  },
};
