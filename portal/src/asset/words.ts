import type { Measured, Verdict } from "../document";
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
  | "past"
  | "audits"
  | "sample"
  | "query"
  | "lineage"
  | "owner"
  | "domain"
  | "terms"
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
    past: "Ao longo do tempo",
    audits: "Auditorias e quarentena",
    sample: "Amostra",
    query: "Consulta no Athena",
    lineage: "Linhagem",
    owner: "Responsável",
    domain: "Domínio",
    terms: "Termos",
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
    hasPersonal: "Estas colunas são declaradas pessoais ou confidenciais no contrato:",
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
    past: "Over time",
    audits: "Audits and quarantine",
    sample: "Sample",
    query: "Athena query",
    lineage: "Lineage",
    owner: "Owner",
    domain: "Domain",
    terms: "Terms",
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

export const PAST: Words<
  | Measured["measure"]
  | "about"
  | "fewRuns"
  | "oneRun"
  | "usual"
  | "measured"
  | "odd"
  | "oddRuns"
  | "failures"
  | "numbers"
  | "when"
  | "version"
  | "contract"
  | "changed"
  | "schemaPast"
  | "first"
  | "columns"
  | "onlyText"
  | "unknown"
  | "added"
  | "removed"
  | "retyped"
> = {
  pt: {
    rows: "Linhas",
    quarantine: "Em quarentena",
    age: "Idade da exportação",
    nulls: "Vazios em",
    total: "Soma de",
    about: "Cada execução ao lado das outras: a faixa é o que se espera dela, pelo dia da semana e do mês onde isso importa; ela mesma fica de fora da conta.",
    fewRuns: "Com poucas execuções ainda não se sabe o que é usual: a faixa aparece depois da décima.",
    oneRun: "Uma só execução até agora: não há com o que comparar.",
    usual: "usual",
    measured: "medido",
    odd: "fora do usual",
    oddRuns: "fora do usual",
    failures: "Falhas por regra",
    numbers: "Números de cada execução",
    when: "Quando",
    version: "Versão do lago",
    contract: "Contrato",
    changed: "O que mudou",
    schemaPast: "História do esquema",
    first: "primeira execução conhecida",
    columns: "colunas",
    onlyText: "o contrato mudou, as colunas não",
    unknown: "o contrato mudou; a versão não diz as colunas",
    added: "entrou",
    removed: "saiu",
    retyped: "mudou de tipo",
  },
  en: {
    rows: "Rows",
    quarantine: "In quarantine",
    age: "Age of the export",
    nulls: "Empty values of",
    total: "Sum of",
    about: "Each run beside the others: the band is what is expected of it, by weekday and day of the month where that matters; it is itself left out.",
    fewRuns: "Of few runs it is not known yet what is usual: the band appears after the tenth.",
    oneRun: "One run so far: there is nothing to compare it with.",
    usual: "usual",
    measured: "measured",
    odd: "not as usual",
    oddRuns: "not as usual",
    failures: "Failures by rule",
    numbers: "Numbers of each run",
    when: "When",
    version: "Version of the lake",
    contract: "Contract",
    changed: "What changed",
    schemaPast: "History of the schema",
    first: "first run that is known",
    columns: "columns",
    onlyText: "the contract changed, the columns did not",
    unknown: "the contract changed; the version does not say its columns",
    added: "added",
    removed: "removed",
    retyped: "another type:",
  },
};
