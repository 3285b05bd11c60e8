"""The message about an execution that ended: a subject, and a text in Portuguese and in English. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from alert.ended import ABORTED, FAILED, SUCCEEDED, TIMED_OUT, Ended
from alert.facts import Broken, Facts
from alert.kinds import HELP, Kind, kind_of, may_be_repeated, refused_call
from lakehouse.personal.quoting import without_personal

# SNS takes 100 ASCII characters for a subject: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
_SUBJECT: Final = 100
_CAUSE: Final = 1500
_NAME: Final = 120
_FINDING: Final = 300
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_STATUS: Final = {
    FAILED: ("falhou", "failed"),
    TIMED_OUT: ("passou do tempo", "timed out"),
    ABORTED: ("foi interrompida", "was aborted"),
    SUCCEEDED: ("terminou bem, com avisos", "succeeded, with warnings"),
}


@dataclass(frozen=True)
class Message:
    """A message, as it is sent and kept.

    Attributes
    ----------
    subject : str
        ASCII, one line of at most 100 characters.
    text : str
        Portuguese, then English.
    kind, run, machine, status, execution, at : str
        Of what it tells; ``at`` is ISO 8601 in UTC.
    """

    subject: str
    text: str
    kind: str
    run: str
    machine: str
    status: str
    execution: str
    at: str

    def as_json(self) -> dict[str, Any]:
        """Return what the lake keeps of it."""
        return dict(vars(self))


@dataclass(frozen=True)
class _Words:
    """The words of one language."""

    title: str
    run: str
    stage: str
    execution: str
    at: str
    step: str
    none_begun: str
    error: str
    call: str
    cause: str
    hidden: str
    rule: str
    personal: str
    anomaly: str
    more: str
    report: str
    published: str
    nothing: str
    version: str
    own: str
    unknown: str
    next: str


_PT: Final = _Words(
    title="A execução {run} de {machine} {status}.", run="execução", stage="estágio",
    execution="iniciada como", at="quando", step="passo", none_begun="nenhum tinha começado",
    error="erro",
    call="chamada", cause="causa",
    hidden="não é repetida aqui, pois pode conter um valor dos dados; ela está nos logs",
    rule="regra", personal="dados pessoais", anomaly="fora do usual", more="e mais {more}; o relatório tem todas",
    report="relatório", published="publicado",
    nothing="nada foi publicado até agora", version="a versão {number}, de {at}, da execução {of}",
    own="a versão {number}, de {at}, desta execução", unknown="não se pôde saber", next="o que fazer",
)  # fmt: skip
_EN: Final = _Words(
    title="Run {run} of {machine} {status}.", run="run", stage="stage", execution="started as",
    at="when", step="step", none_begun="none had begun", error="error",
    call="call", cause="cause", hidden="not repeated here, as it might quote a value of the data; the logs have it",
    rule="rule", personal="personal data", anomaly="not as usual", more="and {more} more; the report has all",
    report="report", published="published",
    nothing="nothing was published so far", version="version {number}, of {at}, of run {of}",
    own="version {number}, of {at}, of this run", unknown="could not be found out", next="what to do",
)  # fmt: skip
_BROKEN: Final = {
    _PT: "{table}: {rule}, {failed} de {examined}",
    _EN: "{table}: {rule}, {failed} of {examined}",
}


def message_of(ended: Ended, facts: Facts) -> Message:
    """Return the message about an execution that ended."""
    kind = kind_of(ended)
    portuguese = "\n".join(_lines(_PT, 0, ended, facts, kind))
    english = "\n".join(_lines(_EN, 1, ended, facts, kind))
    return Message(
        subject=subject(ended, facts, kind),
        text=f"{portuguese}\n\n--\n\n{english}\n",
        kind=kind.name,
        run=_clean(ended.run, _NAME),
        machine=_clean(ended.machine, _NAME),
        status=ended.status,
        execution=ended.arn,
        at=ended.at.isoformat(timespec="seconds"),
    )


def subject(ended: Ended, facts: Facts, kind: Kind) -> str:
    """Return a mail's subject: what, where and of which run, cut where there is no room."""
    table = f" ({facts.broken[0].table})" if facts.broken else ""
    stage = f"{ended.stage} " if ended.stage else ""
    text = f"IMPORTAU {stage}{ended.machine}: {kind.subject}{table}, {ended.run}"
    plain = without_personal(text).encode("ascii", "replace").decode()
    return _CONTROL.sub(" ", plain).replace("\n", " ").replace("\t", " ")[:_SUBJECT]


