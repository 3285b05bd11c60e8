"""One question from start to end: read, sent, answered, and handed over row by row."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from cli.errors import UsageError
from cli.querying import result
from cli.querying.athena import Answer, RefusedError, ask
from cli.querying.cost import usd
from cli.querying.old_version import registered, require_whole
from cli.querying.problem import explained
from cli.querying.statement import Statement, read
from cli.querying.tables import Tables
from cli.session import Aws
from lakehouse.contract import layers
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog

if TYPE_CHECKING:
    from lakehouse.versions.view import View

# Where tables are that a statement names without a database, of those that are none of the project's.
DATABASE: Final = layout.database_of(layout.GOLD)


@dataclass(frozen=True)
class Answered:
    """A question and its answer.

    Attributes
    ----------
    aws : Aws
    statement : Statement
    answer : Answer
    version : int
        The version whose tables were read; 0 where none was.
    made_at : str
        When that version was made, ISO 8601; empty where there is none.
    behind : mapping of str to str
        Tables of which the catalogue shows another run than the version has, with that place.
    """

    aws: Aws
    statement: Statement
    answer: Answer
    version: int = 0
    made_at: str = ""
    behind: Mapping[str, str] | None = None

    @property
    def schema(self) -> pa.Schema:
        """The names and types of its columns."""
        return result.schema_of(self.answer.columns)

    @property
    def usd(self) -> Decimal:
        """What it costs on AWS."""
        return usd(self.answer.scanned) if self.statement.is_query else Decimal(0)

    def batches(self, most: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield its rows, ``most`` at most."""
        return result.batches(self.aws, self.answer, is_query=self.statement.is_query, most=most)


def answered(aws: Aws, text: str, tables: Tables, version: int | None = None) -> Answered:
    """Return the answer to a question.

    Parameters
    ----------
    aws : Aws
    text : str
        One statement that only reads.
    tables : Tables
    version : int, optional
        The version of the lake that is asked; by default what the catalogue shows.

    Raises
    ------
    UsageError
        It is no such statement, or of tables without versions where a version is asked.
    CliError
        Athena refused it, or what it would read is not what was audited.
    """
    statement = read(text, tables)
    if version is not None and (statement.unversioned or not statement.tables or not statement.is_query):
        what = ", ".join(statement.unversioned) or "what is not of the lake's tables"
        raise UsageError(f"--version: there are no versions of {what}", "Ask it without --version.")
    view = _view(aws, statement, version)
    with _places(aws, statement, view, version) as database:
        try:
            answer = ask(aws, statement.sql(database), database or layout.glue_database(DATABASE, aws.stage))
        except RefusedError as error:
            raise explained(str(error), statement, tables, database) from error
    if view is None or view.version is None:
        return Answered(aws, statement, answer)
    behind = _behind(aws, view, statement) if version is None else {}
    return Answered(aws, statement, answer, view.number, view.version.made.at, behind)


def _view(aws: Aws, statement: Statement, version: int | None) -> "View | None":
    from cli.contents.opening import opened

    return opened(aws, version) if statement.tables and statement.is_query else None


@contextmanager
def _places(aws: Aws, statement: Statement, view: "View | None", version: int | None) -> Iterator[str]:
    """Yield the database in which a version's tables are for the query; empty where they are read in their own."""
    if view is None:
        yield ""
    elif version is None:
        there = [table for table in statement.tables if table in view.tables]
        require_whole(view, there)
        yield ""
    else:
        with registered(aws, view, statement.tables) as database:
            yield database


def _behind(aws: Aws, view: "View", statement: Statement) -> dict[str, str]:
    """Return the tables of which the catalogue shows another run than the newest version has."""
    catalog, found = Catalog(aws.client("glue"), aws.stage), dict[str, str]()
    for table in statement.tables:
        entry = catalog.get(layout.database_of(layers.layer_of(table)), table)
        shown = (entry or {}).get("Parameters", {}).get("run_id", "")
        if table in view.tables and shown != view.table(table).run:
            found[table] = shown
    return found
