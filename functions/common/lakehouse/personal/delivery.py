"""A table for somebody who is not to know whose data they are: each column masked as its contract says. Pure.

`HMAC` gives each value a pseudonym: equal values stay equal, in every table, and without the key none can be worked
out, nor tried. `PARTIAL` keeps how a value is written and the first letters of its words, `DROP` nothing. In a column
that is not declared personal a value that looks so all the same is masked as by `PARTIAL`.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.engine.arrays import is_text
from lakehouse.engine.keys import flat
from lakehouse.personal.kinds import Texts, personal
from lakehouse.personal.masking import DROP, HMAC, PARTIAL, masked

# Half of the digest: enough that no two values of a table get the same one, and short enough to be read.
_HEXADECIMALS: Final = 32
LEAST_KEY: Final = 16


def delivered(table: pa.Table, methods: Mapping[str, str], key: bytes) -> pa.Table:
    """Return a table as it is delivered masked.

    Parameters
    ----------
    table : pa.Table, shape (n, ...)
    methods : mapping of str to str
        One of `lakehouse.personal.masking.METHODS` for each column that is personal or confidential.
    key : bytes
        Of at least `LEAST_KEY` bytes, that nobody else knows; the same key gives the same pseudonyms.

    Returns
    -------
    pa.Table, shape (n, ...)
        Without the columns that are dropped; text is plain.

    Raises
    ------
    ValueError
        The key is too short.
    """
    if len(key) < LEAST_KEY:
        raise ValueError(f"the key has {len(key)} bytes; use at least {LEAST_KEY}")
    kept = {}
    for name in table.column_names:
        method = methods.get(name)
        if method == HMAC:
            kept[name] = _of_each_value(table[name], lambda value: _pseudonym(value, key))
        elif method == PARTIAL:
            kept[name] = _of_each_value(table[name], masked)
        elif method != DROP:
            kept[name] = _without_what_looks_personal(table[name])
    return pa.table(kept)


def _pseudonym(value: str, key: bytes) -> str:
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:_HEXADECIMALS]


def _of_each_value(column: pa.ChunkedArray, made: Callable[[str], str]) -> pa.Array:
    """Return what is made of each value, as text; each distinct value is worked on once, and NULL stays."""
    encoded = flat(column.cast(pa.string())).dictionary_encode()
    values = pa.array(map(made, encoded.dictionary.to_pylist()), pa.string())
    return values.take(encoded.indices)


def _without_what_looks_personal(column: pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    if not is_text(column.type):
        return column
    encoded = flat(column.cast(pa.string())).dictionary_encode()
    found = np.flatnonzero(personal(Texts.of(encoded.dictionary)))
    if not len(found):
        return column
    instead = pa.array(map(masked, encoded.dictionary.take(pa.array(found)).to_pylist()), pa.string())
    mask = np.zeros(len(encoded.dictionary), bool)
    mask[found] = True
    return pc.replace_with_mask(encoded.dictionary, pa.array(mask), instead).take(encoded.indices)
