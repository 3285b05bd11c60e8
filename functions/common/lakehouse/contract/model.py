"""The data contracts (ODCS v3.1.0), parsed into what the code needs. They are the single source of the schema.

They are the resource package ``contracts``: ``glue/`` is a Lambda layer, and on the Python path of the tests.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final, Literal

import pyarrow as pa

from lakehouse.contract import layers
from lakehouse.contract.odcs import Node, read
from lakehouse.errors import ContractError

Kind = Literal["library", "row", "check"]
_Heading = tuple[str, str, str, Any]  # a rule's name, description, dimension and severity

_PLAIN_TYPES: Final = {"string": pa.string(), "bigint": pa.int64(), "date": pa.date32(), "double": pa.float64()}
_DECIMAL: Final = re.compile(r"decimal\((\d+),(\d+)\)")
_MAX_DIGITS: Final = 38
_HOURS: Final = {"h": 1, "d": 24}
_ROW_METRICS: Final = ("nullValues", "invalidValues", "duplicateValues")


def arrow_type(physical_type: str) -> pa.DataType:
    """Return the Arrow type of a ``physicalType``, which is also the type's name in Glue. The one table of types.

    Raises
    ------
    ContractError
        The type is not one of ``string, bigint, date, double, decimal(p,s)``.
    """
    if physical_type in _PLAIN_TYPES:
        return _PLAIN_TYPES[physical_type]
    decimal = _DECIMAL.fullmatch(physical_type)
    if decimal and 1 <= int(decimal[1]) <= _MAX_DIGITS and int(decimal[2]) <= int(decimal[1]):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
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
        Declared column lineage: ``database.table.column`` of each column whose values can change this column's value
        in a row. First the direct sources, whose values flow into it (``transformSourceObjects``), then the indirect
        ones. A source that only decides which rows there are is in `Contract.row_sources`.
    indirect : frozenset of str
        The indirect sources (``indirectSources``): keys of joins and groups, conditions, weights.
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
    indirect: frozenset[str]
    transform_logic: str
    masked: bool

    @property
    def glue_type(self) -> str:
        """The type's name in Glue, which is its name in the contract."""
        return self.physical_type


@dataclass(frozen=True)
class Rule:
    """A quality rule of a contract.

    Attributes
    ----------
    name, description, dimension : str
    severity : {'error', 'warning'}
    kind : {'library', 'row', 'check'}
        A metric of the standard; an expression that is true of every row; a table rule in ``functions/tests/checks``.
    column : str or None
        The column that a library rule checks; None for a rule of the table.
    metric : str
        Of a library rule: ``nullValues``, ``invalidValues`` or ``duplicateValues``, whose count must be 0.
    arguments : mapping or None
        Of the metric: ``validValues`` or ``pattern`` for ``invalidValues``, ``properties`` for ``duplicateValues``.
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

    def columns(self, names: Sequence[str]) -> list[str]:
        """Return which of a table's columns a library or row rule reads."""
        if self.kind == "row":
            words = {node.id for node in ast.walk(ast.parse(self.expression)) if isinstance(node, ast.Name)}
            return [name for name in names if name in words]
        return [name for name in names if name == self.column]


@dataclass(frozen=True)
class Contract:
    """What a table promises.

    Attributes
    ----------
    table, layer, database, version, description, domain, data_product, owner : str
    tags : tuple of str
    columns : tuple of Column
    rules : tuple of Rule
        Those of the columns first, then those of the table. ``required`` and ``primaryKey`` are rules as well.
    key : tuple of str
        The columns that identify a row, by which the table is sorted. Where one of them may be NULL they are no primary
        key in the standard's sense, but the ``properties`` of the table's ``duplicateValues`` rule.
    row_sources : tuple of str
        ``database.table.column`` of each column that can change which rows there are; empty in Bronze.
    freshness_hours : int
        The greatest age of its sources.
    """

    table: str
    layer: str
    database: str
    version: str
    description: str
    domain: str
    data_product: str
    owner: str
    tags: tuple[str, ...]
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]
    key: tuple[str, ...]
    row_sources: tuple[str, ...]
    freshness_hours: int

    @property
    def qualified_name(self) -> str:
        """The table's name in the catalogue: ``database.table``."""
        return f"{self.database}.{self.table}"

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema: names, order and types."""
        return pa.schema([(column.name, column.arrow_type) for column in self.columns])

    @cached_property
    def row_rules(self) -> tuple[Rule, ...]:
        """The rules that a single row can break, for which Bronze then sets it aside.

        They are the library and row rules of severity error, without that of the key, which needs the whole table.
        """
        return tuple(
            rule
            for rule in self.rules
            if rule.severity == "error" and rule.kind != "check" and rule.metric != "duplicateValues"
        )

    @cached_property
    def required(self) -> frozenset[str]:
        """The columns that are never NULL."""
        return frozenset(column.name for column in self.columns if column.required)

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Each source of its columns and rows once, ``database.table.column``: those of the columns first."""
        of_columns = (source for column in self.columns for source in column.sources)
        return tuple(dict.fromkeys([*of_columns, *self.row_sources]))

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
        There is none, or it cannot be read; the message names the file and the fix.
    """
    text = layers.text_of(table)
    try:
        return parse(table, text)
    except ContractError as error:
        raise ContractError(f"{layers.place_of(table)}: {error}") from error


def load_all() -> tuple[Contract, ...]:
    """Return every contract, layer by layer."""
    return tuple(load(table) for table in layers.all_tables())


@cache
def inputs_of(layer: str) -> tuple[str, ...]:
    """Return the tables that a layer's tables are made from, as their contracts say, in order; empty for Bronze."""
    sources = {source.split(".")[1] for table in layers.tables_of(layer) for source in load(table).sources}
    return tuple(table for table in layers.all_tables() if table in sources)


