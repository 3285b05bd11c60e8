"""State machines as data: the tasks of an ASL definition and the metadata in their comments.

A task's comment is ``description | OWNER: who | INPUTS: a.b, c.d | OUTPUT: e.f``; ``-`` stands for nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakehouse.stage import staged, unstaged

# The state machine that runs all layers in turn.
PIPELINE: Final = "pipeline"
# What stands before the layer in the short name of its audit.
AUDIT: Final = "teste_"
_MACHINE: Final = "StateMachine_DAG_"
# The resource of a task that calls a Lambda.
LAMBDA: Final = "arn:aws:states:::lambda:invoke"
# What the resources of tasks that call a crawler of Glue end with.
CRAWLER: Final = "Crawler"
DISTRIBUTED: Final = "DISTRIBUTED"
_NOTHING: Final = "-"
_FIELDS: Final = ("OWNER", "INPUTS", "OUTPUT")


@dataclass(frozen=True)
class Task:
    """One state of a state machine that does something.

    Attributes
    ----------
    name, description, owner, resource : str
    inputs, outputs : tuple of str
        ``database.table``, or ``landing.table`` for an exported CSV.
    attempts : int
        How often it is retried at most.
    unread : tuple of str
        The fields of its comment that cannot be read: misspelled, or there twice.
    per_part : bool
        Whether it works on one part of a large run, in a Distributed Map; a small run does not need it.
    starts, calls : str
        The name of the state machine that it starts an execution of, and of the Lambda function that it calls; empty
        where it does neither.
    """

    name: str
    description: str
    owner: str
    resource: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attempts: int
    unread: tuple[str, ...] = ()
    per_part: bool = False
    starts: str = ""
    calls: str = ""


def machine_name(layer: str, stage: str) -> str:
    """Return the name of a layer's state machine in a stage, or of another of the lakehouse's (``pipeline``)."""
    return staged(f"{_MACHINE}{layer}", stage, "_")


def short_name(machine: str, stage: str) -> str:
    """Return what a state machine is called for short, the inverse of `machine_name`."""
    own = unstaged(machine, stage, "_")
    return (machine if own is None else own).removeprefix(_MACHINE)


def audit_name(layer: str, stage: str) -> str:
    """Return the name of the state machine that audits a layer in a stage."""
    return machine_name(f"{AUDIT}{layer}", stage)


def machine_names(layers: Iterable[str], stage: str) -> tuple[str, ...]:
    """Return the names of all state machines of a stage: of the layers, of their audits, and of the pipeline."""
    named = tuple(layers)
    shorts = (*named, *(f"{AUDIT}{layer}" for layer in named), PIPELINE)
    return tuple(machine_name(short, stage) for short in shorts)


def machine_arns(function_arn: str, layers: Iterable[str], stage: str) -> tuple[str, ...]:
    """Return the ARNs of all state machines of a stage, in the account and region of a function of theirs.

    >>> machine_arns("arn:aws:lambda:us-east-1:123456789012:function:importau-governance", ["gold"], "")[-1]
    'arn:aws:states:us-east-1:123456789012:stateMachine:StateMachine_DAG_pipeline'
    """
    _, partition, _, region, account, *_ = function_arn.split(":")
    return tuple(
        f"arn:{partition}:states:{region}:{account}:stateMachine:{name}" for name in machine_names(layers, stage)
    )


def tasks_of(definition: Mapping[str, Any], *, per_part: bool = False) -> Iterator[Task]:
    """Yield the tasks of an ASL definition in order, including those inside ``Map`` and ``Parallel``."""
    for name, state in definition.get("States", {}).items():
        if state["Type"] == "Task":
            yield _task(name, state, per_part=per_part)
        for inner in (state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", ())):
            if inner:
                distributed = inner.get("ProcessorConfig", {}).get("Mode") == DISTRIBUTED
                yield from tasks_of(inner, per_part=per_part or distributed)


def distributed_maps(definition: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the states that are Distributed Maps."""
    modes = {
        name: state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode")
        for name, state in definition.get("States", {}).items()
    }
    return frozenset(name for name, mode in modes.items() if mode == DISTRIBUTED)


def _task(name: str, state: Mapping[str, Any], *, per_part: bool) -> Task:
    comment = state.get("Comment", "")
    description, fields = read_comment(comment)
    given = state.get("Parameters", {})
    return Task(
        name=name,
        description=description,
        owner=fields.get("OWNER", ""),
        resource=state["Resource"],
        inputs=_names(fields.get("INPUTS", "")),
        outputs=_names(fields.get("OUTPUT", "")),
        attempts=sum(retry.get("MaxAttempts", 3) for retry in state.get("Retry", ())),
        unread=tuple(_unread(comment)),
        per_part=per_part,
        starts=given.get("StateMachineArn", "").rpartition(":")[2],
        calls=given.get("FunctionName", "").rpartition(":")[2],
    )


def read_comment(comment: str) -> tuple[str, dict[str, str]]:
    """Return a comment's description and its fields by their names."""
    description, *rest = (text.strip() for text in comment.split("|"))
    fields = (text.partition(":") for text in rest)
    return description, {name.strip(): value.strip() for name, colon, value in fields if colon}


def _unread(comment: str) -> Iterator[str]:
    """Yield the fields of a comment that have no known name, or one that an earlier field has."""
    earlier = set()
    for text in comment.split("|")[1:]:
        name, colon, _ = text.partition(":")
        if not colon or name.strip() not in _FIELDS or name.strip() in earlier:
            yield text.strip()
        earlier.add(name.strip())


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip() not in {"", _NOTHING})
