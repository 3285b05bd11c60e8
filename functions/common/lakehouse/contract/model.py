"""The data contracts (ODCS v3.1.0), parsed into what the code needs. They are the single source of the schema.

They are the resource package ``contracts``: ``glue/`` is a Lambda layer, and on the Python path of the tests.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, Final, Literal

import pyarrow as pa

from lakehouse import domain
from lakehouse.contract import compiled, layers
from lakehouse.contract.choices import NEW_COLUMNS, STOP
from lakehouse.contract.compiled import Compiled, Tree
from lakehouse.contract.odcs import Node, read
from lakehouse.errors import ContractError
from lakehouse.personal.masking import DROP, METHODS

Kind = Literal["library", "row", "check"]
_Heading = tuple[str, str, str, Any]  # a rule's name, description, dimension and severity

_PLAIN_TYPES: Final = {"string": pa.string(), "bigint": pa.int64(), "date": pa.date32(), "double": pa.float64()}
_DECIMAL: Final = re.compile(r"decimal\((\d+),(\d+)\)")
_MAX_DIGITS: Final = 38
_HOURS: Final = {"h": 1, "d": 24}
# Where the glossary is, as a contract names it.
GLOSSARY: Final = "../glossario.yaml"
_FAIL, _WARN = "fail", "warn"
# How a source decides that does not flow into the value, in OpenLineage's words; a share's weights and partition, and
# what comes before and after a row, are its WINDOW.
GROUP_BY, FILTER = "GROUP_BY", "FILTER"
INDIRECT: Final = ("JOIN", GROUP_BY, FILTER, "SORT", "WINDOW", "CONDITIONAL")
_INDIRECTLY: Final = ", ".join(INDIRECT)
_ROW_METRICS: Final = ("nullValues", "invalidValues")
_REPEATS: Final = "duplicateValues"


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
    business_name : str
        What people who use the data call it, in Portuguese (``businessName``): the heading of a page or sheet.
    arrow_type : pa.DataType
    required : bool
    classification : str or None
        ``PII``, ``confidential``, or None.
    tags : tuple of str
    sources : tuple of str
        Declared column lineage: ``database.table.column`` of each column whose values can change this column's value
        in a row. First the direct sources, whose values flow into it (``transformSourceObjects``), then the indirect
        ones. A source that only decides which rows there are is in `Contract.row_sources`.
    decides : mapping of str to tuple of str
        How each indirect source (``indirectSources``) decides, by the source: one or more of `INDIRECT`.
    transform_logic : str
    masked : bool
        Whether the contract says that the values of its sensitive sources cannot be read from it.
    terms : tuple of str
        The terms of the business glossary that it is about, by their ids (`lakehouse.contract.glossary`).
    masking : str or None
        How a personal or confidential column is delivered masked (``masking``): ``hmac``, ``partial`` or ``drop``,
        which is the default for one that says nothing; None for any other column.
    """

    name: str
    business_name: str
    logical_type: str
    physical_type: str
    description: str
    arrow_type: pa.DataType
    required: bool
    classification: str | None
    tags: tuple[str, ...]
    sources: tuple[str, ...]
    decides: Mapping[str, tuple[str, ...]]
    transform_logic: str
    masked: bool
    terms: tuple[str, ...]
    masking: str | None = None

    @property
    def glue_type(self) -> str:
        """The type's name in Glue, which is its name in the contract."""
        return self.physical_type

    @property
    def indirect(self) -> frozenset[str]:
        """The indirect sources: keys of joins and groups, conditions, weights."""
        return frozenset(self.decides)

    @property
    def is_aggregated(self) -> bool:
        """Whether its values are made of the groups of other rows."""
        return any(GROUP_BY in how for how in self.decides.values())


@dataclass(frozen=True)
class Rule:
    """A quality rule of a contract.

    Attributes
    ----------
    name, description, dimension : str
    severity : {'error', 'warning'}
    kind : {'library', 'row', 'check'}
        A metric of the standard; SQL that was compiled to a condition that no row may meet; SQL that a function in
        ``functions/tests/checks`` is held to, and named after.
    column : str or None
        The column that a library rule checks; None for a rule of the table.
    metric : str
        Of a library rule: ``nullValues`` or ``invalidValues``, whose count must be 0; or ``duplicateValues``, which a
        ``primaryKey`` gives, or SQL, as the standard's own leaves out keys with a NULL.
    arguments : mapping or None
        Of the metric: ``validValues`` or ``pattern`` for ``invalidValues``, ``properties`` for ``duplicateValues``. Of
        a table rule: the constants of its ``limites``, each an int or a Decimal.
    query : str
        The SQL of a rule that has any, as the contract has it: how often it is broken.
    broken : Tree or None
        Of a row rule: the condition that broken rows meet.
    check : str
        Of a table rule: the name of its function, which is the rule's own.
    """

    name: str
    description: str
    dimension: str
    severity: Literal["error", "warning"]
    kind: Kind
    column: str | None = None
    metric: str = ""
    arguments: Mapping[str, Any] | None = None
    query: str = ""
    broken: Tree | None = None
    check: str = ""

    def columns(self, names: Sequence[str]) -> list[str]:
        """Return which of a table's columns a library or row rule reads."""
        if self.broken is not None:
            read = compiled.columns(self.broken)
            return [name for name in names if name in read]
        return [name for name in names if name == self.column]


