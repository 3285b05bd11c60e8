import type { Words } from "../language";
import type { Kind } from "./entries";

export const SEARCH: Words<Kind | "label" | "placeholder" | "none" | "results"> = {
  pt: {
    label: "Buscar tabelas, colunas, tarefas e pipelines",
    placeholder: "Buscar  ( / )",
    none: "Nada encontrado.",
    results: "Resultados",
    asset: "Tabelas",
    column: "Colunas",
    pipeline: "Pipelines",
    task: "Tarefas",
  },
  en: {
    label: "Search tables, columns, tasks and pipelines",
    placeholder: "Search  ( / )",
    none: "Nothing found.",
    results: "Results",
    asset: "Tables",
    column: "Columns",
    pipeline: "Pipelines",
    task: "Tasks",
  },
};
