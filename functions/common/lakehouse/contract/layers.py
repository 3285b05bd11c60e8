"""The layers and their tables: a table is in the layer whose folder has its contract, ``glue/contracts/<layer>/``.

The head of a contract, above ``schema``, has what code needs to know of every table, and is parsed without the rest:
a function that works on one table does not wait until all contracts are parsed.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final, Literal, cast, get_args

from lakehouse.contract.odcs import Node, read
from lakehouse.errors import ContractError

BRONZE: Final = "bronze"
SILVER: Final = "silver"
GOLD: Final = "gold"
FORECAST: Final = "forecast"
LAYERS: Final = (BRONZE, SILVER, GOLD, FORECAST)
# A large run goes through these part by part; what is forecast is small, whatever it is made from.
IN_PARTS: Final = (SILVER, GOLD)

PartRows = Literal["cut", "first", "all"]

_SUFFIX: Final = ".odcs.yaml"
_PROPERTIES: Final = ("position", "parts", "role", "foundBy")
_BODY: Final = "\nschema:\n"


@dataclass(frozen=True)
class Head:
    """What a table's contract says above its schema, in ``customProperties``.

    Attributes
    ----------
    table, layer : str
    position : int or None
        Where it is listed among the tables of its layer (``position``); None: after the others, by name.
    parts : {'cut', 'first', 'all'}
        Which of its rows a part of a large run has (``parts``). ``cut``: those of the part's own orders. ``first``:
        all rows in the first part, none in the others. ``all``, the default: all rows in every part.
    role : str
        The role by which code that needs exactly this table finds it (``role``), as the portal's dashboards and the
        benchmark do; empty where there is no such code.
    found_by : tuple of str
        Search terms that must find it (``foundBy``).
    """

    table: str
    layer: str
    position: int | None
    parts: PartRows
    role: str
    found_by: tuple[str, ...]


@cache
def tables_of(layer: str) -> tuple[str, ...]:
    """Return the tables of a layer, in their order.

    Raises
    ------
    KeyError
        There is no such layer.
    ContractError
        The head of a contract cannot be read.
    """
    if layer not in LAYERS:
        raise KeyError(layer)
    heads = (head(table) for table, its_layer in _layers().items() if its_layer == layer)
    ordered = sorted(heads, key=lambda each: (each.position is None, each.position, each.table))
    return tuple(each.table for each in ordered)


@cache
def all_tables() -> tuple[str, ...]:
    """Return every table, layer by layer."""
    return tuple(table for layer in LAYERS for table in tables_of(layer))


def layer_of(table: str) -> str:
    """Return the layer a table belongs to; raise ``KeyError`` for an unknown table."""
    return _layers()[table]


def cut_tables(layer: str) -> tuple[str, ...]:
    """Return the tables of a layer that a large run cuts into parts, in their order."""
    return tuple(table for table in tables_of(layer) if is_cut(table))


def is_cut(table: str) -> bool:
    """Return whether a large run cuts a table into parts."""
    return head(table).parts == "cut"


def in_role(role: str) -> str:
    """Return the table in a role; raise `ContractError` unless there is exactly one."""
    tables = [table for table in all_tables() if head(table).role == role]
    if len(tables) != 1:
        raise ContractError(
            f"the role {role} is that of {' and '.join(tables) or 'no table'}; give exactly one contract the property "
            f"role with the value {role}"
        )
    return tables[0]


def place_of(table: str) -> str:
    """Return the path of a table's contract from the root of the project; without one, where it would have to be."""
    return f"glue/contracts/{_layers().get(table, '<layer>')}/{table}{_SUFFIX}"


def text_of(table: str) -> str:
    """Return the text of a table's contract; raise `ContractError` when there is none."""
    if table not in _layers():
        raise ContractError(f"{place_of(table)} does not exist")
    return _contracts().joinpath(_layers()[table]).joinpath(f"{table}{_SUFFIX}").read_text("utf-8")


@cache
def head(table: str) -> Head:
    """Return the head of a table's contract; raise `ContractError` when there is none, or it cannot be read."""
    try:
        document = read(text_of(table).partition(_BODY)[0])
        _only_known(document)
        return Head(
            table, layer_of(table), _position(document), _parts(document),
            document.custom("role") or "", tuple(document.custom("foundBy") or ()),
        )  # fmt: skip
    except ContractError as error:
        raise ContractError(f"{place_of(table)}: {error}") from error


def _only_known(document: Node) -> None:
    for each in document.nodes("customProperties", ()):
        if each.text("property") not in _PROPERTIES:
            raise ContractError(f"the property {each.text('property')} is unknown; use {', '.join(_PROPERTIES)}")


def _position(document: Node) -> int | None:
    position = document.custom("position")
    if position is not None and not isinstance(position, int):
        raise ContractError(f"the property position is {position!r}; write a whole number")
    return position


def _parts(document: Node) -> PartRows:
    parts = document.custom("parts") or "all"
    if parts not in get_args(PartRows):
        raise ContractError(f"the property parts is '{parts}'; use {', '.join(get_args(PartRows))}")
    return cast("PartRows", parts)


def _contracts() -> Traversable:
    return resources.files("contracts")


@cache
def _layers() -> dict[str, str]:
    """Return the layer of each table, from the names of the contract files alone."""
    return {
        file.name.removesuffix(_SUFFIX): layer
        for layer in LAYERS
        for file in _contracts().joinpath(layer).iterdir()
        if file.name.endswith(_SUFFIX)
    }
