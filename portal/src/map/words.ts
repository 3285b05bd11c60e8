import type { Words } from "../language";

export const MAP: Words<
  | "title"
  | "intro"
  | "graph"
  | "list"
  | "view"
  | "drawing"
  | "zoomIn"
  | "zoomOut"
  | "fit"
  | "keys"
  | "clear"
  | "details"
  | "upstream"
  | "downstream"
  | "chosen"
  | "steps"
  | "step"
  | "rows"
  | "personal"
  | "confidential"
  | "legend"
  | "direct"
  | "deciding"
  | "followDeciding"
  | "declaredOnly"
  | "observedOnly"
  | "task"
  | "openAsset"
  | "owner"
  | "noOwner"
  | "verdict"
  | "notAudited"
  | "lastRun"
  | "updated"
  | "comesFrom"
  | "goesTo"
  | "nothingBefore"
  | "nothingAfter"
  | "columns"
  | "filterColumns"
  | "noColumns"
  | "chooseColumn"
  | "story"
  | "asItIs"
  | "typed"
  | "fromFile"
  | "madeOf"
  | "decidedBy"
  | "noSources"
  | "alsoDecides"
  | "usedIn"
  | "usedNowhere"
  | "wholeAsset"
  | "problems"
  | "madeBy"
  | "feeds"
  | "unknownColumn"
  | "unknownAsset"
  | "empty"
  | "whence"
  | "whenceAnswer"
  | "trust"
  | "owners"
  | "whatPersonal"
  | "nonePersonal"
  | "more"
  | "cost"
  | "noRuns"
> = {
  pt: {
    title: "Mapa dos dados",
    intro:
      "Cada caixa é um arquivo ou uma tabela; entre elas, as tarefas. Escolha uma caixa para ver de onde ela vem e para onde vai; depois, uma coluna, para seguir um número até o CSV.",
    graph: "Como mapa",
    list: "Como lista",
    view: "Ver a linhagem",
    drawing: "Desenhando o mapa…",
    zoomIn: "Aproximar",
    zoomOut: "Afastar",
    fit: "Ajustar à tela",
    keys: "Tab e setas andam entre as caixas, Enter escolhe, Esc limpa a escolha.",
    clear: "Limpar escolha",
    details: "Detalhes",
    upstream: "origem",
    downstream: "destino",
    chosen: "escolhida",
    steps: "passos",
    step: "passo",
    rows: "linhas",
    personal: "dados pessoais",
    confidential: "dados confidenciais",
    legend: "Legenda",
    direct: "o valor passa adiante",
    deciding: "só decide o valor (chave, condição, peso)",
    followDeciding: "Mostrar também o que só decide o valor",
    declaredOnly: "declarada, não observada",
    observedOnly: "observada, não declarada",
    task: "Tarefa",
    openAsset: "Abrir a página de",
    owner: "Responsável",
    noOwner: "não informado",
    verdict: "Última auditoria",
    notAudited: "não auditada",
    lastRun: "Última execução",
    updated: "Gravada em",
    comesFrom: "Vem de",
    goesTo: "Vai para",
    nothingBefore: "Nada antes: a linhagem começa aqui.",
    nothingAfter: "Nada depois: nenhuma tabela é feita desta.",
    columns: "Colunas",
    filterColumns: "Filtrar colunas",
    noColumns: "Nenhuma coluna com este texto.",
    chooseColumn: "Escolha uma coluna para seguir o seu valor.",
    story: "De onde vem este valor, passo a passo",
    asItIs: "Copiada como está.",
    typed: "Lida do CSV, com o tipo do contrato.",
    fromFile: "É a coluna do arquivo CSV: a origem.",
    madeOf: "Feita de",
    decidedBy: "Decidida por",
    noSources: "Não é feita de nenhuma outra coluna.",
    alsoDecides: "Colunas que só decidem o valor em algum passo",
    usedIn: "Usada em",
    usedNowhere: "Nenhuma coluna é feita desta.",
    wholeAsset: "Voltar à tabela inteira",
    problems: "A governança encontrou problemas na última execução",
    madeBy: "Feita de",
    feeds: "Usada por",
    unknownAsset: "O catálogo não tem",
    unknownColumn: "Esta tabela não tem a coluna",
    empty: "O catálogo está vazio.",
    whence: "De onde vem este número?",
    whenceAnswer: "Escolha a tabela no mapa e depois a coluna: cada passo é contado em palavras, até o arquivo.",
    trust: "Posso confiar nele?",
    owners: "Quem responde por ele?",
    whatPersonal: "O que é dado pessoal?",
    nonePersonal: "Nenhuma tabela tem dados pessoais ou confidenciais.",
    more: "e mais",
    cost: "Quanto custou a última execução?",
    noRuns: "Nada foi executado ainda.",
  },
  en: {
    title: "Map of the data",
    intro:
      "Each box is a file or a table; between them, the tasks. Choose a box to see where it comes from and where it goes; then a column, to follow a number back to the CSV.",
    graph: "As a map",
    list: "As a list",
    view: "Show lineage",
    drawing: "Drawing the map…",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    fit: "Fit to screen",
    keys: "Tab and arrows move between boxes, Enter chooses, Esc clears the choice.",
    clear: "Clear choice",
    details: "Details",
    upstream: "upstream",
    downstream: "downstream",
    chosen: "chosen",
    steps: "steps",
    step: "step",
    rows: "rows",
    personal: "personal data",
    confidential: "confidential data",
    legend: "Legend",
    direct: "the value flows on",
    deciding: "only decides the value (key, condition, weight)",
    followDeciding: "Also show what only decides the value",
    declaredOnly: "declared, not observed",
    observedOnly: "observed, not declared",
    task: "Task",
    openAsset: "Open the page of",
    owner: "Owner",
    noOwner: "not given",
    verdict: "Last audit",
    notAudited: "not audited",
    lastRun: "Last run",
    updated: "Written on",
    comesFrom: "Comes from",
    goesTo: "Goes to",
    nothingBefore: "Nothing before: lineage begins here.",
    nothingAfter: "Nothing after: no table is made of this one.",
    columns: "Columns",
    filterColumns: "Filter columns",
    noColumns: "No column with this text.",
    chooseColumn: "Choose a column to follow its value.",
    story: "Where this value comes from, step by step",
    asItIs: "Copied as it is.",
    typed: "Read from the CSV, with the type of the contract.",
    fromFile: "This is the column of the CSV file: the origin.",
    madeOf: "Made of",
    decidedBy: "Decided by",
    noSources: "It is not made of any other column.",
    alsoDecides: "Columns that only decide the value at some step",
    usedIn: "Used in",
    usedNowhere: "No column is made of this one.",
    wholeAsset: "Back to the whole table",
    problems: "Governance found problems in the last run",
    madeBy: "Made of",
    feeds: "Used by",
    unknownAsset: "The catalogue does not have",
    unknownColumn: "This table has no column",
    empty: "The catalogue is empty.",
    whence: "Where does this number come from?",
    whenceAnswer: "Choose the table on the map, then the column: each step is told in words, down to the file.",
    trust: "Can I trust it?",
    owners: "Who owns it?",
    whatPersonal: "What is personal data?",
    nonePersonal: "No table has personal or confidential data.",
    more: "and more:",
    cost: "What did the last run cost?",
    noRuns: "Nothing has run yet.",
  },
};
