"""The catalogue as people search it: tables, columns, pipelines and tasks, with the words that find them."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.session import Aws
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog

TABLE, COLUMN, TASK, PIPELINE = "table", "column", "task", "pipeline"
KINDS: Final = (TABLE, PIPELINE, TASK, COLUMN)
PII: Final = "PII"

# The score of a word in the name, in a tag, in the description and elsewhere; and that of the whole phrase.
NAME, TAG, DESCRIPTION, OTHER = 8, 6, 4, 1
_PHRASE: Final = 2
_WHOLE: Final = 1000
# The errors of an account or emulator without SearchTables.
_NO_SEARCH: Final = frozenset(
    {"InvalidAction", "UnknownOperationException", "UnsupportedOperation", "NotImplemented", "InternalFailure", "501"}
)


@dataclass(frozen=True)
class Entry:
    """An entry of the catalogue, for searching.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    where : str
        ``database.table``, or ``database.table.column``; a pipeline's name, or ``pipeline.task``.
    name, description : str
    tags : tuple of str
        Business tags and classifications.
    other : str
        Further text that finds it: owner, inputs, outputs, domain.
    """

    kind: str
    where: str
    name: str
    description: str
    tags: tuple[str, ...] = ()
    other: str = ""


def plain(text: str) -> str:
    """Return a text in the form that is compared: without accents, case and underscores."""
    decomposed = unicodedata.normalize("NFKD", text.replace("_", " "))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def entries(aws: Aws) -> list[Entry]:
    """Return this project's entries in the account's catalogue."""
    glue = aws.client("glue")
    return [entry for table in _tables(glue) for entry in _entries_of(table)]


def _tables(glue: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the tables by the account's own search, or else by listing the catalogue, with the same result."""
    try:
        tables = [table for database in layout.databases() for table in _searched(glue, database)]
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NO_SEARCH:
            raise
        tables = [table for database in layout.databases() for table in Catalog(glue).tables(database)]
    yield from sorted(tables, key=lambda table: (table["DatabaseName"], table["Name"]))


def _searched(glue: Any, database: str) -> Iterator[Mapping[str, Any]]:
    query: dict[str, Any] = {"Filters": [{"Key": "DatabaseName", "Value": database, "Comparator": "EQUALS"}]}
    while True:
        page = glue.search_tables(**query)
        yield from (table for table in page["TableList"] if table["DatabaseName"] == database)
        if not page.get("NextToken"):
            return
        query["NextToken"] = page["NextToken"]


def _entries_of(table: Mapping[str, Any]) -> Iterator[Entry]:
    parameters, columns = table.get("Parameters", {}), table["StorageDescriptor"]["Columns"]
    description = table.get("Description", "")
    if parameters.get("kind") == PIPELINE:
        name = parameters["name"]
        yield Entry(PIPELINE, name, name, description, other=table.get("Owner", ""))
        for column in columns:
            task_parameters = column.get("Parameters", {})
            other = " ".join(task_parameters.get(key, "") for key in ("inputs", "outputs", "owner", "resource"))
            task = task_parameters.get("name", column["Name"])
            yield Entry(TASK, f"{name}.{task}", task, column.get("Comment", ""), other=other)
        return
    where = f"{table['DatabaseName']}.{table['Name']}"
    tags = [tag.strip() for tag in parameters.get("tags", "").split(",") if tag.strip()]
    # A table with personal data ranks below the column that has it.
    personal = PII if parameters.get("classification_pii") else ""
    other = " ".join((table.get("Owner", ""), parameters.get("domain", ""), parameters.get("layer", ""), personal))
    yield Entry(TABLE, where, table["Name"], description, tuple(tags), other)
    for column in columns:
        classification = column.get("Parameters", {}).get("classification")
        yield Entry(
            COLUMN,
            f"{where}.{column['Name']}",
            column["Name"],
            column.get("Comment", ""),
            (classification,) if classification else (),
        )


def ranked(term: str, among: Iterable[Entry], kind: str | None = None) -> list[Entry]:
    """Return the entries in which every word of a term is found, best first.

    Parameters
    ----------
    term : str
        Words; accents and case do not count. Without any, every entry is found.
    among : iterable of Entry
    kind : str, optional
        One of `KINDS`, or ``pii`` for the columns that hold personal data.
    """
    scored = [(score(term, entry), entry) for entry in among if kind is None or _is(entry, kind)]
    matches = [(points, entry) for points, entry in scored if points or not term.strip()]
    return [e for _, e in sorted(matches, key=lambda pair: (-pair[0], KINDS.index(pair[1].kind), pair[1].where))]


def _is(entry: Entry, kind: str) -> bool:
    return (entry.kind == COLUMN and PII in entry.tags) if kind == PII.lower() else entry.kind == kind


def score(term: str, entry: Entry) -> int:
    """Return how well an entry matches a term; 0 where a word of it is not in the entry.

    The entry's whole name, as it is printed (`Entry.where`), matches best.
    """
    if plain(term).strip() == plain(entry.where):
        return _WHOLE
    fields = [
        (NAME, plain(entry.name)),
        (TAG, plain(" | ".join(entry.tags))),
        (DESCRIPTION, plain(entry.description)),
        (OTHER, plain(entry.other)),
    ]
    words = plain(term).split()
    points = [max((worth for worth, text in fields if word in text), default=0) for word in words]
    if not points or not all(points):
        return 0
    phrase = " ".join(words)
    return sum(points) + max((_PHRASE * worth for worth, text in fields if phrase in text), default=0)
