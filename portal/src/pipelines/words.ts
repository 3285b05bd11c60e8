import type { CostLine, Execution, TaskTime } from "../document";
import type { Words } from "../language";

export const PIPELINES: Words<
  | "title" | "none" | "lastRun" | "lastCost" | "run" | "cost" | "item" | "quantity" | "unitPrice" | "amount" | "total"
  | "asGlue" | "assumptions" | "diagram" | "showFailures" | "states" | "stateList" | "executions"
  | "noExecutions" | "started" | "status" | "duration" | "rows" | "perTask" | "cause" | "owner" | "resource" | "inputs"
  | "outputs" | "retries" | "nothing" | "close" | "type" | "choose" | "zoomIn" | "zoomOut" | "fit" | "running"
  | "unknown" | "leadsTo" | "ends" | "when" | "otherwise" | "onFailure" | "lastDuration" | "lineNext" | "lineChoice"
  | "lineDefault" | "lineCatch" | "ofWhichCrawlers" | "computing" | "asGlueJobs" | "wholeWithGlue" | "lastWhole" | "costLines"
> = {
  pt: {
    title: "Execuções",
    none: "Nenhuma máquina de estado foi encontrada.",
    lastRun: "Última execução",
    lastCost: "Custou, por estimativa,",
    run: "Execução",
    cost: "Quanto custou",
    item: "Item",
    quantity: "Quantidade",
    unitPrice: "Preço unitário",
    amount: "Valor",
    total: "Total estimado",
    asGlue: "O mesmo como jobs Glue Spark",
    ofWhichCrawlers: "dos quais crawlers",
    computing: "Só o processamento: em Lambda",
    asGlueJobs: "como jobs Glue",
    wholeWithGlue: "a execução inteira com jobs Glue no lugar das Lambdas",
    lastWhole: "Última execução do pipeline inteiro",
    costLines: "Custo, item por item",
    unknown: "Não há nada com este nome:",
    leadsTo: "Segue para",
    ends: "termina aqui",
    when: "se",
    otherwise: "senão",
    onFailure: "se falhar com",
    lastDuration: "Última duração",
    lineNext: "segue",
    lineChoice: "se a condição valer",
    lineDefault: "senão",
    lineCatch: "se falhar",
    assumptions:
      "Preços de tabela de us-east-1, sem a cota gratuita: uma estimativa, não a fatura. Cada crawler usa 2 DPUs e é cobrado " +
      "por pelo menos 10 minutos. Jobs Glue: um por camada, 2 DPUs, pelo menos 1 minuto cada, se levassem o mesmo tempo que " +
      "as Lambdas; os crawlers custariam o mesmo e não estão no valor. Leituras do S3 são contadas pelo que as tarefas " +
      "declaram; armazenamento e logs ficam de fora. De cada Map com muitas partes se lê o histórico de oito, e as outras " +
      "contam como elas.",
    diagram: "Diagrama de estados",
    showFailures: "Mostrar o caminho das falhas",
    states: "Estados",
    stateList: "Estados em lista",
    executions: "Últimas execuções",
    noExecutions: "Ainda não foi executada.",
    started: "Início",
    status: "Situação",
    duration: "Duração",
    rows: "Linhas publicadas",
    perTask: "Duração por tarefa",
    cause: "Causa",
    owner: "Responsável",
    resource: "Recurso",
    inputs: "Lê",
    outputs: "Grava",
    retries: "Novas tentativas",
    nothing: "nada",
    close: "Fechar",
    type: "Tipo",
    choose: "Escolha um estado para ver o que faz.",
    zoomIn: "Aproximar",
    zoomOut: "Afastar",
    fit: "Mostrar tudo",
    running: "em andamento",
  },
  en: {
    title: "Runs",
    none: "No state machine was found.",
    lastRun: "Last run",
    lastCost: "Cost, by estimate,",
    run: "Run",
    cost: "What it cost",
    item: "Item",
    quantity: "Quantity",
    unitPrice: "Unit price",
    amount: "Amount",
    total: "Estimated total",
    asGlue: "The same as Glue Spark jobs",
    ofWhichCrawlers: "of which crawlers",
    computing: "The computing alone: in Lambda",
    asGlueJobs: "as Glue jobs",
    wholeWithGlue: "the whole run with Glue jobs in place of the Lambdas",
    lastWhole: "Last run of the whole pipeline",
    costLines: "Cost, item by item",
    unknown: "There is nothing of this name:",
    leadsTo: "Leads to",
    ends: "ends here",
    when: "if",
    otherwise: "otherwise",
    onFailure: "if it fails with",
    lastDuration: "Last duration",
    lineNext: "goes on",
    lineChoice: "if the condition holds",
    lineDefault: "otherwise",
    lineCatch: "if it fails",
    assumptions:
      "List prices of us-east-1, without the free tier: an estimate, not the bill. A crawler takes 2 DPUs and is billed for 10 " +
      "minutes at the least. Glue jobs: one a layer, 2 DPUs, at least 1 minute each, if they took as long as the Lambdas did; " +
      "the crawlers would cost the same and are not in the amount. S3 reads are counted by what the tasks declare; storage " +
      "and logs are left out. Of a Map with many parts the histories of eight are read, and the others count as they do.",
    diagram: "State diagram",
    showFailures: "Show the paths of failures",
    states: "States",
    stateList: "States as a list",
    executions: "Last executions",
    noExecutions: "It has not been run yet.",
    started: "Started",
    status: "Status",
    duration: "Duration",
    rows: "Rows published",
    perTask: "Duration of each task",
    cause: "Cause",
    owner: "Owner",
    resource: "Resource",
    inputs: "Reads (INPUTS)",
    outputs: "Writes (OUTPUT)",
    retries: "Retries",
    nothing: "nothing",
    close: "Close",
    type: "Type",
    choose: "Choose a state to see what it does.",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    fit: "Show all",
    running: "running",
  },
};

