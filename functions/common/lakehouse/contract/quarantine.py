"""The quarantine: rows set aside with their original text, where they stood, and every reason."""

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.engine.keys import flat

SCHEMA: Final = pa.schema(
    {
        "arquivo": pa.string(),
        "linha": pa.int64(),
        "texto_original": pa.string(),
        "motivos": pa.list_(pa.string()),
    }
)


def quarantined(rows: pa.Table, source: str, lines: Any, reasons: pa.Array) -> pa.Table:
    """Set typed rows aside, each for one reason or a list of them.

    Parameters
    ----------
    rows : pa.Table, shape (n, ...)
        Their values, joined by commas, become the original text.
    source : str
        The table they come from.
    lines : numpy int64, shape (n,)
        Their rows in it, from 1.
    reasons : pa.Array of string or of lists of strings, shape (n,)

    Returns
    -------
    pa.Table
        With `SCHEMA`.
    """
    values = [pc.fill_null(pc.cast(flat(column), pa.string()), "") for column in rows.columns]
    if pa.types.is_string(reasons.type):
        reasons = pa.ListArray.from_arrays(pa.array(range(len(rows) + 1), pa.int32()), reasons)
    return pa.table(
        [
            pa.repeat(source, len(rows)),
            pa.array(lines, pa.int64()),
            pc.binary_join_element_wise(*values, ","),
            reasons,
        ],
        schema=SCHEMA,
    )
