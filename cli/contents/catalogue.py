"""What can be found in an account: its catalogue as it is, and the exported files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.contents.naming import Names
from cli.finding.entries import COLUMN, PII, Entry, entries_of
from cli.finding.index import index_of
from cli.finding.ranking import Answer, Found, Search
from lakehouse.contract import glossary
from lakehouse.contract.model import load_all
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog

# The errors of an account or emulator without SearchTables.
_NO_SEARCH: Final = frozenset(
    {"InvalidAction", "UnknownOperationException", "UnsupportedOperation", "NotImplemented", "InternalFailure", "501"}
)


def entries(catalog: Catalog) -> list[Entry]:
    """Return what can be found in an account's catalogue, in the order of the index, and the exported files."""
    return entries_of(_tables(catalog), load_all())


def indexed(among: Sequence[Entry]) -> dict[str, Any]:
    """Return the index of entries, with the business glossary."""
    return index_of(among, glossary.terms().values(), glossary.words())


class Finder:
    """Entries that can be asked for.

    Parameters
    ----------
    among : sequence of Entry

    Attributes
    ----------
    entries : list of Entry
        In the order of the index, so that an answer's numbers mean them.
    """

    def __init__(self, among: Sequence[Entry]) -> None:
        index = indexed(among)
        by_id = {entry.id: entry for entry in among}
        self.entries = [by_id[each["id"]] for each in index["entries"]]
        self._search = Search(index)
        self._names = Names(load_all())

    def answer(self, question: str, kind: str | None = None, *, all_of_it: bool = False) -> Answer:
        """Return what a question finds, best first.

        Parameters
        ----------
        question : str
            As somebody types it. Without a word everything of the kind is found.
        kind : str, optional
            Only entries of this kind, or ``pii`` for the columns that hold personal data.
        all_of_it : bool
            Whether what has few points is not left out.
        """
        if question.strip():
            # Any name that is printed anywhere finds what it is of.
            asked = self._names.resolve(question) or question
            answer = self._search(asked, all_of_it=all_of_it or kind is not None)
        else:
            answer = Answer(tuple(Found(number, 0, ()) for number in range(len(self.entries))), ())
        return replace(answer, found=tuple(each for each in answer.found if _is(self.entries[each.entry], kind)))

    def ranked(self, question: str, kind: str | None = None) -> list[Entry]:
        """Return all entries that a question finds, best first."""
        return [self.entries[each.entry] for each in self.answer(question, kind, all_of_it=True).found]


def _is(entry: Entry, kind: str | None) -> bool:
    if kind == PII.lower():
        return entry.kind == COLUMN and PII in entry.tags and not entry.is_file
    return kind is None or entry.kind == kind


def _tables(catalog: Catalog) -> Iterator[Mapping[str, Any]]:
    """Yield the tables by the account's own search, or else by listing the catalogue, with the same result."""
    try:
        tables = [table for database in layout.databases() for table in catalog.searched(database)]
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NO_SEARCH:
            raise
        tables = [table for database in layout.databases() for table in catalog.tables(database)]
    yield from sorted(tables, key=lambda table: (table["DatabaseName"], table["Name"]))