@dataclass(frozen=True)
class Contract:
    """What a table promises.

    Attributes
    ----------
    table, layer, database, version, description, domain, data_product, owner : str
    business_name : str
        What people call the table, in Portuguese (``businessName``).
    tags : tuple of str
    columns : tuple of Column
    rules : tuple of Rule
        Those of the columns first, then those of the table. ``required`` and ``primaryKey`` are rules as well.
    key : tuple of str
        The columns that identify a row, by which the table is sorted. Where one of them may be NULL they are no primary
        key in the standard's sense, but that of the table's rule that none repeats.
    rows_by : mapping of str to tuple of str
        How each column that can change which rows there are decides it, by ``database.table.column``: one or more of
        `INDIRECT`. Empty in Bronze.
    freshness_hours : int
        The greatest age of its sources.
    terms : tuple of str
        The terms of the business glossary that the table is about, by their ids (`lakehouse.contract.glossary`).
    undeclared_personal_fails : bool
        Whether a run fails where values of a column look personal and no contract declares it (``undeclaredPersonal``:
        ``fail`` or ``warn``). By default it does above Bronze, whose sources are what somebody else exported.
    anomalies_fail : bool
        Whether a run fails where a number of the table is not what the runs before let expect (``anomalies``: ``fail``
        or ``warn``, which is the default).
    new_columns : {'stop', 'ignore', 'propose'}
        What a run does with a column of the exported CSV that is none of these (``newColumns``); it stops by default.
    """

    table: str
    business_name: str
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
    rows_by: Mapping[str, tuple[str, ...]]
    freshness_hours: int
    terms: tuple[str, ...]
    undeclared_personal_fails: bool = False
    anomalies_fail: bool = False
    new_columns: str = STOP

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
            rule for rule in self.rules if rule.severity == "error" and rule.kind != "check" and rule.metric != _REPEATS
        )

    @property
    def row_sources(self) -> tuple[str, ...]:
        """``database.table.column`` of each column that can change which rows there are; empty in Bronze."""
        return tuple(self.rows_by)

    @cached_property
    def required(self) -> frozenset[str]:
        """The columns that are never NULL."""
        return frozenset(column.name for column in self.columns if column.required)

    @cached_property
    def masking(self) -> dict[str, str]:
        """How each personal or confidential column is delivered masked."""
        return {column.name: column.masking for column in self.columns if column.masking}

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
def known_words() -> frozenset[str]:
    """Return the values that contracts list for columns, and the words of the business: nobody's, so they are shown."""
    listed = (rule.arguments.get("validValues", ()) for each in load_all() for rule in each.rules if rule.arguments)
    own = (value for name, value in vars(domain).items() if name.isupper() and isinstance(value, str))
    return frozenset([*(str(value) for values in listed for value in values), *own])


@cache
def words_of_columns() -> frozenset[str]:
    """Return the words that the names of columns consist of, in any contract."""
    return frozenset(word for each in load_all() for column in each.columns for word in column.name.split("_"))


@cache
def inputs_of(layer: str) -> tuple[str, ...]:
    """Return the tables that a layer's tables are made from, as their contracts say, in order; empty for Bronze."""
    sources = {source.split(".")[1] for table in layers.tables_of(layer) for source in load(table).sources}
    return tuple(table for table in layers.all_tables() if table in sources)


