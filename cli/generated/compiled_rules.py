"""The SQL of every contract, compiled: ``glue/contracts/compiled/<table>.json``.

What cannot be compiled is refused, all of it at once, each with its file, line and column.
"""

import inspect
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import yaml

from cli.generated.rule_sql import RefusedError, row_rule, table_rule
from lakehouse.contract import layers
from lakehouse.contract.compiled import FOLDER, Compiled, as_text
from lakehouse.contract.model import Rule, arrow_type
from lakehouse.contract.rules import broken_by
from lakehouse.errors import ContractError
from tests.audited import Check
from tests.examination import CHECKS, check_named

# What a table rule may read besides the tables of the lake: how they were made, and what was set aside.
BOOKS: Final = ("contabilidade", "quarentena")


def files(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the file of each table.

    Raises
    ------
    ContractError
        SQL cannot be compiled: each place, and why.
    """
    found: dict[str, dict[str, Compiled]] = {}
    problems: list[str] = []
    for table in layers.all_tables():
        found[table], refused = compiled(table, layers.text_of(table))
        problems += [f"{layers.place_of(table)}:{problem}" for problem in refused]
    if problems:
        raise ContractError("\n  ".join([f"SQL of {len(problems)} rules cannot be compiled:", *problems]))
    for table, rules in found.items():
        yield root / "glue/contracts" / FOLDER / f"{table}.json", as_text(rules)


def compiled(table: str, text: str) -> tuple[dict[str, Compiled], list[str]]:
    """Compile the rules of a contract.

    Parameters
    ----------
    table, text : str

    Returns
    -------
    tuple of dict and list of str
        What each rule was compiled to, by its name; what could not be, as ``line:column: rule 'name': why``.
    """
    schema = yaml.safe_load(text)["schema"][0]
    nothing = _empty(schema)
    found: dict[str, Compiled] = {}
    problems: list[str] = []
    for name, node in _queries(text):
        try:
            found[name] = _one(name, node.value.strip(), table, nothing)
        except RefusedError as refused:
            line, column = _place(node, text, refused)
            problems.append(f"{line}:{column}: rule '{name}': {refused.why}")
    return found, problems


def _one(name: str, query: str, table: str, nothing: pa.Table) -> Compiled:
    check = _check(name, layers.layer_of(table))
    if check is not None:
        return table_rule(query, (*layers.all_tables(), *BOOKS), partial(_fits, check))
    rule = row_rule(query, table, nothing.column_names)
    if rule.broken is None:
        return rule
    try:
        broken_by(Rule(name, "", "", "error", "row", broken=rule.broken), nothing)
    except ContractError as error:
        raise RefusedError(str(error).removeprefix(f"rule '{name}': ")) from error
    return rule


def _check(name: str, layer: str) -> Check | None:
    try:
        return check_named(name, CHECKS[layer])
    except ContractError:
        return None


def _fits(check: Check, limits: Mapping[str, Any]) -> bool:
    try:
        inspect.signature(check).bind(None, **limits)
    except TypeError:
        return False
    return True


def _empty(schema: Mapping[str, Any]) -> pa.Table:
    types = [(each["name"], arrow_type(each["physicalType"])) for each in schema["properties"]]
    return pa.schema(types).empty_table()


def _queries(text: str) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """Yield the name and the query of each rule, with its place in the text, those of columns first."""
    schema = _under(yaml.compose(text, yaml.SafeLoader), "schema").value[0]
    for holder in (*_under(schema, "properties").value, schema):
        rules = _under(holder, "quality")
        for rule in rules.value if rules else ():
            query = _under(rule, "query")
            if query is not None:
                yield _under(rule, "name").value, query


def _under(node: Any, key: str) -> Any:
    """Return what a mapping of the YAML has under a key, with its place; None where it has nothing."""
    return next((value for name, value in node.value if name.value == key), None)


def _place(node: yaml.ScalarNode, text: str, refused: RefusedError) -> tuple[int, int]:
    """Return the line and column of the contract, from 1, where SQL is refused; of folded text, where it begins."""
    mark = node.start_mark
    if node.style == "|":
        line = text.splitlines()[mark.line + refused.line]
        return mark.line + refused.line + 1, len(line) - len(line.lstrip()) + refused.column
    if refused.line == 1 and node.end_mark.line == mark.line:
        return mark.line + 1, mark.column + refused.column + (node.style is not None)
    return mark.line + 1, mark.column + 1
