"""Agreement: what the tasks declare they read and write, held against what the run was seen to read and write."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakehouse.lake.layout import LANDING
from lakehouse.lineage.names import Asset, Place
from lakehouse.orchestration.pipelines import LAMBDA, Task


@dataclass
class Observed:
    """What one task of a state machine was seen to do in a run.

    Attributes
    ----------
    inputs, outputs : set of str
        ``database.table``.
    """

    inputs: set[str] = field(default_factory=set)
    outputs: set[str] = field(default_factory=set)


def observed(events: Iterable[Mapping[str, Any]], place: Place) -> dict[tuple[str, str], Observed]:
    """Gather lineage events by (state machine, task).

    Parameters
    ----------
    events : iterable of mapping
        OpenLineage RunEvents of one run, in any order.
    place : Place
    """
    found: dict[tuple[str, str], Observed] = {}
    for event in events:
        machine, task = event["job"]["name"].split(".", 1)
        state = task.rpartition(".")[0]
        seen = found.setdefault((machine, state), Observed())
        for datasets, names in ((event.get("inputs", ()), seen.inputs), (event.get("outputs", ()), seen.outputs)):
            for dataset in datasets:
                asset = place.asset(dataset["namespace"], dataset["name"])
                names.add(str(asset) if asset else f"{dataset['namespace']}/{dataset['name']}")
    return found


def differences(
    tasks: Mapping[str, Iterable[Task]],
    seen: Mapping[tuple[str, str], Observed],
    from_csv: bool,
) -> list[str]:
    """Return every table declared and not observed, or observed and not declared, by task.

    Parameters
    ----------
    tasks : mapping of str to iterable of Task
        By the name of their state machine.
    seen : mapping
        What `observed` found. A task that is no Lambda of this project tells nothing and is not compared; a Lambda of
        a state machine of which others were seen, and which declares tables, must have told something.
    from_csv : bool
        Whether the run read the exported CSVs; synthetic data has no ``landing`` to read.
    """
    problems = []
    ran = {machine for machine, _ in seen}
    known = {(machine, task.name) for machine, its_tasks in tasks.items() for task in its_tasks}
    for machine, its_tasks in tasks.items():
        for task in its_tasks:
            did = seen.get((machine, task.name))
            if did is None:
                # What was done part by part is told by the task that puts the parts together.
                tells = task.resource.startswith(LAMBDA) and not task.per_part
                if machine in ran and tells and (task.inputs or task.outputs):
                    problems.append(f"{machine}.{task.name}: declara tabelas, e a execução não deu notícia dela")
                continue
            declared = {name for name in task.inputs if from_csv or not name.startswith(f"{LANDING}.")}
            for word, said, done in (("INPUTS", declared, did.inputs), ("OUTPUT", set(task.outputs), did.outputs)):
                for name in sorted(said - done):
                    problems.append(f"{machine}.{task.name}: {word} declara {name}, que a execução não usou")
                for name in sorted(done - said):
                    problems.append(f"{machine}.{task.name}: a execução usou {name}, que {word} não declara")
    for machine, state in sorted(set(seen) - known):
        used = ", ".join(sorted(seen[machine, state].inputs | seen[machine, state].outputs))
        problems.append(f"{machine}.{state}: a execução usou {used}, e nenhuma tarefa com esse nome o declara")
    return problems


def unknown_names(tasks: Mapping[str, Iterable[Task]]) -> list[str]:
    """Return every name in a comment that is no asset of the lakehouse, and what else of one cannot be read."""
    problems = []
    for machine, its_tasks in tasks.items():
        for task in its_tasks:
            for name in (*task.inputs, *task.outputs):
                if not Asset.is_known(name):
                    problems.append(f"{machine}.{task.name}: '{name}' não é nenhum ativo do lakehouse")
            for text in task.unread:
                problems.append(
                    f"{machine}.{task.name}: o comentário traz '{text}', que não se lê; escreva "
                    f"'descrição | OWNER: quem | INPUTS: a.b, c.d | OUTPUT: e.f', cada campo uma vez"
                )
    return problems