def parse(table: str, text: str, rules: Mapping[str, Compiled] | None = None) -> Contract:
    """Return the contract of a table from its YAML.

    Parameters
    ----------
    table, text : str
    rules : mapping of str to Compiled, optional
        What the SQL of its rules was compiled to; by default what the file beside the contracts has.

    Raises
    ------
    ContractError
        It is not YAML, lacks something that the code needs, or has something unknown.
    """
    rules = compiled.of_table(table) if rules is None else rules
    document = read(text)
    schemas = document.nodes("schema")
    if len(schemas) != 1 or schemas[0].text("name") != table:
        raise ContractError(f"'schema' must have exactly one entry, with the name '{table}'")
    schema = schemas[0].called(table)
    columns = [(node.called(f"column '{node.text('name')}'"), node.text("name")) for node in schema.nodes("properties")]
    required = [name for node, name in columns if node.mapping.get("required")]
    keyed = [(node.number("primaryKeyPosition"), name) for node, name in columns if node.mapping.get("primaryKey")]
    primary = tuple(name for _, name in sorted(keyed))
    all_rules = [
        *(_rule(rule, name, rules) for node, name in columns for rule in node.nodes("quality", ())),
        *(_rule(rule, None, rules) for rule in schema.nodes("quality", ())),
        *(_required(name) for name in required),
        *([_unique(primary)] if primary else []),
    ]
    return Contract(
        table=table,
        business_name=schema.text("businessName"),
        layer=layers.layer_of(table),
        database=_database(document.nodes("servers")),
        version=document.text("version"),
        description=schema.text("description"),
        domain=document.text("domain"),
        data_product=document.text("dataProduct"),
        owner=document.node("team").text("name"),
        tags=tuple(schema.mapping.get("tags", ())),
        columns=tuple(_column(node) for node, _ in columns),
        rules=tuple(all_rules),
        key=primary or _nullable_key(all_rules),
        rows_by=_deciding(schema, "rowSources"),
        freshness_hours=_freshness(document.nodes("slaProperties")),
        terms=_terms(schema),
        undeclared_personal_fails=_fail_or_warn(
            schema, "undeclaredPersonal", _WARN if layers.layer_of(table) == layers.BRONZE else _FAIL
        ),
        anomalies_fail=_fail_or_warn(schema, "anomalies", _WARN),
        new_columns=_new_columns(schema, layers.layer_of(table)),
    )


def _column(node: Node) -> Column:
    try:
        type_ = arrow_type(node.text("physicalType"))
    except ContractError as error:
        raise ContractError(f"{node.where}: {error}") from None
    direct, indirect = node.mapping.get("transformSourceObjects", ()), _deciding(node, "indirectSources")
    twice = sorted(source for source, times in Counter([*direct, *indirect]).items() if times > 1)
    if twice:
        raise ContractError(f"{node.where} lists the source {', '.join(twice)} twice; list it as direct or indirect")
    return Column(
        name=node.text("name"),
        business_name=node.text("businessName"),
        logical_type=node.text("logicalType"),
        physical_type=node.text("physicalType"),
        description=node.text("description"),
        arrow_type=type_,
        required=bool(node.mapping.get("required")),
        classification=node.mapping.get("classification"),
        tags=tuple(node.mapping.get("tags", ())),
        sources=(*direct, *indirect),
        decides=indirect,
        transform_logic=node.mapping.get("transformLogic", ""),
        masked=bool(node.custom("masked")),
        terms=_terms(node),
        masking=_masking(node, type_),
    )


def _deciding(node: Node, name: str) -> dict[str, tuple[str, ...]]:
    """Return how each source of a custom property decides, in the property's order; a source may decide in more ways.

    Raise `ContractError` where the property does not say how, or says it as nobody else does.
    """
    given = node.custom(name) or {}
    if not isinstance(given, Mapping):
        raise ContractError(f"{node.where} has {name} without saying how they decide; list them under {_INDIRECTLY}")
    strange = [how for how in given if how not in INDIRECT]
    if strange:
        raise ContractError(f"{node.where} has {name} under {', '.join(map(str, strange))}; use {_INDIRECTLY}")
    unlisted = [how for how, sources in given.items() if not isinstance(sources, list) or not sources]
    if unlisted:
        raise ContractError(
            f"{node.where} has {name} under {', '.join(unlisted)} without any; list them, or leave it out"
        )
    counted = [Counter(map(str, sources)) for sources in given.values()]
    twice = [source for times in counted for source, often in times.items() if often > 1]
    if twice:
        raise ContractError(f"{node.where} lists the source {', '.join(twice)} twice in the same way; list it once")
    ways: dict[str, tuple[str, ...]] = {}
    for how, sources in given.items():
        for each in sources:
            ways[each] = (*ways.get(each, ()), how)
    return ways


