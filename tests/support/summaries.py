"""A table in a few numbers: rows, sums to the cent, distinct values; any change shows, and no row is copied."""

import hashlib
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def summary(table: pa.Table) -> dict[str, Any]:
    """Return a table's rows and, by column, NULLs and the sum (numbers), range (dates) or distinct count (text)."""
    return {"rows": len(table), "columns": {name: _column(table[name]) for name in table.column_names}}


def _column(column: pa.ChunkedArray) -> dict[str, Any]:
    facts: dict[str, Any] = {"nulls": column.null_count}
    if pa.types.is_decimal(column.type):
        facts["sum"] = str(pc.sum(column.cast(pa.decimal128(38, column.type.scale))).as_py() or Decimal(0))
    elif pa.types.is_integer(column.type):
        facts["sum"] = pc.sum(column).as_py()
    elif pa.types.is_floating(column.type):
        facts["sum"] = round(pc.sum(column).as_py() or 0.0, 6)
    elif pa.types.is_date(column.type):
        facts["range"] = [str(pc.min(column).as_py()), str(pc.max(column).as_py())]
    else:
        values = sorted(set(column.drop_null().to_pylist()))
        facts["distinct"] = len(values)
        facts["hash"] = hashlib.sha256("\n".join(values).encode()).hexdigest()[:12]
    return facts
