"""The tables that a query may name, by any of their names, and what is nearest to a name that is none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from cli.contents.naming import CSV, Names, fold
from cli.errors import UsageError
from lakehouse.contract.model import Contract
from lakehouse.lake import layout
from lakehouse.stage import NONE

# Governance's own tables, which are of no version.
GOVERNANCE: Final = ("pipelines", "tarefas", "linhagem", "execucoes")
_NAMED: Final = 3
_WORD: Final = 3


@dataclass(frozen=True)
class Meant:
    """A table that a query means.

    Attributes
    ----------
    database, table : str
        As it is called in every stage.
    layer : str
        Empty where it is no table of the lake's versions.
    stage : str
        The stage that is asked.
    """

    database: str
    table: str
    layer: str = ""
    stage: str = NONE

    @property
    def place(self) -> str:
        """Its database as Athena knows it."""
        return layout.glue_database(self.database, self.stage)

    @property
    def of_lake(self) -> bool:
        """Whether it is a table of the lake's versions."""
        return bool(self.layer)


@dataclass(frozen=True)
class Tables:
    """The tables of the lakehouse.

    Attributes
    ----------
    contracts : mapping of str to Contract
        By table.
    stage : str
        The stage that is asked: the same names mean its tables.
    """

    contracts: Mapping[str, Contract]
    stage: str = NONE

    @cached_property
    def _names(self) -> Names:
        return Names(self.contracts.values())

    def meant(self, written: str) -> Meant | None:
        """Return the table that a name means; None where it is none of the project's, and Athena may know it.

        Raises
        ------
        UsageError
            It names a CSV, a column, or a table of the project's databases that there is not.
        """
        stored, _, named = fold(written).rpartition(".")
        own = layout.database_of_glue(stored, self.stage) if self.stage else None
        if own in layout.databases():  # as Athena knows it
            written = f"{own}.{named}"
        found = self._names.resolve(written)
        if found is not None and found in self.contracts:
            return Meant(self.contracts[found].database, found, self.contracts[found].layer, self.stage)
        if found is not None:
            raise _no_table(written, found, self.contracts)
        database, _, table = fold(written).rpartition(".")
        if database in ("", layout.GOVERNANCE_DATABASE) and table in GOVERNANCE:
            return Meant(layout.GOVERNANCE_DATABASE, table, stage=self.stage)
        if database and database not in {*layout.databases(), *layout.LAYERS, layout.LANDING}:
            return None
        near = nearest(table, (*self.contracts, *GOVERNANCE))
        raise UsageError(
            f"there is no table '{written}'",
            f"Is it {' or '.join(near)}? " * bool(near) + "All of them: `./importau search --type table`.",
        )

    def database(self, written: str) -> str:
        """Return the database, as Athena knows it, of a name: that of a layer or of the project, or the name itself."""
        plain = fold(written)
        name = layout.database_of(plain) if plain in layout.LAYERS else plain
        return layout.glue_database(name, self.stage) if name in layout.databases() else name

    def columns(self, tables: Iterable[str]) -> list[str]:
        """Return the columns of some tables, each name once."""
        named = (column.name for table in tables if table in self.contracts for column in self.contracts[table].columns)
        return list(dict.fromkeys(named))


def nearest(name: str, among: Iterable[str]) -> list[str]:
    """Return the names that are nearest to another one, best first."""
    asked = fold(name)
    by_fold = {fold(each): each for each in among}
    close = get_close_matches(asked, by_fold, n=_NAMED, cutoff=0.5)
    # A name of which this one is a word is meant more often than one that merely looks like it.
    inside = get_close_matches(asked, [each for each in by_fold if len(asked) >= _WORD and asked in each], _NAMED, 0.0)
    return [by_fold[each] for each in dict.fromkeys((*inside, *close))][:_NAMED]


def _no_table(written: str, found: str, contracts: Mapping[str, Contract]) -> UsageError:
    """Return why a name that means something is no table."""
    if found.endswith(CSV):
        contract = contracts[found.removesuffix(CSV)]
        return UsageError(
            f"'{written}' is an exported CSV, which Athena does not read", f"Its table is {contract.qualified_name}."
        )
    table = found.replace(":", ".").rpartition(".")[0].removesuffix(CSV)
    return UsageError(f"'{written}' is a column", f"Name its table, {contracts[table].qualified_name}.")
