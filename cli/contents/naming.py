"""Tables and columns by any of their names: in the catalogue, the portal, a message, a folder."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cli.errors import UsageError
from cli.finding.words import folded
from lakehouse.contract import layers
from lakehouse.contract.model import Contract
from lakehouse.lake import layout
from lakehouse.stage import Stage

CSV: Final = ".csv"
_FILE_END: Final = re.compile(r"(-\d{5,}-of-\d{5,})?\.parquet$")
_MACHINE: Final = re.compile(rf"statemachine_dag_(?P<machine>[a-z]+)(_({'|'.join(Stage)}))?(\.\w+)?")


def fold(name: str) -> str:
    """Return a name in the form that is compared: without accents and case."""
    return folded(name.strip())


class Names:
    """The names of tables, their columns, and the exported CSVs with theirs.

    Parameters
    ----------
    contracts : iterable of Contract
        The contracts of all tables.
    """

    def __init__(self, contracts: Iterable[Contract]) -> None:
        self._columns: dict[str, list[str]] = {}
        self._bases: dict[str, str] = {}
        for contract in contracts:
            for base, aliases in _tables(contract):
                self._columns[base] = [column.name for column in contract.columns]
                self._bases.update(dict.fromkeys((base, *aliases), base))

    def resolve(self, name: str) -> str | None:
        """Return the table or column that a name means, by its name in lineage, or None where it means none.

        Lineage has ``table``, ``table.column``, ``table.csv`` and ``table.csv:column``.

        A person may write ``importau_bronze.TABLE``, ``landing.TABLE``, ``TABLE.parquet``, ``s3://lake/gold/TABLE/`` or
        the portal's address, in any case, with or without accents, and perhaps followed by a column.
        """
        segments = [_FILE_END.sub("", segment) for segment in fold(name).split("/") if segment]
        for above, segment in zip(["", *segments][-2::-1], reversed(segments), strict=False):
            # The portal's addresses have the column behind the table.
            meaning = self._dotted(segment) or (self._of(above, segment) if segment == segments[-1] else None)
            if meaning is not None:
                return meaning
        return None

    def columns_called(self, name: str) -> Iterator[str]:
        """Yield the columns of a name, as `resolve` gives them."""
        for base, columns in self._columns.items():
            yield from (_column(base, column) for column in columns if fold(column) == fold(name))

    def _dotted(self, name: str) -> str | None:
        if name in self._bases:
            return self._bases[name]
        table, _, column = name.replace(":", ".").rpartition(".")
        return self._of(table, column)

    def _of(self, table: str, column: str) -> str | None:
        base = self._bases.get(table)
        if base is None:
            return None
        return next((_column(base, name) for name in self._columns[base] if fold(name) == column), None)


def _tables(contract: Contract) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield a table, and the CSV of a bronze table, with their other names."""
    table = contract.table
    yield table, (f"{contract.database}.{table}", f"{contract.layer}.{table}")
    if contract.layer == layout.BRONZE:
        yield f"{table}{CSV}", (f"{layout.LANDING}.{table}",)


def _column(base: str, column: str) -> str:
    return f"{base}:{column}" if base.endswith(CSV) else f"{base}.{column}"


def table_named(name: str, contracts: Mapping[str, Contract]) -> str:
    """Return the table that a name means, or a column's or a CSV's name; raise `UsageError` where it means none.

    Parameters
    ----------
    name : str
        As `Names.resolve` takes it.
    contracts : mapping of str to Contract
        By table.
    """
    meaning = Names(contracts.values()).resolve(name)
    if meaning is not None:
        return re.split(r"[.:]", meaning)[0]
    other = why_not(name, contracts)
    if other is not None:
        raise UsageError(*other)
    near = difflib.get_close_matches(fold(name), contracts, n=3, cutoff=0.4)
    hint = f"Did you mean {', '.join(near)}?" if near else f"Name one of these: {', '.join(contracts)}."
    raise UsageError(f"'{name}' is no table of the lakehouse", hint)


def why_not(name: str, contracts: Mapping[str, Contract]) -> tuple[str, str] | None:
    """Return what else a name means, without a lineage of its own, and where to look instead.

    Parameters
    ----------
    name : str
    contracts : mapping of str to Contract
        By table.

    Returns
    -------
    tuple of str, or None
        What the name means, and the fix.
    """
    plain = fold(name).strip("/")
    machine = _MACHINE.fullmatch(plain)
    if machine is not None:
        tables = layers.tables_of(machine["machine"]) if machine["machine"] in layers.LAYERS else ()
        kind = "task" if "." in plain else "pipeline"
        hint = f"Name what it makes: {', '.join(tables)}. " if tables else ""
        return (
            f"'{name}' is a {kind}, and lineage is of tables and columns",
            f"{hint}What it is: `./importau search {name.strip()} --type {kind}`.",
        )
    if plain.split(".")[0] == layout.GOVERNANCE_DATABASE:
        return (
            f"'{name}' is governance's own account of pipelines and runs, not made of the data",
            f"Name a table of the data: {', '.join(contracts)}.",
        )
    inside = {layout.LANDING: [f"{table}{CSV}" for table in layers.tables_of(layers.BRONZE)]}
    for each in contracts.values():
        for group in (each.database, each.layer):
            inside.setdefault(group, []).append(each.table)
    if plain in inside:
        return f"'{name}' is several tables", f"Name one of them: {', '.join(inside[plain])}."
    return None
