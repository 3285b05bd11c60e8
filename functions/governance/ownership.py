"""Ownership: every table, state machine and task has an owner, and it is that of the domain it belongs to. Pure."""

from collections.abc import Iterable, Iterator

from lakehouse.contract.model import Contract
from lakehouse.contract.owners import owner_of_machine, owner_of_task, owners, unowned
from lakehouse.lineage.names import Asset
from lakehouse.orchestration.pipelines import AUDIT, short_name
from lakehouse.orchestration.stepfunctions import StateMachine


def ownerless(machines: Iterable[StateMachine], contracts: Iterable[Contract], stage: str) -> list[str]:
    """Return every table, state machine and task without an owner, with an unknown one, or with another domain's."""
    problems = list(unowned(contracts))
    for machine in machines:
        layer = short_name(machine.name, stage).removeprefix(AUDIT)
        problems += _problems(machine.name, machine.owner, owner_of_machine(layer))
        for task in machine.tasks:
            tables = [name.partition(".")[2] for name in task.outputs if Asset.is_known(name)]
            problems += _problems(f"{machine.name}.{task.name}", task.owner, owner_of_task(layer, tables))
    return problems


def _problems(what: str, owner: str, expected: str) -> Iterator[str]:
    if not owner:
        yield f"{what}: falta o dono (OWNER do comentário); por seu domínio é {expected}"
    elif owner not in owners().of_domain.values():
        yield f"{what}: ninguém conhece o dono {owner}; por seu domínio é {expected}"
    elif owner != expected:
        yield f"{what}: o dono esperado é {expected}, por seu domínio, e o comentário diz {owner}"
