"""Agreement: what the tasks declare to read and write, compared with what they were observed to read and write."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakehouse.lake.layout import LANDING
from lakehouse.lineage.names import Asset, Place
from lakehouse.orchestration.pipelines import LAMBDA, Task


@dataclass
class Observed:
    """What one task of a state machine read and wrote in a run.

    Attributes
    ----------
    inputs, outputs : set of str
        ``database.table``.
    """

    inputs: set[str] = field(default_factory=set)
    outputs: set[str] = field(default_factory=set)


def observed(events: Iterable[Mapping[str, Any]], place: Place) -> dict[tuple[str, str], Observed]:
    """Return what each task read and wrote, by (state machine, task), from the lineage events.

    Parameters
    ----------
    events : iterable of mapping
        OpenLineage RunEvents of one run, in any order.
    place : Place
    """
    observations: dict[tuple[str, str], Observed] = {}
    for event in events:
        machine, task = event["job"]["name"].split(".", 1)
        state = task.rpartition(".")[0]
        task_io = observations.setdefault((machine, state), Observed())
        for datasets, names in ((event.get("inputs", ()), task_io.inputs), (event.get("outputs", ()), task_io.outputs)):
            for dataset in datasets:
                asset = place.asset(dataset["namespace"], dataset["name"])
                names.add(str(asset) if asset else f"{dataset['namespace']}/{dataset['name']}")
    return observations


def differences(
    tasks: Mapping[str, Iterable[Task]],
    observations: Mapping[tuple[str, str], Observed],
    from_csv: bool,
) -> list[str]:
    """Return every table that is declared and was not observed, or observed and is not declared, by task.

    Parameters
    ----------
    tasks : mapping of str to iterable of Task
        The tasks by the name of their state machine.
    observations : mapping
        The result of `observed`. A task that is no Lambda of this project emits no lineage and is not compared. A
        Lambda that declares tables must have emitted lineage, where any task of its state machine did.
    from_csv : bool
        Whether the run read the exported CSVs; synthetic data has no ``landing`` to read.
    """
    problems = []
    ran = {machine for machine, _ in observations}
    known = {(machine, task.name) for machine, its_tasks in tasks.items() for task in its_tasks}
    for machine, its_tasks in tasks.items():
        for task in its_tasks:
            task_io = observations.get((machine, task.name))
            if task_io is None:
                # The lineage of the parts is emitted by the task that puts them together.
                emits = task.resource.startswith(LAMBDA) and not task.per_part
                if machine in ran and emits and (task.inputs or task.outputs):
                    problems.append(f"{machine}.{task.name}: declara tabelas, e a execução não deu notícia dela")
                continue
            declared = {name for name in task.inputs if from_csv or not name.startswith(f"{LANDING}.")}
            outputs = set(task.outputs)
            for word, expected, used in (("INPUTS", declared, task_io.inputs), ("OUTPUT", outputs, task_io.outputs)):
                for name in sorted(expected - used):
                    problems.append(f"{machine}.{task.name}: {word} declara {name}, que a execução não usou")
                for name in sorted(used - expected):
                    problems.append(f"{machine}.{task.name}: a execução usou {name}, que {word} não declara")
    for machine, state in sorted(set(observations) - known):
        task_io = observations[machine, state]
        names = ", ".join(sorted(task_io.inputs | task_io.outputs))
        problems.append(f"{machine}.{state}: a execução usou {names}, e nenhuma tarefa com esse nome o declara")
    return problems


def unknown_names(tasks: Mapping[str, Iterable[Task]]) -> list[str]:
    """Return every name in the tasks' comments that is no asset of the lakehouse, and every unreadable field."""
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
