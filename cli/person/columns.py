"""Which columns of an exported table a value may be erased from, by the contracts alone: nothing may hang on it.

A value can go where no key, no rule and no amount depends on it: its column is text, and whatever is made of it is the
same text, in no key either. Then every sum is the same without it.
"""

from collections.abc import Iterator
from functools import cache

from cli.person.value import ERASED
from lakehouse.contract import layers
from lakehouse.contract.model import Column, Contract, load, load_all


@cache
def erasable(table: str) -> frozenset[str]:
    """Return the columns of a table that a value may be erased from."""
    contract = load(table)
    return frozenset(column.name for column in contract.columns if _is_free(contract, column))


@cache
def text_columns(table: str) -> frozenset[str]:
    """Return the columns of a table that are text."""
    return frozenset(column.name for column in load(table).columns if column.physical_type == "string")


def in_place_of(table: str, column: str) -> str:
    """Return what stands in an exported CSV where a value was erased: nothing or, in a required column, a word."""
    return ERASED if load(table).column(column).required else ""


def _is_free(contract: Contract, column: Column) -> bool:
    if column.physical_type != "string" or column.name in contract.key or column.name in _foreign_keys():
        return False
    rules = [rule for rule in contract.rules if column.name in rule.columns(contract.schema.names)]
    if any(rule.metric != "nullValues" for rule in rules):
        return False
    where = f"{contract.qualified_name}.{column.name}"
    if any(where in other.row_sources for other in load_all()):
        return False
    return all(is_direct and _is_free(other, made) for other, made, is_direct in _made_from(contract, column))


def _made_from(contract: Contract, column: Column) -> Iterator[tuple[Contract, Column, bool]]:
    """Yield the columns that a column is a source of, and whether its values flow into each."""
    where = f"{contract.qualified_name}.{column.name}"
    for other in load_all():
        for made in other.columns:
            if where in made.sources:
                yield other, made, where not in made.indirect


@cache
def _foreign_keys() -> frozenset[str]:
    """Return the columns by which tables are joined: the keys of exported tables, wherever they are."""
    return frozenset(name for table in layers.tables_of(layers.BRONZE) for name in load(table).key)
