"""State machines as the page draws them, their executions, and what each run cost."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from lakehouse.clients import together
from lakehouse.contract.layers import tables_of
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.orchestration import costs
from lakehouse.orchestration.pipelines import LAMBDA, machine_name, read_comment
from lakehouse.orchestration.stepfunctions import Execution, StateMachine
from lakehouse.stage import NONE

_OPERATORS: Final = {
    "Equals": "=", "LessThan": "<", "LessThanEquals": "≤", "GreaterThan": ">", "GreaterThanEquals": "≥",
    "Matches": "≈",
}  # fmt: skip
_TYPES: Final = ("String", "Numeric", "Boolean", "Timestamp")


def pipeline(machine: StateMachine, executions: Iterable[Execution]) -> dict[str, Any]:
    """Return a state machine and its executions as a ``Pipeline`` of the document."""
    tasks = {task.name: task for task in machine.tasks}
    states = []
    for name, parent, state in _states(machine.definition):
        task = tasks.get(name)
        description, _ = read_comment(state.get("Comment", ""))
        states.append(
            {
                "name": name,
                "type": state["Type"],
                "parent": parent,
                "description": description,
                "owner": task.owner if task else "",
                "resource": state.get("Resource", ""),
                "inputs": list(task.inputs) if task else [],
                "outputs": list(task.outputs) if task else [],
                "retries": task.attempts if task else 0,
                "next": list(_transitions(state)),
                "end": bool(state.get("End")) or state["Type"] in {"Succeed", "Fail"},
            }
        )
    return {
        "name": machine.name,
        "arn": machine.arn,
        "description": machine.description,
        "start": machine.definition.get("StartAt", ""),
        "states": states,
        "executions": [_execution(each) for each in executions],
    }


def _states(
    definition: Mapping[str, Any], parent: str | None = None
) -> Iterator[tuple[str, str | None, Mapping[str, Any]]]:
    for name, state in definition.get("States", {}).items():
        yield name, parent, state
        for inner in (state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", ())):
            if inner:
                yield from _states(inner, name)


def _transitions(state: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for choice in state.get("Choices", ()):
        yield {"to": choice["Next"], "kind": "choice", "label": condition(choice)}
    for key, kind in (("Next", "next"), ("Default", "default")):
        if key in state:
            yield {"to": state[key], "kind": kind, "label": ""}
    for catcher in state.get("Catch", ()):
        yield {"to": catcher["Next"], "kind": "catch", "label": ", ".join(catcher["ErrorEquals"])}


def condition(rule: Mapping[str, Any]) -> str:
    """Return the condition of a Choice in a line: ``$.audit.passed = true``."""
    for word, joint in (("And", " e "), ("Or", " ou ")):
        if word in rule:
            return joint.join(condition(part) for part in rule[word])
    if "Not" in rule:
        return f"não ({condition(rule['Not'])})"
    operator = next((key for key in rule if key not in {"Variable", "Next", "Comment"}), "")
    operand = rule.get(operator)
    if operator.startswith("Is"):
        return f"{rule['Variable']} {operator if operand else f'não {operator}'}"
    plain = operator.removesuffix("Path")
    for type_ in _TYPES:
        plain = plain.removeprefix(type_)
    value = str(operand).lower() if isinstance(operand, bool) else str(operand)
    return f"{rule.get('Variable', '')} {_OPERATORS.get(plain, operator)} {value}"


def _execution(execution: Execution) -> dict[str, Any]:
    stopped = execution.stopped
    return {
        "arn": execution.arn,
        "name": execution.name,
        "run_id": execution.run_id,
        "status": execution.status,
        "started": execution.started.isoformat(),
        "stopped": stopped.isoformat() if stopped else None,
        "seconds": (stopped - execution.started).total_seconds() if stopped else None,
        "cause": execution.cause,
        "tasks": [
            {"state": state.name, "seconds": round(state.seconds, 3), "status": state.status}
            for state in execution.states
        ],
    }


@dataclass(frozen=True)
class _Member:
    """An execution that belongs to a run."""

    machine: StateMachine
    execution: Execution


def runs(
    executions: Mapping[str, Sequence[Execution]],
    machines: Sequence[StateMachine],
    lake: Lake,
    memory_mb: int,
    stage: str = NONE,
) -> list[dict[str, Any]]:
    """Return the runs (``Run``) that the executions belong to, newest first.

    Parameters
    ----------
    executions : mapping of str to sequence of Execution
        The executions, by the name of their state machine.
    machines : sequence of StateMachine
    lake : Lake
    memory_mb : int
        The memory of each Lambda.
    stage : str
        Of which lakehouse the machines are.
    """
    members: dict[str, list[_Member]] = {}
    for machine in machines:
        for execution in executions[machine.name]:
            members.setdefault(execution.run_id, []).append(_Member(machine, execution))
    begun = {run_id: first for run_id, its in members.items() if (first := _first(run_id, its)) is not None}
    written = _written({run_id: _layers(members[run_id], stage) for run_id in begun}, lake)
    whole = [_run(run_id, first, members[run_id], written[run_id], memory_mb, stage) for run_id, first in begun.items()]
    return sorted(whole, key=lambda run: (run["started"], run["run_id"]), reverse=True)


def _first(run_id: str, members: Iterable[_Member]) -> _Member | None:
    """Return the execution that started a run; None when it is too old to be among those read."""
    # The executions that it started have its name, too.
    begun = (member for member in members if member.execution.name == run_id and not member.execution.started_by)
    return next(begun, None)


def _run(
    run_id: str, first: _Member, members: Sequence[_Member], written: int, memory_mb: int, stage: str
) -> dict[str, Any]:
    execution, stopped = first.execution, first.execution.stopped
    return {
        "run_id": run_id,
        "pipeline": first.machine.name,
        "status": execution.status,
        "started": execution.started.isoformat(),
        "seconds": (stopped - execution.started).total_seconds() if stopped else None,
        "rows": execution.rows,
        "cost": _cost(members, _layers(members, stage), written, memory_mb),
    }


def _cost(members: Sequence[_Member], layers: Sequence[str], written: int, memory_mb: int) -> dict[str, Any]:
    member_executions = [member.execution for member in members]
    lambda_seconds = sum(execution.lambda_seconds for execution in member_executions)
    lines = [
        *costs.work(
            lambda_seconds,
            memory_mb,
            sum(execution.lambda_calls for execution in member_executions),
            sum(execution.transitions for execution in member_executions),
            sum(execution.crawls for execution in member_executions),
            max(execution.crawl_seconds for execution in member_executions),
        ),
        costs.Line("s3_writes", Decimal(written)),
        costs.Line("s3_reads", Decimal(_read(members))),
    ]
    glue = [costs.glue_jobs(len(layers), lambda_seconds)] if layers else []
    return {
        "lines": [_line(line) for line in lines],
        "total_usd": str(costs.total(lines)),
        "glue": [_line(line) for line in glue],
        "glue_total_usd": str(costs.total(glue)),
    }


def _layers(members: Iterable[_Member], stage: str) -> list[str]:
    """Return the layers that a run ran."""
    names = {member.machine.name for member in members}
    return [layer for layer in layout.LAYERS if machine_name(layer, stage) in names]


def _written(layers_of: Mapping[str, Sequence[str]], lake: Lake) -> Mapping[str, int]:
    """Return how many objects each run wrote: its tables' files, its lineage, and what it needed meanwhile.

    Parameters
    ----------
    layers_of : mapping of str to sequence of str
        The layers that each run ran.
    lake : Lake
    """
    prefixes: list[tuple[str, str]] = []
    for run_id, layers in layers_of.items():
        prefixes.append((run_id, layout.lineage_prefix(run_id)))
        for layer in layers:
            prefixes.append((run_id, layout.work_prefix(run_id, layer)))
            prefixes += [(run_id, layout.run_prefix(table, run_id)) for table in tables_of(layer)]
    written: Counter[str] = Counter(dict.fromkeys(layers_of, 0))
    # Counted by listings, each of which waits for S3.
    counts = together(lambda one: sum(1 for _ in lake.list(one[1])), prefixes)
    for (run_id, _), count in zip(prefixes, counts, strict=True):
        written[run_id] += count
    return written


def _read(members: Sequence[_Member]) -> int:
    """Return how many tables Lambdas read, as their tasks declare; governance compares that with what they did."""
    return sum(
        len(task.inputs) * (_parts(member.execution) if task.per_part else 1)
        for member in members
        for task in member.machine.tasks
        if task.resource.startswith(LAMBDA)
    )


def _parts(execution: Execution) -> int:
    """Return for how many parts Lambdas were called; 0 where there was no Distributed Map."""
    return max((total.run.items for total in execution.map_runs if total.lambda_calls), default=0)


def _line(line: costs.Line) -> dict[str, str]:
    return {
        "what": line.what,
        "quantity": f"{line.quantity:f}",
        "unit": line.unit,
        "unit_usd": f"{line.unit_usd:f}",
        "usd": f"{line.usd:f}",
    }
