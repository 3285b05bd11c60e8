"""`importau lineage`: what a table or column is made from, or what is made from it, as the contracts declare."""

import difflib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.tree import Tree

from cli import options
from cli.errors import UsageError
from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.lake.layout import BRONZE

if TYPE_CHECKING:
    from lakehouse.contract.model import Contract


def begun(incomplete: str) -> list[str]:
    """Return the tables that begin with a text, or after a dot the table's columns, for the shell's completion."""
    if "." in incomplete:
        return sorted({name for edge in _column_edges() for name in edge if name.startswith(incomplete)})
    return [table for table in layers.all_tables() if table.startswith(incomplete)]


def lineage(
    name: Annotated[
        str,
        typer.Argument(
            metavar="TABLE[.COLUMN]",
            help="A table or a column, by any name that is printed anywhere: importau_gold.x, X.parquet, x.csv, "
            "landing.x; accents and case do not matter.",
            autocompletion=begun,
        ),
    ],
    downstream: Annotated[bool, typer.Option("--downstream", help="What is made of it, not its origin.")] = False,
    as_json: options.Json = False,
    local: options.LocalWithoutEffect = False,
) -> None:
    """Print the lineage of a table or column, up to the exported CSVs or down to Gold.

    It is read from the contracts; that they are right is proven by a test and checked against every run.
    """
    del local
    node = _node(name)
    edges = _column_edges() if re.search(r"\.(?!csv$)", node) else _table_edges()
    following: dict[str, list[str]] = {}
    for source, target in edges:
        here, there = (source, target) if downstream else (target, source)
        following.setdefault(here, []).append(there)
    if as_json:
        present.out.print_json(json.dumps(_nested(node, following), ensure_ascii=False))
    else:
        present.out.print(_grown(Tree(f"[bold]{node}[/bold]"), node, following))


def _node(name: str) -> str:
    """Return the node with a name; raise `UsageError`, with similar names, where there is none."""
    from cli.contents.naming import Names, fold, why_not

    contracts = _contracts()
    names = Names(contracts.values())
    node = names.resolve(name)
    if node is not None:
        return node
    other = why_not(name, contracts)
    if other is not None:
        raise UsageError(*other)
    known = sorted({node for edge in _column_edges() + _table_edges() for node in edge})
    near = list(names.columns_called(name)) or difflib.get_close_matches(fold(name), known, n=3, cutoff=0.4)
    hint = f"Did you mean {', '.join(near)}?" if near else "Name a table, or table.column."
    raise UsageError(f"'{name}' is no table or column of the lakehouse", hint)


def _contracts() -> "dict[str, Contract]":
    from lakehouse.contract.model import load_all

    return {contract.table: contract for contract in load_all()}


def _table_edges() -> list[tuple[str, str]]:
    """Return (source, target) pairs of tables; the source of a bronze table is its CSV."""
    edges = [(f"{c.table}.csv", c.table) for c in _contracts().values() if c.layer == BRONZE]
    for contract in _contracts().values():
        tables = dict.fromkeys(source.split(".")[1] for source in contract.sources)
        edges += [(table, contract.table) for table in tables]
    return edges


def _column_edges() -> list[tuple[str, str]]:
    """Return (source, target) pairs of columns, as ``table.column``; the source of a bronze column is its CSV's."""
    edges = []
    for contract in _contracts().values():
        for column in contract.columns:
            target = f"{contract.table}.{column.name}"
            if contract.layer == BRONZE:
                edges.append((f"{contract.table}.csv:{column.name}", target))
            edges += [(source.partition(".")[2], target) for source in column.sources]
    return edges


def _grown(tree: Tree, node: str, following: Mapping[str, list[str]]) -> Tree:
    for other in following.get(node, ()):
        _grown(tree.add(other), other, following)
    return tree


def _nested(node: str, following: Mapping[str, list[str]]) -> dict[str, Any]:
    return {"name": node, "next": [_nested(other, following) for other in following.get(node, ())]}
