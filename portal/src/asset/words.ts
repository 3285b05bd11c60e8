import type { Verdict } from "../document";
import type { Words } from "../language";
import type { Trust } from "./trust";

export const ASSET: Words<
  | Trust
  | Verdict
  | "onMap"
  | "sections"
  | "trust"
  | "facts"
  | "schema"
  | "personal"
  | "quality"
  | "audits"
  | "sample"
  | "query"
  | "lineage"
  | "owner"
  | "domain"
  | "layer"
  | "location"
  | "contract"
  | "rows"
  | "size"
  | "freshness"
  | "fresh"
  | "late"
  | "allowed"
  | "lastRun"
  | "duration"
  | "cost"
  | "notGiven"
  | "rulesPassed"
  | "rulesWarned"
  | "rulesFailed"
  | "quarantined"
  | "refused"
  | "seeQuality"
  | "column"
  | "type"
  | "meaning"
  | "made"
  | "key"
  | "required"
  | "filterColumns"
  | "noColumns"
  | "unknownColumn"
  | "ofColumn"
  | "noPersonal"
  | "hasPersonal"
  | "neverShown"
  | "alsoHidden"
  | "rule"
  | "severity"
  | "error"
  | "warning"
  | "failures"
  | "of"
  | "history"
  | "newestFirst"
  | "wholeTable"
  | "onlyProblems"
  | "noProblems"
  | "noRules"
  | "examples"
  | "notYet"
  | "when"
  | "run"
  | "verdict"
  | "reasons"
  | "noQuarantine"
  | "noAudits"
  | "noSample"
  | "sampleRows"
  | "hiddenColumns"
  | "empty"
  | "copy"
  | "copied"
  | "selected"
  | "madeOf"
  | "usedBy"
  | "source"
  | "unused"
  | "by"
  | "wholeLineage"
