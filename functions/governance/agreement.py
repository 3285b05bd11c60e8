"""Agreement: what the tasks declare to read and write, compared with what they were observed to read and write.

Three things are compared: the tables of each task's comment with those that it used; each edge, from a table to one
that is made of it, with what the output's contract says; and what a task that starts an execution declares with what
that one did.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakehouse.lake.layout import LANDING
from lakehouse.lineage.edges import Edge, datasets, edges_of
from lakehouse.lineage.jobs import does_itself, sources_of
from lakehouse.lineage.names import Asset, Place
from lakehouse.orchestration.pipelines import Task


@dataclass
class Observed:
    """What one task of a state machine read and wrote in a run.

    Attributes
    ----------
    inputs, outputs : set of str
        ``database.table``.
    edges : set of Edge
        From each input of a run to its output.
    """

    inputs: set[str] = field(default_factory=set)
    outputs: set[str] = field(default_factory=set)
    edges: set[Edge] = field(default_factory=set)


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
        machine, _, task = event["job"]["name"].partition(".")
        state = task.rpartition(".")[0] or task
        if not state:
            continue  # of the execution itself, which does what its tasks do
        task_io = observations.setdefault((machine, state), Observed())
        task_io.inputs.update(datasets(event.get("inputs", ()), place))
        task_io.outputs.update(datasets(event.get("outputs", ()), place))
        task_io.edges.update(edges_of(event, place))
    return observations


def differences(
    tasks: Mapping[str, Iterable[Task]],
    observations: Mapping[tuple[str, str], Observed],
    from_csv: bool,
    partly: Collection[str] = (),
) -> list[str]:
    """Return every table and every edge that is declared and was not observed, or the other way round, by task.

    Parameters
    ----------
    tasks : mapping of str to iterable of Task
        The tasks by the name of their state machine.
    observations : mapping
        The result of `observed`. A task that is neither a Lambda of this project nor starts an execution tells nothing
        and is not compared. A Lambda that declares tables must have emitted lineage, where any task of its state
        machine did.
    from_csv : bool
        Whether the run read the exported CSVs; synthetic data has no ``landing`` to read.
    partly : collection of str
        The state machines whose own tasks run where there is something to do, and then read what there is: they may do
        less than they declare, and not more.
    """
    problems: list[str] = []
    ran = {machine for machine, _ in observations if machine not in partly}
    known = {(machine, task.name) for machine, its_tasks in tasks.items() for task in its_tasks}
    for machine, its_tasks in tasks.items():
        for task in its_tasks:
            where = f"{machine}.{task.name}"
            declared = {name for name in task.inputs if from_csv or not name.startswith(f"{LANDING}.")}
            if task.starts:
                done = _done_by(task.starts, tasks, observations)
                if done is not None:
                    problems += _unlike(where, declared, set(task.outputs), done, of="as tarefas que ela inicia")
                continue
            task_io = observations.get((machine, task.name))
            if task_io is None:
                if machine in ran and does_itself(task) and (task.inputs or task.outputs):
                    problems.append(f"{where}: declara tabelas, e a execução não deu notícia dela")
                continue
            if machine in partly:
                declared &= task_io.inputs
            problems += _unlike(where, declared, set(task.outputs), task_io)
            problems += _false_edges(where, task_io, unused=declared - task_io.inputs, from_csv=from_csv)
    for machine, state in sorted(set(observations) - known):
        task_io = observations[machine, state]
        names = ", ".join(sorted(task_io.inputs | task_io.outputs))
        problems.append(f"{machine}.{state}: a execução usou {names}, e nenhuma tarefa com esse nome o declara")
    return problems


def _unlike(where: str, inputs: set[str], outputs: set[str], done: Observed, of: str = "a execução") -> Iterator[str]:
    """Yield the tables that a comment declares and that were not used, and those that were and are not declared."""
    verb = "usaram" if of.startswith("as ") else "usou"
    for word, expected, used in (("INPUTS", inputs, done.inputs), ("OUTPUT", outputs, done.outputs)):
        for name in sorted(expected - used):
            yield f"{where}: {word} declara {name}, que {of} não {verb}"
        for name in sorted(used - expected):
            yield f"{where}: {of} {verb} {name}, que {word} não declara"


def _false_edges(where: str, done: Observed, *, unused: set[str], from_csv: bool) -> Iterator[str]:
    """Yield how the edges of a task are not those that the contracts of its outputs say.

    That an input which the task declares was not used was said already.
    """
    for output in sorted(done.outputs):
        if not Asset.is_known(output):
            continue  # no contract says what it is made from, and no comment can name it
        made_from = {str(asset) for asset in sources_of(Asset.parse(output))}
        declared = {name for name in made_from if from_csv or not name.startswith(f"{LANDING}.")}
        seen = {edge.source for edge in done.edges if edge.target == output}
        for source in sorted(seen - declared):
            yield f"{where}: a execução fez {output} de {source}, e seu contrato não diz que se faz dela"
        for source in sorted(declared - seen - unused):
            yield f"{where}: o contrato diz que {output} se faz de {source}, e a execução não a fez dela"


def _done_by(
    machine: str, tasks: Mapping[str, Iterable[Task]], observations: Mapping[tuple[str, str], Observed]
) -> Observed | None:
    """Return what an execution of a machine read of others and wrote, with what it started; None where nothing is seen.

    What it writes itself, and then audits, it reads of nobody.
    """
    done = [found for (name, _), found in observations.items() if name == machine]
    for task in tasks.get(machine, ()):
        nested = _done_by(task.starts, tasks, observations) if task.starts else None
        done += [nested] if nested is not None else []
    if not done:
        return None
    outputs = {name for each in done for name in each.outputs}
    return Observed({name for each in done for name in each.inputs} - outputs, outputs)


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
