"""The quarantine: rows set aside, with their original text, their line and every reason."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.engine.keys import flat
from lakehouse.engine.segments import Index

SCHEMA: Final = pa.schema(
    {
        "arquivo": pa.string(),
        "linha": pa.int64(),
        "texto_original": pa.string(),
        "motivos": pa.list_(pa.string()),
    }
)

_REASONS: Final = 20
# What a reason quotes from its row is left out, so that rows set aside for the same reason are counted together.
# A value may have line breaks, and those of before reasons quoted shapes alone are values.
_QUOTED: Final = (
    ("(?s)'.*'", "'...'"),
    (r"(?s)a chave (?:.* )?repete a da linha \d+", "a chave repete a de outra linha"),
)


def quarantined(source: str, lines: Index, text: pa.Array, reasons: pa.Array) -> pa.Table:
    """Return rows of the quarantine, each with one reason or a list of them.

    Parameters
    ----------
    source : str
        The file, or the table, that they come from.
    lines : numpy int64, shape (n,)
        Where they are in it: lines of a file, or rows of a table from 1.
    text : pa.Array of string, shape (n,)
        Their original text.
    reasons : pa.Array of string or of lists of strings, shape (n,)

    Returns
    -------
    pa.Table
        With `SCHEMA`.
    """
    if pa.types.is_string(reasons.type):
        reasons = pa.ListArray.from_arrays(pa.array(range(len(text) + 1), pa.int32()), reasons)
    return pa.table([pa.repeat(source, len(text)), pa.array(lines, pa.int64()), text, reasons], schema=SCHEMA)


def joined_values(rows: pa.Table) -> pa.Array:
    """Return a text for rows that had none, as they are typed: their values separated by commas, shape (n,)."""
    values = [pc.fill_null(pc.cast(flat(column), pa.string()), "") for column in rows.columns]
    return pc.binary_join_element_wise(*values, ",")


def reasons(quarantine: pa.Table) -> dict[str, int]:
    """Return how often each reason for setting rows aside occurs, the most frequent first, a bounded number of them."""
    counts = without_values(pc.list_flatten(flat(quarantine["motivos"]))).value_counts()
    pairs = zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True)
    ordered = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
    others = sum(count for _, count in ordered[_REASONS:])
    return dict(ordered[:_REASONS]) | ({"outros motivos": others} if others else {})


def without_values(reasons: pa.Array) -> pa.Array:
    """Return reasons without what they quote of their rows, which may be personal, shape (n,)."""
    for quoted, kind in _QUOTED:
        reasons = pc.replace_substring_regex(reasons, quoted, kind)
    return reasons