> = {
  pt: {
    yes: "Sim",
    caution: "Com ressalvas",
    no: "Não",
    unknown: "Ninguém auditou",
    pass: "aprovada",
    warn: "com aviso",
    fail: "reprovada",
    onMap: "Ver no mapa",
    sections: "Nesta página",
    trust: "Posso confiar?",
    facts: "Ficha",
    schema: "Esquema",
    personal: "Dados pessoais",
    quality: "Qualidade",
    audits: "Auditorias e quarentena",
    sample: "Amostra",
    query: "Consulta no Athena",
    lineage: "Linhagem",
    owner: "Responsável",
    domain: "Domínio",
    layer: "Camada",
    location: "Local",
    contract: "Versão do contrato",
    rows: "Linhas",
    size: "Tamanho",
    freshness: "Atualização",
    fresh: "em dia",
    late: "atrasada",
    allowed: "até",
    lastRun: "Última execução",
    duration: "duração",
    cost: "custo estimado da execução",
    notGiven: "não informado",
    rulesPassed: "Regras aprovadas",
    rulesWarned: "Regras com avisos",
    rulesFailed: "Regras reprovadas",
    quarantined: "Linhas em quarentena",
    refused: "A auditoria mais nova reprovou e nada dela foi publicado; o que está publicado é de antes.",
    seeQuality: "Ver regras",
    column: "Coluna",
    type: "Tipo",
    meaning: "O que é",
    made: "Como é feita",
    key: "chave",
    required: "obrigatória",
    filterColumns: "Filtrar colunas",
    noColumns: "Nenhuma coluna com este texto.",
    unknownColumn: "Não há aqui a coluna",
    ofColumn: "Linhagem de",
    noPersonal: "Nenhuma coluna é declarada pessoal ou confidencial.",
    hasPersonal: "Estas colunas são declaradas pessoais (PII) ou confidenciais no contrato:",
    neverShown: "Nenhum valor delas aparece nesta página: ficam fora da amostra, da consulta e dos exemplos das regras.",
    alsoHidden: "Também ficam fora da amostra, porque o conteúdo se parece com dado pessoal:",
    rule: "Regra",
    severity: "Gravidade",
    error: "erro",
    warning: "aviso",
    failures: "Falhas",
    of: "de",
    history: "Histórico",
    newestFirst: "da mais nova à mais antiga",
    wholeTable: "tabela inteira",
    onlyProblems: "Só regras com problemas",
    noProblems: "Nenhuma regra com problemas.",
    noRules: "Nenhuma regra: este arquivo é conferido quando vira tabela.",
    examples: "Exemplos",
    notYet: "a regra ainda não existia",
    when: "Quando",
    run: "Execução",
    verdict: "Resultado",
    reasons: "Motivos",
    noQuarantine: "Nenhuma linha em quarentena.",
    noAudits: "Nenhuma auditoria: este arquivo é auditado como a tabela em que vira.",
    noSample: "Não há linhas para mostrar.",
    sampleRows: "Primeiras linhas",
    hiddenColumns: "Colunas fora da amostra:",
    empty: "vazio",
    copy: "Copiar consulta",
    copied: "Consulta copiada.",
    selected: "Consulta selecionada: copie com Ctrl+C.",
    madeOf: "Feita diretamente de",
    usedBy: "Usada diretamente por",
    source: "Nada antes: é a origem.",
    unused: "Nenhuma tabela é feita desta.",
    by: "tarefa",
    wholeLineage: "Ver a linhagem inteira no mapa",
  },
  en: {
    yes: "Yes",
    caution: "With caution",
    no: "No",
    unknown: "Nobody audited it",
    pass: "passed",
    warn: "with a warning",
    fail: "failed",
    onMap: "Show on the map",
    sections: "On this page",
    trust: "Can I trust it?",
    facts: "Facts",
    schema: "Schema",
    personal: "Personal data",
    quality: "Quality",
    audits: "Audits and quarantine",
    sample: "Sample",
    query: "Athena query",
    lineage: "Lineage",
    owner: "Owner",
    domain: "Domain",
    layer: "Layer",
    location: "Location",
    contract: "Contract version",
    rows: "Rows",
    size: "Size",
    freshness: "Freshness",
    fresh: "fresh",
    late: "late",
    allowed: "at most",
    lastRun: "Last run",
    duration: "duration",
    cost: "estimated cost of the run",
    notGiven: "not given",
    rulesPassed: "Rules passed",
    rulesWarned: "Rules with warnings",
    rulesFailed: "Rules failed",
    quarantined: "Rows in quarantine",
    refused: "The newest audit failed and nothing of it was published; what is published is from before.",
    seeQuality: "See rules",
    column: "Column",
    type: "Type",
    meaning: "What it is",
    made: "How it is made",
    key: "key",
    required: "required",
    filterColumns: "Filter columns",
    noColumns: "No column with this text.",
    unknownColumn: "There is no column here called",
    ofColumn: "Lineage of",
    noPersonal: "No column is declared personal or confidential.",
    hasPersonal: "The contract declares these columns personal (PII) or confidential:",
    neverShown: "None of their values appear on this page: they are left out of the sample, the query and the examples of rules.",
    alsoHidden: "Also left out of the sample, because what they hold looks personal:",
    rule: "Rule",
    severity: "Severity",
    error: "error",
    warning: "warning",
    failures: "Failures",
    of: "of",
    history: "History",
    newestFirst: "newest first",
    wholeTable: "whole table",
    onlyProblems: "Only rules with problems",
    noProblems: "No rule with problems.",
    noRules: "No rules: this file is checked when it becomes a table.",
    examples: "Examples",
    notYet: "the rule did not exist yet",
    when: "When",
    run: "Run",
    verdict: "Result",
    reasons: "Reasons",
    noQuarantine: "No rows in quarantine.",
    noAudits: "No audits: this file is audited as the table it becomes.",
    noSample: "There are no rows to show.",
    sampleRows: "First rows",
    hiddenColumns: "Columns left out of the sample:",
    empty: "empty",
    copy: "Copy query",
    copied: "Query copied.",
    selected: "Query selected: copy it with Ctrl+C.",
    madeOf: "Made directly of",
    usedBy: "Used directly by",
    source: "Nothing before: this is the origin.",
    unused: "No table is made of this one.",
    by: "task",
    wholeLineage: "Show the whole lineage on the map",
  },
};
