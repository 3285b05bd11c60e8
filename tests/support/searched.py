"""What is searched in tests: the catalogue as contracts and the template's machines make it, and people's questions."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import machines
import yaml

from cli.finding.entries import Entry, entries_of
from cli.finding.index import index_of
from governance.connector import SCHEMAS, governance_table, machine_table
from lakehouse.contract import glossary
from lakehouse.contract.model import load_all
from lakehouse.lake.catalogue import GlueTable, table_of
from lakehouse.lake.layout import LANDING
from lakehouse.orchestration.pipelines import machine_name, tasks_of
from lakehouse.orchestration.stepfunctions import StateMachine
from lakehouse.stage import NONE

_QUESTIONS = Path(__file__).parents[1] / "questions"


@dataclass(frozen=True)
class Question:
    """What somebody types, and the names (or patterns of them) of which one is expected among the first three."""

    asked: str
    expected: tuple[str, ...]

    def met(self, answers: list[str]) -> bool:
        """Return whether one of the first three answers is expected."""
        return any(fnmatchcase(answer, expected) for answer in answers[:3] for expected in self.expected)


def questions(name: str) -> list[Question]:
    """Return the questions of a file of tests/questions, such as ``typed``."""
    personal = [entry.where for entry in entries() if "PII" in entry.tags]
    return [
        Question(each["asked"], tuple(p for e in each["expected"] for p in (personal if e == "PII" else [e])))
        for each in yaml.safe_load((_QUESTIONS / f"{name}.yaml").read_text("utf-8"))
    ]


def tables() -> Iterator[dict[str, Any]]:
    """Yield the tables of the catalogue as Glue describes them."""
    made: list[GlueTable] = [table_of(contract, "s3://lake/x/", {}) for contract in load_all()]
    made += [governance_table(name, "lake", 0, 0) for name in SCHEMAS]
    for name in machines.MACHINES:
        definition = machines.definition(name)
        described = StateMachine(
            machine_name(name, NONE), "arn", definition.get("Comment", ""), definition, tuple(tasks_of(definition))
        )
        made.append(machine_table(described, "lake"))
    for table in made:
        yield {"DatabaseName": table.database, **table.as_input()}


@cache
def entries() -> tuple[Entry, ...]:
    """Return everything that can be found."""
    return tuple(entries_of(tables(), load_all()))


@cache
def index() -> dict[str, Any]:
    """Return its index."""
    return index_of(entries(), glossary.terms().values(), glossary.words())


def files() -> list[Entry]:
    """Return the exported files."""
    return [entry for entry in entries() if entry.id.startswith(f"{LANDING}.")]