def parse(table: str, text: str) -> Contract:
    """Return the contract of a table from its YAML.

    Raises
    ------
    ContractError
        It is not YAML, lacks something that the code needs, or has something unknown.
    """
    document = read(text)
    schemas = document.nodes("schema")
    if len(schemas) != 1 or schemas[0].text("name") != table:
        raise ContractError(f"'schema' must have exactly one entry, with the name '{table}'")
    schema = schemas[0].called(table)
    columns = [(node.called(f"column '{node.text('name')}'"), node.text("name")) for node in schema.nodes("properties")]
    required = [name for node, name in columns if node.mapping.get("required")]
    keyed = [(node.number("primaryKeyPosition"), name) for node, name in columns if node.mapping.get("primaryKey")]
    primary = tuple(name for _, name in sorted(keyed))
    rules = [
        *(_rule(rule, name) for node, name in columns for rule in node.nodes("quality", ())),
        *(_rule(rule, None) for rule in schema.nodes("quality", ())),
        *(_required(name) for name in required),
        *([_unique(primary)] if primary else []),
    ]
    return Contract(
        table=table,
        layer=layers.layer_of(table),
        database=_database(document.nodes("servers")),
        version=document.text("version"),
        description=schema.text("description"),
        domain=document.text("domain"),
        data_product=document.text("dataProduct"),
        owner=document.node("team").text("name"),
        tags=tuple(schema.mapping.get("tags", ())),
        columns=tuple(_column(node) for node, _ in columns),
        rules=tuple(rules),
        key=primary or _nullable_key(rules),
        row_sources=tuple(schema.custom("rowSources") or ()),
        freshness_hours=_freshness(document.nodes("slaProperties")),
    )


def _column(node: Node) -> Column:
    try:
        type_ = arrow_type(node.text("physicalType"))
    except ContractError as error:
        raise ContractError(f"{node.where}: {error}") from None
    direct, indirect = node.mapping.get("transformSourceObjects", ()), node.custom("indirectSources") or ()
    twice = sorted(source for source, times in Counter([*direct, *indirect]).items() if times > 1)
    if twice:
        raise ContractError(f"{node.where} lists the source {', '.join(twice)} twice; list it as direct or indirect")
    return Column(
        name=node.text("name"),
        logical_type=node.text("logicalType"),
        physical_type=node.text("physicalType"),
        description=node.text("description"),
        arrow_type=type_,
        required=bool(node.mapping.get("required")),
        classification=node.mapping.get("classification"),
        tags=tuple(node.mapping.get("tags", ())),
        sources=(*direct, *indirect),
        indirect=frozenset(indirect),
        transform_logic=node.mapping.get("transformLogic", ""),
        masked=bool(node.custom("masked")),
    )


def _database(servers: list[Node]) -> str:
    for server in servers:
        if server.text("type") == "glue":
            return server.text("database")
    raise ContractError("'servers' lacks the catalogue; write a server of the type glue, with its database")


def _freshness(slas: list[Node]) -> int:
    for sla in slas:
        if sla.text("property") == "freshness" and sla.mapping.get("unit") in _HOURS:
            return sla.number("value") * _HOURS[sla.mapping["unit"]]
    raise ContractError("'slaProperties' lacks 'freshness'; write it with a value and the unit h or d")


def _required(column: str) -> Rule:
    return Rule(
        f"{column}_preenchido", f"{column} é obrigatório.", "completeness", "error", "library", column, "nullValues"
    )


def _unique(key: tuple[str, ...]) -> Rule:
    return Rule(
        "chave_unica", f"A chave ({', '.join(key)}) não se repete.", "uniqueness", "error", "library", None,
        "duplicateValues", {"properties": key},
    )  # fmt: skip


def _nullable_key(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Return the columns of the table's rule of uniqueness."""
    keys = [rule.arguments["properties"] for rule in rules if rule.metric == "duplicateValues" and rule.arguments]
    if len(keys) != 1:
        raise ContractError("the table has no key; give columns a primaryKey, or the table one duplicateValues rule")
    return tuple(keys[0])


def _rule(node: Node, column: str | None) -> Rule:
    node = node.called(f"rule '{node.text('name')}'")
    severity = node.text("severity")
    if severity not in {"error", "warning"}:
        raise ContractError(f"{node.where} has the severity '{severity}'; use error or warning")
    heading: _Heading = (node.text("name"), node.text("description"), node.text("dimension"), severity)
    match node.text("type"):
        case "library":
            return _library_rule(node, heading, column)
        case "custom":
            implementation = node.node("implementation")
            if "row" in implementation.mapping:
                return Rule(*heading, "row", column, expression=implementation.text("row"))
            return Rule(*heading, "check", column, check=implementation.text("check"))
        case other:
            raise ContractError(f"{node.where} has the type '{other}'; use library or custom")


def _library_rule(node: Node, heading: _Heading, column: str | None) -> Rule:
    metric, arguments = node.text("metric"), node.mapping.get("arguments")
    if metric not in _ROW_METRICS:
        raise ContractError(f"{node.where} has the metric '{metric}'; use {', '.join(_ROW_METRICS)}, or a check")
    if node.mapping.get("mustBe") != 0:
        raise ContractError(f"{node.where} must say 'mustBe: 0': each row that breaks a rule is counted")
    if metric == "duplicateValues" and column is None and not (arguments or {}).get("properties"):
        raise ContractError(f"{node.where} lacks 'arguments.properties', the columns that must not repeat")
    if metric == "invalidValues" and not {"validValues", "pattern"} & set(arguments or ()):
        raise ContractError(f"{node.where} lacks 'arguments.validValues' or 'arguments.pattern'")
    return Rule(*heading, "library", column, metric, arguments)
