"""The ten data contracts (ODCS v3.1.0), read into what the code asks of them. They are the single source of the schema.

They are found as the resource package ``contracts``: ``glue/`` is on the path of the tests, and a Lambda layer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any, Final, Literal

import pyarrow as pa
import yaml

from lakehouse import layout
from lakehouse.errors import ContractError

Kind = Literal["library", "row", "check"]

_PLAIN_TYPES: Final = {"string": pa.string(), "bigint": pa.int64(), "date": pa.date32(), "double": pa.float64()}


def arrow_type(physical_type: str) -> pa.DataType:
    """Return the Arrow type of a ``physicalType``; Glue calls it by the same name. The one table of types.

    Raises
    ------
    ContractError
        The type is not one of ``string, bigint, date, double, decimal(p,s)``.
    """
    if physical_type in _PLAIN_TYPES:
        return _PLAIN_TYPES[physical_type]
    precision, comma, scale = physical_type.removeprefix("decimal(").removesuffix(")").partition(",")
    if comma and precision.isdecimal() and scale.isdecimal():
        return pa.decimal128(int(precision), int(scale))
    raise ContractError(
        f"physicalType '{physical_type}' is unknown; use string, bigint, date, double or decimal(precision,scale)"
    )


@dataclass(frozen=True)
class Column:
    """A column of a contract.

    Attributes
    ----------
    name, logical_type, physical_type, description : str
    arrow_type : pa.DataType
    required : bool
    classification : str or None
        ``PII``, ``confidential``, or None.
    tags : tuple of str
    sources : tuple of str
        Declared column lineage: ``database.table.column`` of each column that can change this one.
    transform_logic : str
    masked : bool
        Whether the contract says that the values of its sensitive sources cannot be read from it.
    """

    name: str
    logical_type: str
    physical_type: str
    description: str
    arrow_type: pa.DataType
    required: bool
    classification: str | None
    tags: tuple[str, ...]
    sources: tuple[str, ...]
    transform_logic: str
    masked: bool

    @property
    def glue_type(self) -> str:
        """Return the type in Glue's words, which are those of the contract."""
        return self.physical_type


@dataclass(frozen=True)
class Rule:
    """A quality rule of a contract.

    Attributes
    ----------
    name, description, dimension : str
    severity : {'error', 'warning'}
    kind : {'library', 'row', 'check'}
        A metric of the standard; an expression that holds for every row; a table rule in ``functions/tests/checks``.
    column : str or None
        The column a library rule is about; None for a rule of the table.
    metric : str
        Of a library rule: ``nullValues``, ``duplicateValues``, ``invalidValues`` or ``rowCount``.
    arguments : mapping
        Of the metric: ``validValues``, ``pattern``, ``properties``; ``mustBe...`` operators.
    expression : str
        Of a row rule.
    check : str
        Of a table rule, its name.
    """

    name: str
    description: str
    dimension: str
    severity: Literal["error", "warning"]
    kind: Kind
    column: str | None = None
    metric: str = ""
    arguments: Mapping[str, Any] | None = None
    expression: str = ""
    check: str = ""


@dataclass(frozen=True)
class Contract:
    """What a table promises.

    Attributes
    ----------
    table, layer, database, version, description, domain, owner : str
    tags : tuple of str
    columns : tuple of Column
    rules : tuple of Rule
        Those of the columns first, then those of the table.
    freshness_hours : int
        How old its sources may be.
    """

    table: str
    layer: str
    database: str
    version: str
    description: str
    domain: str
    owner: str
    tags: tuple[str, ...]
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]
    key: tuple[str, ...]
    freshness_hours: int

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema: names, order and types."""
        return pa.schema([(column.name, column.arrow_type) for column in self.columns])

    def column(self, name: str) -> Column:
        """Return a column by name; raise `ContractError` when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise ContractError(f"{self.table} has no column '{name}'")


