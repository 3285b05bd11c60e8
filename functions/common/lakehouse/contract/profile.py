"""What an audit counts of a table, column by column: NULLs, and what a measure adds up to. Parts add up. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

import pyarrow as pa

from lakehouse.contract.measures import decimal_of, measures_of, total
from lakehouse.contract.model import Contract


@dataclass(frozen=True)
class ColumnProfile:
    """What was counted of a column.

    Attributes
    ----------
    name, type : str
        The type is the contract's ``physicalType``.
    nulls : int
    total : str or None
        The exact sum of a measure (`lakehouse.contract.measures`), as a decimal; None for any other column.
    """

    name: str
    type: str
    nulls: int
    total: str | None = None

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Return what `dataclasses.asdict` made JSON of."""
        return cls(**content)


Profile = tuple[ColumnProfile, ...]


def profile_of(contract: Contract, table: pa.Table) -> Profile:
    """Return what is counted of a table, or of one of its parts.

    Parameters
    ----------
    contract : Contract
    table : pa.Table
        With the contract's schema.
    """
    measures = measures_of(contract)
    return tuple(
        ColumnProfile(
            column.name,
            column.physical_type,
            table[column.name].null_count,
            str(decimal_of(total(table[column.name]), measures[column.name])) if column.name in measures else None,
        )
        for column in contract.columns
    )


def added_up(parts: Iterable[Profile]) -> Profile:
    """Return the profile of a table by those of its parts; nothing where a part has none."""
    found = list(parts)
    if not found or not all(found):
        return ()
    return tuple(_sum(columns) for columns in zip(*found, strict=True))


def _sum(columns: Sequence[ColumnProfile]) -> ColumnProfile:
    first, totals = columns[0], [each.total for each in columns]
    whole = None if None in totals else str(sum((Decimal(each) for each in totals if each), Decimal(0)))
    return ColumnProfile(first.name, first.type, sum(each.nulls for each in columns), whole)