export const VERSIONS: Words<
  | "title" | "number" | "at" | "by" | "rows" | "shown" | "restores" | "unreadable" | "about" | "none"
  | "changes" | "month" | "change" | "unchanged"
  | "waiting" | "table" | "rowsAside" | "days" | "reasons" | "nothingWaits"
> = {
  pt: {
    title: "Versões do lago",
    number: "Versão",
    at: "Publicada",
    by: "Por",
    rows: "Linhas do fato",
    shown: "a que esta página mostra",
    restores: "volta à versão",
    unreadable: "o objeto desta versão não pode ser lido",
    about: "Cada publicação é uma versão inteira: todas as tabelas mudam de uma vez, ou nenhuma.",
    none: "Ainda nada foi publicado.",
    changes: "O que esta versão mudou no fluxo de caixa",
    month: "Mês",
    change: "Mudança da saída total",
    unchanged: "Nenhum mês mudou.",
    waiting: "O que espera na quarentena",
    table: "Tabela",
    rowsAside: "Linhas",
    days: "Dias de espera",
    reasons: "Motivos",
    nothingWaits: "Nenhuma linha espera.",
  },
  en: {
    title: "Versions of the lake",
    number: "Version",
    at: "Published",
    by: "By",
    rows: "Rows of the fact",
    shown: "what this page shows",
    restores: "back to version",
    unreadable: "this version's object cannot be read",
    about: "Each publication is a whole version: all tables change at once, or none does.",
    none: "Nothing was published yet.",
    changes: "What this version changed of the cash flow",
    month: "Month",
    change: "Change of the total outflow",
    unchanged: "No month changed.",
    waiting: "What waits in the quarantine",
    table: "Table",
    rowsAside: "Rows",
    days: "Days waiting",
    reasons: "Reasons",
    nothingWaits: "No row waits.",
  },
};

export const COSTS: Words<CostLine["what"]> = {
  pt: {
    lambda: "Lambda, tempo",
    lambda_requests: "Lambda, chamadas",
    transitions: "Step Functions, transições",
    crawlers: "Glue, crawlers",
    s3_writes: "S3, gravações",
    s3_reads: "S3, leituras",
    glue_jobs: "Glue, jobs Spark",
  },
  en: {
    lambda: "Lambda, time",
    lambda_requests: "Lambda, requests",
    transitions: "Step Functions, transitions",
    crawlers: "Glue, crawlers",
    s3_writes: "S3, writes",
    s3_reads: "S3, reads",
    glue_jobs: "Glue, Spark jobs",
  },
};

export const UNITS: Words<CostLine["unit"]> = {
  pt: { "GB-s": "GB-s", requests: "chamadas", transitions: "transições", "DPU-h": "DPU-h" },
  en: { "GB-s": "GB-s", requests: "requests", transitions: "transitions", "DPU-h": "DPU-h" },
};

export const STATUS: Words<Execution["status"] | TaskTime["status"]> = {
  pt: {
    RUNNING: "em andamento",
    SUCCEEDED: "concluída",
    FAILED: "falhou",
    TIMED_OUT: "esgotou o tempo",
    ABORTED: "interrompida",
    succeeded: "concluída",
    failed: "falhou",
    running: "em andamento",
  },
  en: {
    RUNNING: "running",
    SUCCEEDED: "succeeded",
    FAILED: "failed",
    TIMED_OUT: "timed out",
    ABORTED: "aborted",
    succeeded: "succeeded",
    failed: "failed",
    running: "running",
  },
};

export const OVER_TIME: Words<"title" | "held" | "quarantined" | "rows" | "seconds" | "cost"> = {
  pt: {
    title: "Ao longo das execuções",
    held: "Regras cumpridas",
    quarantined: "Linhas em quarentena",
    rows: "Linhas publicadas",
    seconds: "Duração",
    cost: "Custo estimado",
  },
  en: {
    title: "Over the runs",
    held: "Rules that hold",
    quarantined: "Rows in quarantine",
    rows: "Rows published",
    seconds: "Duration",
    cost: "Estimated cost",
  },
};

/** What kinds of states there are; a word of ASL that is not among them stays as it is. */
export const STATE_TYPES: Words<"Task" | "Choice" | "Map" | "Pass" | "Wait" | "Succeed" | "Fail" | "Parallel"> = {
  pt: {
    Task: "tarefa",
    Choice: "escolha",
    Map: "repetição",
    Pass: "passagem",
    Wait: "espera",
    Succeed: "sucesso",
    Fail: "falha",
    Parallel: "paralelo",
  },
  en: {
    Task: "task",
    Choice: "choice",
    Map: "map",
    Pass: "pass",
    Wait: "wait",
    Succeed: "success",
    Fail: "failure",
    Parallel: "parallel",
  },
};
