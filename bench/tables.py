"""The tables that the jobs read and write, for every engine; it needs nothing but the standard library.

It is read from ``tables.json``, which ``./importau generate`` derives from the contracts.
"""

import json
from pathlib import Path

_KNOWN = json.loads(Path(__file__).with_name("tables.json").read_text("utf-8"))

FACT, CASH_FLOW, FORECAST = (_KNOWN["roles"][role] for role in ("fact", "cash_flow", "forecast"))
FACT_COLUMNS = tuple(_KNOWN["fact"]["columns"])
FACT_KEY = tuple(_KNOWN["fact"]["key"])
# The columns of the fact that the aggregates read.
GOLD_NEEDS = tuple(_KNOWN["fact"]["needed"])

BRONZE = tuple(_KNOWN["bronze"])
# The columns of each bronze table that the fact is made from.
NEEDED = {table: tuple(known["needed"]) for table, known in _KNOWN["bronze"].items()}

_TYPES = {column: kind for known in _KNOWN["bronze"].values() for column, kind in known["columns"].items()}
# The bronze columns that are decimals, with precision and scale, and those that are whole numbers; columns that begin
# with `data_` are dates, and all others text.
DECIMALS = {
    column: tuple(int(number) for number in kind[len("decimal(") : -1].split(","))
    for column, kind in _TYPES.items()
    if kind.startswith("decimal(")
}
COUNTS = tuple(column for column, kind in _TYPES.items() if kind == "bigint")


def sql_type(column: str, text: str = "VARCHAR") -> str:
    """Return a bronze column's type in SQL."""
    if column in DECIMALS:
        return "DECIMAL({}, {})".format(*DECIMALS[column])
    if column in COUNTS:
        return "BIGINT"
    return "DATE" if column.startswith("data_") else text
