"""What a failure is, by its error and cause: what it is called, whether its cause may be repeated, and what to do next.

Errors have the names that our own code and state machines give them, and those of Lambda, Step Functions and the
services (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html). Pure.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from alert.ended import ABORTED, SUCCEEDED, TIMED_OUT, Ended
from lakehouse.contract import layers
from lakehouse.orchestration.map_runs import TOO_MANY_FAILED
from lakehouse.orchestration.pipelines import PIPELINE

# What our own code says on purpose, and what our machines say: written to be read, without a personal value.
_OURS: Final = frozenset(
    {
        "AuditFailed", "GovernanceFailed", "CatalogueBehind", "CrawlFailed", "UnknownStep",
        "LakehouseError", "InputError", "ContractError", "StorageError", "ReplacedError", "MoneyRangeError",
    }
)  # fmt: skip
# Where AWS tells of a failure in words of its own, the first that fits counts.
_BY_TEXT: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for name, pattern in {
        "part-stopped": r" ended as (?:ABORTED|TIMED_OUT)\.$",
        "memory": r"OutOfMemory|signal: killed|MemoryError",
        "timeout": r"Task timed out after|Sandbox\.Timedout|States\.Timeout|HeartbeatTimeout",
        "throttled": r"TooManyRequests|Throttl|SlowDown|Slow down|RequestLimitExceeded|Rate exceeded|"
        r"ExecutionLimitExceeded",
        "denied": r"access ?denied|not authori[sz]ed|forbidden|unauthori[sz]ed",
    }.items()
)
# What a commit says that does not publish, and the steps that publish or decide not to.
_REFUSED: Final = re.compile(r"nothing is published|came between|is not published|was discarded")
_DECISIONS: Final = frozenset({"publish", "discard", "rollback"})
_CRASHED: Final = frozenset({"Runtime.ExitError", "Lambda.Unknown", "Runtime.Unknown"})
_NETWORK: Final = frozenset(
    {"ClientError", "ConnectionClosedError", "EndpointConnectionError", "ReadTimeoutError", "ConnectTimeoutError"}
)
# How AWS names the call in its message.
_ACTION: Final = re.compile(r"to perform: ([\w-]+:\w+)|when calling the (\w+) operation")
# Before a service's own error, where a state calls it without a function.
_SERVICES: Final = ("S3.", "Glue.", "Lambda.", "StepFunctions.")


# The one command that is the same everywhere.
HELP: Final = "./importau help"


@dataclass(frozen=True)
class Kind:
    """A kind of failure.

    Attributes
    ----------
    name : str
        For machines.
    subject : str
        For a mail's subject: ASCII.
    pt, en : str
        What happened, in a sentence.
    do_pt, do_en : str
        What to do, before the command.
    command : callable
        Takes the execution and returns the next command to type.
    """

    name: str
    subject: str
    pt: str
    en: str
    do_pt: str
    do_en: str
    command: Callable[[Ended], str]


def may_be_repeated(ended: Ended) -> bool:
    """Return whether a cause is text of this project's own; an error of anything else may quote a value of the data."""
    return ended.error in _OURS


def kind_of(ended: Ended) -> Kind:
    """Return what an execution that ended is an example of."""
    return KINDS[_BY_STATUS.get(ended.status) or _by_name(ended) or _by_text(ended) or _by_origin(ended.error)]


def _by_name(ended: Ended) -> str:
    """Return the kind of an error that our own code or machines give; empty for any other."""
    if ended.error == "AuditFailed":
        return "published-audit" if ended.audits_what_is_published else "audit"
    if ended.error == "LakehouseError":
        refused = ended.only in _DECISIONS or _REFUSED.search(ended.cause)
        return "refused" if refused else "stopped"
    return _BY_ERROR.get(ended.error, "")


def _by_text(ended: Ended) -> str:
    """Return the kind of a failure that AWS tells of in its own words; empty where it does not."""
    said = f"{ended.error}\n{ended.cause}"
    return next((name for pattern, name in _BY_TEXT if pattern.search(said)), "")


def _by_origin(error: str) -> str:
    """Return the kind of any other error, by where it is from."""
    if error in _CRASHED:
        return "crashed"
    if error in _NETWORK or error.startswith(_SERVICES):
        return "service"
    if error == TOO_MANY_FAILED:
        return "parts"
    return "machine" if error.startswith("States.") else "bug"


def refused_call(ended: Ended) -> str:
    """Return which call of AWS was refused or failed, of a cause that is not repeated; empty where it names none."""
    found = _ACTION.search(ended.cause)
    return next(filter(None, found.groups()), "") if found else ""