def _lines(words: _Words, language: int, ended: Ended, facts: Facts, kind: Kind) -> Iterator[str]:
    run, machine = _clean(ended.run, _NAME), _clean(ended.machine, _NAME)
    yield words.title.format(run=run, machine=machine, status=_STATUS[ended.status][language])
    yield (kind.pt, kind.en)[language]
    yield ""
    yield f"{words.run}: {run}"
    if ended.stage:
        yield f"{words.stage}: {ended.stage}"
    if ended.name != ended.run:  # a step that is about another run
        yield f"{words.execution}: {_clean(ended.name, _NAME)}"
    yield f"{words.at}: {ended.at:%Y-%m-%d %H:%M:%S} UTC"
    if ended.status != SUCCEEDED:
        yield f"{words.step}: {words.unknown if facts.step is None else facts.step or words.none_begun}"
        yield from _why(words, ended)
    yield from _rules(words, facts.broken, facts.more)
    yield from (f"{words.personal}: {_clean(finding, _FINDING)}" for finding in facts.personal)
    yield from (f"{words.anomaly}: {_clean(finding, _FINDING)}" for finding in facts.anomalies)
    if facts.report:
        yield f"{words.report}: {facts.report}"
    yield f"{words.published}: {_published(words, ended, facts)}"
    yield ""
    yield f"{words.next}: {(kind.do_pt, kind.do_en)[language]}"
    yield f"    {_clean(_command(kind, ended), _NAME)}"


def _command(kind: Kind, ended: Ended) -> str:
    """Return the next command to type, for the stage that the execution is of."""
    command = kind.command(ended)
    return f"{command} --stage {ended.stage}" if ended.stage and command != HELP else command


def _why(words: _Words, ended: Ended) -> Iterator[str]:
    if ended.error:
        yield f"{words.error}: {_clean(ended.error, _NAME)}"
    if called := refused_call(ended):
        yield f"{words.call}: {called}"
    if ended.cause and may_be_repeated(ended):
        first, *others = _clean(ended.cause, _CAUSE).splitlines() or [""]
        yield f"{words.cause}: {first}"
        yield from (f"    {line}" for line in others)
    elif ended.cause:
        yield f"{words.cause}: {words.hidden}"


def _rules(words: _Words, broken: Sequence[Broken], more: int) -> Iterator[str]:
    for each in broken:
        count = {"failed": f"{each.failed:,}", "examined": f"{each.examined:,}"}
        if words is _PT:
            count = {name: text.replace(",", ".") for name, text in count.items()}
        yield f"{words.rule}: " + _BROKEN[words].format(table=each.table, rule=each.rule, **count)
    if more:
        yield f"    {words.more.format(more=more)}"


def _published(words: _Words, ended: Ended, facts: Facts) -> str:
    newest = facts.published
    if newest is None:
        return words.unknown
    if not newest.number:
        return words.nothing
    form = words.own if newest.run == ended.run else words.version
    return form.format(number=newest.number, at=newest.at[:16].replace("T", " "), of=newest.run)


def _clean(text: str, most: int) -> str:
    """Return a text without anything that looks like a person's, or that a terminal would act on, and cut.

    No message of ours has anything of a person; should one ever come along, it is not mailed.
    """
    plain = _CONTROL.sub(" ", without_personal(text))
    return plain if len(plain) <= most else f"{plain[: most - 3]}..."
