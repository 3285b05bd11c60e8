"""The key of a row as one text."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract.model import known_words
from lakehouse.engine.keys import flat
from lakehouse.personal.quoting import keys

_BETWEEN: Final = "\x1f"
# What is between two values of a key may be within one, too.
_WITHIN: Final = (("\x1e", "\x1e0"), (_BETWEEN, "\x1e1"))


def key_of(table: pa.Table, names: tuple[str, ...]) -> pa.Array:
    """Return each row's key as text, another one for each other key; NULL where one of its columns is.

    Parameters
    ----------
    table : pa.Table, shape (n, ...)
    names : tuple of str
        The columns of the key.
    """
    columns = [flat(table[name]).cast(pa.string()) for name in names]
    if len(columns) == 1:
        return columns[0]
    for each, written in _WITHIN:
        columns = [pc.replace_substring(column, each, written) for column in columns]
    return pc.binary_join_element_wise(*columns, _BETWEEN)


def key_of_values(values: Sequence[str]) -> str:
    """Return the key that `key_of` gives a row with these values, in the order of its columns."""
    if len(values) == 1:
        return values[0]
    for each, written in _WITHIN:
        values = [value.replace(each, written) for value in values]
    return _BETWEEN.join(values)


def shown_keys(texts: pa.Array, names: tuple[str, ...]) -> pa.Array:
    """Return keys of `key_of` as a message may show them: a value that is no code by its shape alone.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,)
    names : tuple of str
        The columns of the key.

    Returns
    -------
    pa.Array of string, shape (n,)
    """
    if len(names) == 1:
        return keys(texts, known_words)
    parts = pc.split_pattern(texts, _BETWEEN)
    shown = keys(parts.flatten(), known_words)
    return pc.binary_join(pa.ListArray.from_arrays(parts.offsets, shown), ", ")
