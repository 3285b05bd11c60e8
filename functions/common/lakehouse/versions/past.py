"""The past of a lake: what each run that published measured of its tables. It is read from versions, which stay.

A version names its files, and says how many rows they have, how many were set aside, what each column adds up to, and
how many NULLs it has. So nothing else is kept, and the past outlives the files and the reports. What somebody went back
from does not count: the past of a rollback is that of the version that it restored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self

from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.source import kind_of
from lakehouse.versions.version import Input, TableVersion, Version

# How many versions are looked at: of daily runs, those of four months.
LOOKED_AT: Final = 120
# Shares are counted in parts per million.
WHOLE: Final = 1_000_000
_SECONDS: Final = 60


class Measure(StrEnum):
    """What is measured of a table in each run."""

    rows = "rows"
    quarantine = "quarantine"
    age = "age"
    nulls = "nulls"
    total = "total"


class Measured(NamedTuple):
    """Something that is measured of a table.

    Attributes
    ----------
    measure : Measure
    column : str
        Of NULLs and totals; empty for the others.
    """

    measure: Measure
    column: str = ""


@dataclass(frozen=True)
class Observation:
    """A table as a run published it, or would.

    Attributes
    ----------
    table : TableVersion
    at : datetime
        When it was published first.
    version : int
        The first version that has it; 0 where none has it yet.
    values : mapping of Measured to int
        Rows; rows set aside, and NULLs, in parts per million; the age of the export in minutes; totals in units of
        their last digit.
    """

    table: TableVersion
    at: datetime
    version: int
    values: Mapping[Measured, int]

    @classmethod
    def of(cls, table: TableVersion, at: datetime, version: int, inputs: Iterable[Input]) -> Self:
        """Measure a table of a version, or of a run that may become one."""
        found = {Measured(Measure.rows): table.rows}
        if table.rows_read:
            found[Measured(Measure.quarantine)] = table.quarantined * WHOLE // table.rows_read
        export = [each.modified for each in inputs if each.key == layout.landing_key(table.table)]
        if export and table.layer == layers.BRONZE:
            age = at - datetime.fromisoformat(min(export))
            found[Measured(Measure.age)] = int(age.total_seconds()) // _SECONDS
        required = load(table.table).required
        for column in table.columns:
            if table.rows and column.name not in required:
                found[Measured(Measure.nulls, column.name)] = column.nulls * WHOLE // table.rows
            if column.total is not None:
                found[Measured(Measure.total, column.name)] = _units(column.total)
        return cls(table, at, version, found)


@dataclass(frozen=True)
class Past:
    """What the runs of a lake measured, of one kind of source.

    Attributes
    ----------
    of_table : mapping of str to tuple of Observation
        By table, oldest first: of each run that wrote it one.
    """

    of_table: Mapping[str, tuple[Observation, ...]]

    @classmethod
    def of(cls, versions: Mapping[int, Version], number: int, source: Mapping[str, Any]) -> Self:
        """Return the past of a version, itself included.

        Parameters
        ----------
        versions : mapping of int to Version
            By number: that version and those before it, as many as are to be looked at.
        number : int
        source : mapping
            Only runs of the same kind of source are compared.
        """
        found: dict[str, list[Observation]] = {name: [] for name in layers.all_tables()}
        for each in _counting(versions, number):
            version = versions[each]
            if kind_of(version.source) != kind_of(source):
                continue
            at = datetime.fromisoformat(version.made.at)
            for table in version.ordered:
                own = found[table.table]
                if all(other.table.run != table.run for other in own):
                    own.append(Observation.of(table, at, each, version.inputs))
        return cls({name: tuple(own) for name, own in found.items()})

    def then(self, tables: Iterable[TableVersion], at: datetime, inputs: Sequence[Input]) -> "Past":
        """Return the past with what a run has made that is no version yet."""
        found = dict(self.of_table)
        for table in tables:
            own = found[table.table]
            if all(other.table.run != table.run for other in own):
                found[table.table] = (*own, Observation.of(table, at, 0, inputs))
        return Past(found)


def read(lake: Lake, number: int, most: int = LOOKED_AT) -> dict[int, Version]:
    """Return a version and those before it, by number, ``most`` at most.

    One that cannot be read is left out: `verify` names it, and the others are a past all the same.
    """
    wanted = range(max(number - most, 0) + 1, number + 1)
    found = together(lambda each: _read(lake, each), wanted)
    return {each: version for each, version in zip(wanted, found, strict=True) if version is not None}


def scale_of(measured: Measured, table: TableVersion) -> int:
    """Return the digits after the point that the numbers of a measure have: a share of one has six."""
    if measured.measure in {Measure.quarantine, Measure.nulls}:
        return 6
    total = next((each.total for each in table.columns if each.name == measured.column), None)
    return _digits(total) if measured.measure == Measure.total and total is not None else 0


def _read(lake: Lake, number: int) -> Version | None:
    try:
        return chain.read(lake, number)
    except StorageError:
        return None


def _counting(versions: Mapping[int, Version], number: int) -> list[int]:
    """Return the versions that a version follows from, oldest first: not those that somebody went back from."""
    found = []
    while number:
        version = versions.get(number)
        if version is None or not version.restores:
            if version is not None:
                found.append(number)
            number -= 1
        else:
            number = min(version.restores, number - 1)
    return found[::-1]


def _digits(total: str) -> int:
    exponent = Decimal(total).as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _units(total: str) -> int:
    return int(total.replace(".", ""))