@cache
def load(table: str) -> Contract:
    """Return the contract of a table.

    Raises
    ------
    ContractError
        There is none, or it cannot be read; the message names the file and what to mend.
    """
    file = resources.files("contracts").joinpath(f"{table}.odcs.yaml")
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        raise ContractError(f"glue/contracts/{table}.odcs.yaml does not exist") from None
    try:
        return _contract(table, yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506 - both safe
    except (yaml.YAMLError, KeyError, IndexError, TypeError, ContractError) as error:
        raise ContractError(f"glue/contracts/{table}.odcs.yaml cannot be used: {error!r}") from error


def load_all() -> tuple[Contract, ...]:
    """Return the ten contracts, layer by layer."""
    return tuple(load(table) for tables in layout.TABLES.values() for table in tables)


def _contract(table: str, document: Mapping[str, Any]) -> Contract:
    (schema,) = document["schema"]
    if schema["name"] != table:
        raise ContractError(f"schema.name is '{schema['name']}'; it must be '{table}'")
    properties = schema["properties"]
    keyed = sorted((p for p in properties if p.get("primaryKey")), key=lambda p: int(p["primaryKeyPosition"]))
    freshness = next(sla for sla in document["slaProperties"] if sla["property"] == "freshness")
    rules = [_rule(rule, p["name"]) for p in properties for rule in p.get("quality", ())]
    rules += [_rule(rule, None) for rule in schema.get("quality", ())]
    rules += [_required(p["name"]) for p in properties if p.get("required")]
    if keyed:
        rules.append(_unique([p["name"] for p in keyed]))
    return Contract(
        table=table,
        layer=layout.layer_of(table),
        database=f"importau_{layout.layer_of(table)}",
        version=document["version"],
        description=" ".join(schema["description"].split()),
        domain=document["domain"],
        owner=document["team"]["name"],
        tags=tuple(schema.get("tags", ())),
        columns=tuple(_column(p) for p in properties),
        rules=tuple(rules),
        key=tuple(p["name"] for p in keyed),
        freshness_hours=int(freshness["value"]),
    )


def _column(given: Mapping[str, Any]) -> Column:
    custom = {entry["property"]: entry["value"] for entry in given.get("customProperties", ())}
    return Column(
        name=given["name"],
        logical_type=given["logicalType"],
        physical_type=given["physicalType"],
        description=" ".join(given["description"].split()),
        arrow_type=arrow_type(given["physicalType"]),
        required=bool(given.get("required")),
        classification=given.get("classification"),
        tags=tuple(given.get("tags", ())),
        sources=tuple(given.get("transformSourceObjects", ())),
        transform_logic=given.get("transformLogic", ""),
        masked=bool(custom.get("masked")),
    )


def _required(column: str) -> Rule:
    return Rule(
        f"{column}_preenchido", f"{column} é obrigatório.", "completeness", "error", "library", column, "nullValues",
        {"mustBe": 0},
    )  # fmt: skip


def _unique(key: list[str]) -> Rule:
    return Rule(
        "chave_unica", f"A chave ({', '.join(key)}) não se repete.", "uniqueness", "error", "library", None,
        "duplicateValues", {"properties": key, "mustBe": 0},
    )  # fmt: skip


def _rule(given: Mapping[str, Any], column: str | None) -> Rule:
    name, description = given["name"], given["description"]
    dimension, severity = given["dimension"], given["severity"]
    if severity not in {"error", "warning"}:
        raise ContractError(f"rule '{name}' has severity '{severity}'; use error or warning")
    if given["type"] == "library":
        operators = {key: value for key, value in given.items() if key.startswith("mustBe")}
        arguments = {**given.get("arguments", {}), **operators}
        return Rule(name, description, dimension, severity, "library", column, given["metric"], arguments)
    implementation = given["implementation"]
    if "row" in implementation:
        return Rule(name, description, dimension, severity, "row", column, expression=implementation["row"])
    return Rule(name, description, dimension, severity, "check", column, check=implementation["check"])
