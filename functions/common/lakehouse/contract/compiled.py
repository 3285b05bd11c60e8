"""What the SQL of a contract's rules was compiled to: ``glue/contracts/compiled/<table>.json``.

``./importau generate`` writes it with a parser of SQL, which no function has: a cold start reads JSON. A rule whose SQL
was changed since, or that nobody compiled, is refused.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any, Final

from lakehouse.errors import ContractError

FOLDER: Final = "compiled"
COLUMN: Final = "column"
_DIGITS: Final = 16

# An operator and its operands, as JSON has it: ["<", ["column", "prazo_dias"], ["number", "0"]].
# `lakehouse.contract.rules` says which operators there are.
Tree = list[Any]


@dataclass(frozen=True)
class Compiled:
    """What the SQL of one rule was compiled to.

    Attributes
    ----------
    sql : str
        The fingerprint of the SQL.
    broken : Tree or None
        Of a row rule: the condition that broken rows meet.
    key : tuple of str or None
        Of a rule that no key repeats: its columns.
    limits : mapping of str to (str or int)
        Of a table rule: the constants of its ``limites``, a decimal as text.
    """

    sql: str
    broken: Tree | None = None
    key: tuple[str, ...] | None = None
    limits: Mapping[str, str | int] | None = None


def fingerprint(query: str) -> str:
    """Return the fingerprint of a rule's SQL, 16 hexadecimal digits."""
    return hashlib.sha256(query.strip().encode()).hexdigest()[:_DIGITS]


def of_table(table: str) -> dict[str, Compiled]:
    """Return what the rules of a table were compiled to, by their names; nothing where they never were."""
    return {name: Compiled(**each) for name, each in json.loads(text_of(table) or "{}").items()}


def text_of(table: str) -> str:
    """Return the text of a table's file; none where there is no file."""
    file = resources.files("contracts").joinpath(FOLDER).joinpath(f"{table}.json")
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        return ""


def of_rule(name: str, query: str, rules: Mapping[str, Compiled]) -> Compiled:
    """Return what a rule was compiled to; raise `ContractError` where that was other SQL, or none."""
    found = rules.get(name)
    if found is None or found.sql != fingerprint(query):
        raise ContractError(f"the SQL of rule '{name}' is not compiled; run `./importau generate`")
    return found


def columns(tree: Tree) -> set[str]:
    """Return the columns that a condition reads."""
    operator, *operands = tree
    if operator == COLUMN:
        return set(operands)
    return {name for each in operands if isinstance(each, list) for name in columns(each)}


def as_text(rules: Mapping[str, Compiled]) -> str:
    """Return the file of a table: a rule a line, so that a change shows which one it is about."""
    lines = []
    for name, each in rules.items():
        there = {field: value for field, value in asdict(each).items() if value is not None}
        lines.append(f" {json.dumps(name)}: {json.dumps(there, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"
