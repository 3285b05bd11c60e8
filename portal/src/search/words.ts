import type { Words } from "../language";
import type { Kind } from "./entries";

type Field = "name" | "term" | "tag" | "description" | "other" | "above";

export const SEARCH: Words<Kind | Field | "labelled" | "box" | "placeholder" | "none" | "nowhere" | "results"> = {
  pt: {
    box: "Buscar tabelas, colunas, tarefas e pipelines",
    placeholder: "Buscar  ( / )",
    none: "Nada encontrado.",
    nowhere: "Em lugar nenhum:",
    results: "Resultados",
    table: "tabela",
    file: "arquivo",
    column: "coluna",
    pipeline: "pipeline",
    task: "tarefa",
    name: "nome",
    labelled: "nome",
    term: "glossário",
    tag: "etiqueta",
    description: "descrição",
    other: "dono, entradas, saídas",
    above: "a tabela dela",
  },
  en: {
    box: "Search tables, columns, tasks and pipelines",
    placeholder: "Search  ( / )",
    none: "Nothing found.",
    nowhere: "Nowhere:",
    results: "Results",
    table: "table",
    file: "file",
    column: "column",
    pipeline: "pipeline",
    task: "task",
    name: "name",
    labelled: "name",
    term: "glossary",
    tag: "tag",
    description: "description",
    other: "owner, inputs, outputs",
    above: "its table",
  },
};