def _terms(node: Node) -> tuple[str, ...]:
    """Return the glossary's terms that a node names as its ``authoritativeDefinitions``, where ODCS has them."""
    urls = [
        each.text("url")
        for each in node.nodes("authoritativeDefinitions", ())
        if each.text("type") == "businessDefinition"
    ]
    found = [url.partition("#") for url in urls]
    wrong = next((url for url, (file, _, _) in zip(urls, found, strict=True) if file != GLOSSARY), None)
    if wrong is not None:
        raise ContractError(f"{node.where} is defined by '{wrong}'; write '{GLOSSARY}#' and the id of a term")
    return tuple(term for _, _, term in found)


def _masking(node: Node, type_: pa.DataType) -> str | None:
    chosen, classification = node.custom("masking"), node.mapping.get("classification")
    if chosen is None:
        return DROP if classification else None
    if chosen not in METHODS:
        raise ContractError(f"{node.where} has masking: {chosen!r}; use {', '.join(METHODS)}")
    if not classification:
        raise ContractError(f"{node.where} has masking, and is neither PII nor confidential; add its classification")
    if chosen != DROP and not pa.types.is_string(type_):
        raise ContractError(f"{node.where} has masking: {chosen}, which is for text; use {DROP}")
    return str(chosen)


def _fail_or_warn(schema: Node, what: str, default: str) -> bool:
    """Return whether a run fails for something, as one of ``customProperties`` says; without it the default counts."""
    chosen = schema.custom(what)
    if chosen not in {None, _FAIL, _WARN}:
        raise ContractError(f"{schema.where} has {what}: {chosen!r}; use {_FAIL} or {_WARN}")
    return (chosen or default) == _FAIL


def _new_columns(schema: Node, layer: str) -> str:
    chosen = schema.custom("newColumns")
    if chosen is None:
        return STOP
    if layer != layers.BRONZE:
        raise ContractError(f"{schema.where} has newColumns, which is for tables of exported CSVs; leave it out")
    if chosen not in NEW_COLUMNS:
        raise ContractError(f"{schema.where} has newColumns: {chosen!r}; use {', '.join(NEW_COLUMNS)}")
    return str(chosen)


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
        _REPEATS, {"properties": key},
    )  # fmt: skip


def _nullable_key(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Return the columns of the table's rule of uniqueness."""
    keys = [rule.arguments["properties"] for rule in rules if rule.metric == _REPEATS and rule.arguments]
    if len(keys) != 1:
        raise ContractError(
            "the table has no key; give columns a primaryKey, or the table one rule "
            "`SELECT COUNT(*) - COUNT(DISTINCT ROW(<columns>)) FROM <table>`"
        )
    return tuple(keys[0])


def _rule(node: Node, column: str | None, rules: Mapping[str, Compiled]) -> Rule:
    node = node.called(f"rule '{node.text('name')}'")
    severity = node.text("severity")
    if severity not in {"error", "warning"}:
        raise ContractError(f"{node.where} has the severity '{severity}'; use error or warning")
    if node.text("type") not in {"library", "sql"}:
        raise ContractError(f"{node.where} has the type '{node.text('type')}'; use library or sql")
    if node.mapping.get("mustBe") != 0:
        raise ContractError(f"{node.where} must say 'mustBe: 0': each row that breaks a rule is counted")
    heading: _Heading = (node.text("name"), node.text("description"), node.text("dimension"), severity)
    if node.text("type") == "sql":
        return _sql_rule(node, heading, column, rules)
    return _library_rule(node, heading, column)


def _sql_rule(node: Node, heading: _Heading, column: str | None, rules: Mapping[str, Compiled]) -> Rule:
    node.text("query")  # refused where there is none; its line breaks are kept, as a comment ends with its line
    name, query = heading[0], str(node.mapping["query"]).strip()
    found = compiled.of_rule(name, query, rules)
    if found.broken is not None:
        return Rule(*heading, "row", column, query=query, broken=found.broken)
    if found.key is not None:
        return Rule(*heading, "library", column, _REPEATS, {"properties": tuple(found.key)}, query)
    limits = {name: Decimal(value) if isinstance(value, str) else value for name, value in (found.limits or {}).items()}
    return Rule(*heading, "check", column, arguments=limits or None, query=query, check=name)


def _library_rule(node: Node, heading: _Heading, column: str | None) -> Rule:
    metric, arguments = node.text("metric"), node.mapping.get("arguments")
    if metric not in _ROW_METRICS:
        raise ContractError(f"{node.where} has the metric '{metric}'; use {' or '.join(_ROW_METRICS)}, or SQL")
    if metric == "invalidValues" and not {"validValues", "pattern"} & set(arguments or ()):
        raise ContractError(f"{node.where} lacks 'arguments.validValues' or 'arguments.pattern'")
    return Rule(*heading, "library", column, metric, arguments)
