"""The types and texts of Athena's results: what `GetQueryResults` says of a column, and how it writes a value.

The types and their precisions are those that Athena answers with (awswrangler and PyAthena read them, and are tested on
AWS); the texts are Trino's.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

# Athena's name of a type of DuckDB's.
_NAMES: Final = {
    "BOOLEAN": "boolean", "TINYINT": "tinyint", "SMALLINT": "smallint", "INTEGER": "integer", "BIGINT": "bigint",
    "UTINYINT": "smallint", "USMALLINT": "integer", "UINTEGER": "bigint", "UBIGINT": "bigint",
    # Sums of whole numbers are bigint on Athena, and have 128 bits on DuckDB.
    "HUGEINT": "bigint", "UHUGEINT": "bigint",
    "FLOAT": "float", "DOUBLE": "double", "VARCHAR": "varchar", "BLOB": "varbinary", "DATE": "date", "TIME": "time",
    "TIMESTAMP": "timestamp", "TIMESTAMP_S": "timestamp", "TIMESTAMP_MS": "timestamp", "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone", "MAP": "map", "STRUCT": "row",
}  # fmt: skip
_PRECISIONS: Final = {
    "tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "float": 17, "double": 17, "varchar": 2147483647,
    "varbinary": 1073741824, "timestamp": 3, "timestamp with time zone": 3, "time": 3,
}  # fmt: skip
_DECIMAL: Final = re.compile(r"DECIMAL\((\d+), ?(\d+)\)", re.IGNORECASE)
# Java writes a double without an exponent between these.
_LEAST_PLAIN: Final = 1e-3
_LEAST_WITH_EXPONENT: Final = 1e7


def athena_type(duckdb_type: str) -> str:
    """Return Athena's name of a type: ``decimal(38,2)``, ``varchar``."""
    found = _DECIMAL.fullmatch(duckdb_type)
    if found:
        return f"decimal({found[1]},{found[2]})"
    if duckdb_type.endswith("]"):
        return "array"
    return _NAMES.get(duckdb_type.partition("(")[0].strip().upper(), "varchar")


def column_info(name: str, type_: str) -> dict[str, Any]:
    """Return what `GetQueryResults` says of a column; ``type_`` is as `athena_type` has it."""
    found = _DECIMAL.fullmatch(type_)
    kind = "decimal" if found else type_
    precision, scale = (int(found[1]), int(found[2])) if found else (_PRECISIONS.get(type_, 0), 0)
    return {
        "CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": name, "Label": name, "Type": kind,
        "Precision": precision, "Scale": scale, "Nullable": "UNKNOWN", "CaseSensitive": kind == "varchar",
    }  # fmt: skip


def text(value: Any) -> str | None:
    """Return a value as Athena writes it; None, which is NULL, stays None."""
    write = next((write for kind, write in _WRITTEN if isinstance(value, kind)), str)
    return None if value is None else write(value)


def _inner(value: Any) -> str:
    return "null" if value is None else str(text(value))


def _double(value: float) -> str:
    """Return a double as Java writes it: ``1.5``, ``1.0E7``."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or _LEAST_PLAIN <= abs(value) < _LEAST_WITH_EXPONENT:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    figures = "".join(map(str, digits)).rstrip("0") or "0"
    power = int(exponent) + len(digits) - 1
    return f"{'-' if sign else ''}{figures[0]}.{figures[1:] or '0'}E{power}"


def _instant(value: dt.datetime) -> str:
    inside = value.astimezone(dt.UTC) if value.tzinfo else value
    return f"{inside:%Y-%m-%d %H:%M:%S}.{inside.microsecond // 1000:03d}{' UTC' if value.tzinfo else ''}"


# Of a value's kinds the first one counts: a bool is an int, and a datetime a date.
_WRITTEN: Final[Sequence[tuple[Any, Callable[[Any], str]]]] = (
    (bool, lambda value: "true" if value else "false"),
    (Decimal, lambda value: f"{value:f}"),
    (float, _double),
    (dt.datetime, _instant),
    (dt.time, lambda value: f"{value:%H:%M:%S}.{value.microsecond // 1000:03d}"),
    (bytes, lambda value: value.hex(" ")),
    (list | tuple, lambda value: f"[{', '.join(map(_inner, value))}]"),
    (dict, lambda value: f"{{{', '.join(f'{_inner(key)}={_inner(each)}' for key, each in value.items())}}}"),
)


def csv(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    """Return a result as Athena writes it to S3: every value quoted, and nothing at all where it is NULL."""
    return "".join(f"{','.join(map(_quoted, row))}\n" for row in (columns, *rows))


def _quoted(value: str | None) -> str:
    return "" if value is None else '"' + value.replace('"', '""') + '"'