def _again(ended: Ended) -> str:
    """Return how to run again what ended."""
    if ended.audits_what_is_published:
        return f"./importau audit {ended.layers[0]}"
    if ended.machine in layers.LAYERS:
        return f"./importau run {ended.machine}"
    if ended.machine == PIPELINE and ended.only == "governance":
        return "./importau run governance"
    if ended.machine == PIPELINE and ended.only == "publish":
        return f"./importau publish {ended.run}"
    return "./importau run"


def _logs(ended: Ended) -> str:
    return f"./importau logs --run {ended.run}"


def _fixed(command: str) -> Callable[[Ended], str]:
    return lambda _: command


_TABLE: Final = (
    Kind(
        "audit", "an audit failed",
        "A auditoria recusou o que a execução escreveu: uma regra de contrato falhou.",
        "The audit refused what the run wrote: a rule of a contract failed.",
        "Corrija os dados que a regra aponta e execute de novo:",
        "Mend the data that the rule names, and run again:", _again,
    ),
    Kind(
        "published-audit", "what is published fails its audit",
        "O que está publicado não passa na auditoria.",
        "What is published does not pass its audit.",
        "Veja o que difere arquivo por arquivo; depois volte à versão anterior (./importau rollback) ou refaça:",
        "See what differs file by file; then go back a version (./importau rollback), or make it again:",
        _fixed("./importau verify"),
    ),
    Kind(
        "governance", "governance did not pass",
        "A governança encontrou diferenças entre contratos, linhagem, classificação e arquivos.",
        "Governance found that contracts, lineage, classification and files do not agree.",
        "Corrija o que o relatório aponta e execute de novo:",
        "Mend what the report names, and run again:", _fixed("./importau run"),
    ),
    Kind(
        "input", "the input cannot be used",
        "A entrada não pode ser usada: um CSV falta ou não está como o contrato diz, ou o pedido não faz sentido.",
        "The input cannot be used: a CSV is missing or not as its contract says, or what was asked makes no sense.",
        "Corrija a entrada, envie-a e execute de novo:",
        "Mend the input, upload it and run again:", _again,
    ),
    Kind(
        "refused", "publishing was refused",
        "A publicação foi recusada: outra versão veio antes, o que foi auditado mudou, ou a execução não pode sair.",
        "Publishing was refused: another version came first, what was audited has changed, or the run may not.",
        "Veja o que está publicado e o que espera, e decida:",
        "See what is published and what waits, and decide:", _fixed("./importau status"),
    ),
    Kind(
        "stopped", "the run cannot go on",
        "A execução não pode continuar: falta algo de que ela precisa.",
        "The run cannot go on: something that it needs is not there.",
        "Faça o que a causa diz; o estado de tudo:",
        "Do what the cause says; the state of everything:", _fixed("./importau status"),
    ),
    Kind(
        "replaced", "a file is not what it was",
        "Um arquivo falta, ou não é o que era quando a execução começou ou quando foi auditado.",
        "A file is missing, or is not what it was when the run began or when it was audited.",
        "Execute de novo:", "Run again:", _again,
    ),
    Kind(
        "contract", "a contract cannot be used",
        "Um contrato de dados falta, está malformado ou não serve para o que foi pedido.",
        "A data contract is missing, malformed, or not the one for what was asked.",
        "Corrija o contrato e implante de novo:", "Mend the contract and deploy again:", _fixed("./importau deploy"),
    ),
    Kind(
        "catalogue", "the catalogue is behind",
        "A versão está publicada e inteira, mas o catálogo do Glue não a mostra por completo ao Athena.",
        "The version is published and whole, but the Glue catalogue does not show all of it to Athena.",
        "Complete o catálogo:", "Complete the catalogue:", _fixed("./importau verify --repair"),
    ),
    Kind(
        "crawl", "a crawler failed",
        "A versão está publicada e inteira, mas um crawler do Glue não terminou bem.",
        "The version is published and whole, but a Glue crawler did not end well.",
        "O grupo de logs /aws-glue/crawlers diz por quê; depois:",
        "The log group /aws-glue/crawlers says why; then:", _fixed("./importau run governance"),
    ),
    Kind(
        "unknown-step", "there is no such step",
        "Foi pedido um passo que a pipeline não tem; nada foi feito.",
        "A step was asked for that the pipeline does not have; nothing was done.",
        "Os comandos que iniciam cada passo:", "The commands that start each step:", _fixed(HELP),
    ),
    Kind(
        "timeout", "a function ran out of time",
        "Uma função, ou um passo, passou do tempo que tem.",
        "A function, or a step, took longer than it may.",
        "Mais memória é também mais processador (--parameter MemorySize=N); o que uma execução desse tamanho leva:",
        "More memory is also more processor (--parameter MemorySize=N); what a run of this size takes:",
        _fixed("./importau plan"),
    ),
    Kind(
        "memory", "a function ran out of memory",
        "Uma função ficou sem memória.", "A function ran out of memory.",
        "Dê-lhe mais e execute de novo:", "Give it more, and run again:",
        _fixed("./importau deploy --parameter MemorySize=4096"),
    ),
    Kind(
        "crashed", "a function's process ended",
        "O processo de uma função terminou sem resposta, também nas novas tentativas.",
        "A function's process ended without an answer, in all attempts.",
        "O que as funções disseram antes:", "What the functions said before:", _logs,
    ),
    Kind(
        "throttled", "the account is throttled",
        "A conta não tinha Lambdas livres, ou um serviço recebeu pedidos demais, também nas novas tentativas.",
        "The account had no Lambda free, or a service was asked too often, in all attempts.",
        "Espere que o resto da conta termine e execute de novo:",
        "Wait until what else runs in the account has ended, and run again:", _again,
    ),
    Kind(
        "denied", "a permission is missing",
        "O papel de execução não pode fazer o que a execução precisa.",
        "The execution role may not do what the run needs.",
        "O que falta, e a quem:", "What is missing, and to whom:", _fixed("./importau check"),
    ),
    Kind(
        "service", "a service of AWS failed",
        "Um serviço da AWS respondeu com erro, ou a rede falhou, também nas novas tentativas.",
        "A service of AWS answered with an error, or the network failed, in all attempts.",
        "Execute de novo; se persistir, veja https://health.aws.amazon.com:",
        "Run again; where it persists, see https://health.aws.amazon.com:", _again,
    ),
    Kind(
        "parts", "parts of a large run failed",
        "Partes de uma execução grande falharam, também nas novas tentativas.",
        "Parts of a large run failed, in all attempts.",
        "O que as funções disseram de cada uma:", "What the functions said of each:", _logs,
    ),
    Kind(
        "part-stopped", "a step of the run was stopped",
        "Um passo da execução foi interrompido, ou passou do tempo que tem, e a execução terminou com ele.",
        "A step of the run was stopped, or took longer than it may, and the run ended with it.",
        "Execute de novo:", "Run again:", _again,
    ),
    Kind(
        "aborted", "the run was aborted",
        "Alguém interrompeu a execução.", "Somebody aborted the run.",
        "Se não foi de propósito, execute de novo:", "Where that was not on purpose, run again:", _again,
    ),
    Kind(
        "run-timed-out", "the run took too long",
        "A execução passou do tempo que tem e foi encerrada.",
        "The run took longer than it may, and was ended.",
        "Onde ela parou:", "Where it stopped:", _logs,
    ),
    Kind(
        "machine", "the state machine failed",
        "A própria máquina de estados falhou: um dado que ela espera não veio, ou é grande demais.",
        "The state machine itself failed: something that it expects was not there, or is too large.",
        "O que as funções disseram antes:", "What the functions said before:", _logs,
    ),
    Kind(
        "bug", "an unexpected error",
        "Um erro que o projeto não prevê.", "An error that the project does not foresee.",
        "A causa completa está nos logs:", "All of the cause is in the logs:", _logs,
    ),
    Kind(
        "warnings", "published, with warnings",
        "A execução terminou bem; auditorias ou a governança apontaram o que não impede a publicação.",
        "The run ended well; audits or governance found what does not keep it from being published.",
        "O que está publicado, com os avisos:", "What is published, with its warnings:", _fixed("./importau audit"),
    ),
)  # fmt: skip
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _TABLE}
_BY_STATUS: Final[Mapping[str, str]] = {SUCCEEDED: "warnings", TIMED_OUT: "run-timed-out", ABORTED: "aborted"}
_BY_ERROR: Final[Mapping[str, str]] = {
    "GovernanceFailed": "governance",
    "CatalogueBehind": "catalogue",
    "CrawlFailed": "crawl",
    "UnknownStep": "unknown-step",
    "InputError": "input",
    "ContractError": "contract",
    "ReplacedError": "replaced",
    "StorageError": "replaced",
    "MoneyRangeError": "input",
}
