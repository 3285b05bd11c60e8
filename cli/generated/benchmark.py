"""``bench/tables.json``: the tables as the benchmark's engines know them, readable without a library."""

import json
from typing import Any, Final

from lakehouse.contract import layers
from lakehouse.contract.layers import BRONZE, GOLD, SILVER
from lakehouse.contract.model import Contract, load

# The table that the engines make from Bronze; the benchmark has no further one.
_ROLES: Final = ("fact", "cash_flow", "forecast")


def tables() -> str:
    """Return the file: the bronze tables with their types, the fact, and which columns of each the next layer needs."""
    fact = load(layers.in_role("fact"))
    known: dict[str, Any] = {
        "roles": {role: layers.in_role(role) for role in _ROLES},
        "bronze": {
            table: {
                "columns": {column.name: column.physical_type for column in load(table).columns},
                "needed": _needed(load(table), SILVER),
            }
            for table in layers.tables_of(BRONZE)
        },
        "fact": {"columns": fact.schema.names, "key": list(fact.key), "needed": _needed(fact, GOLD)},
    }
    return json.dumps(known, ensure_ascii=False, indent=1) + "\n"


def _needed(contract: Contract, above: str) -> list[str]:
    """Return the columns that the next layer's tables are made from, in order."""
    sources = {source for table in layers.tables_of(above) for source in load(table).sources}
    return [name for name in contract.schema.names if f"{contract.qualified_name}.{name}" in sources]
