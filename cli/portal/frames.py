"""Small Arrow tables as the page's frames (portal/src/document.ts), with exact numbers."""

import math
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

# JavaScript's numbers are exact up to here; larger ones are sent as text.
_LARGEST: Final = 2**53 - 1


def frame(table: pa.Table) -> dict[str, Any]:
    """Return a table as a frame, column by column.

    Parameters
    ----------
    table : pa.Table
        Of strings, dates, integers, decimals and doubles.

    Returns
    -------
    dict
        ``Frame``: decimals as whole numbers times 10^scale, texts and dates as indices into their distinct values.
    """
    columns = [_column(name, table[name].combine_chunks()) for name in table.column_names]
    return {"rows": table.num_rows, "columns": columns}


def _column(name: str, values: pa.Array) -> dict[str, Any]:
    type_ = values.type
    if pa.types.is_decimal(type_):
        units = [None if value is None else exact(int(value.scaleb(type_.scale))) for value in values.to_pylist()]
        return {"name": name, "kind": "decimal", "scale": type_.scale, "values": units}
    if pa.types.is_integer(type_):
        whole = [exact(value) for value in values.to_pylist()]
        return {"name": name, "kind": "integer", "scale": 0, "values": whole}
    if pa.types.is_floating(type_):
        finite = [value if value is not None and math.isfinite(value) else None for value in values.to_pylist()]
        return {"name": name, "kind": "double", "values": finite}
    kind = "date" if pa.types.is_date(type_) else "text"
    encoded = pc.dictionary_encode(values.cast(pa.string()))
    return {
        "name": name,
        "kind": kind,
        "words": encoded.dictionary.to_pylist(),
        "values": encoded.indices.to_pylist(),
    }


def exact(units: int | None) -> int | str | None:
    """Return a whole number as the document has it: text where a JavaScript number cannot hold it."""
    if units is None:
        return None
    return units if abs(units) <= _LARGEST else str(units)
