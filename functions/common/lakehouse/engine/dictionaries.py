"""Tables whose repeating text is dictionaries: put together, and reduced to what occurs."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.engine.arrays import Mask, integers
from lakehouse.engine.keys import codes_of, flat
from lakehouse.engine.money import narrow


def stacked(encoded: pa.Table, plain: pa.Table) -> pa.Table:
    """Return the rows of a table whose text is dictionaries, and those of a plain one with the same columns below."""
    if not len(plain):
        return encoded
    columns = {}
    for name in encoded.column_names:
        above, below = flat(encoded[name]), narrow(flat(plain[name]))
        if not pa.types.is_dictionary(above.type):
            columns[name] = pa.concat_arrays([above, below])
            continue
        both = pa.chunked_array([above, below.dictionary_encode()]).unify_dictionaries()
        columns[name] = pa.concat_arrays(both.chunks)
    return pa.table(columns)


def replaced(encoded: pa.Table, rows: Mask, plain: pa.Table) -> pa.Table:
    """Return a table whose text is dictionaries, in which the rows of a plain one take the places of some of its own.

    Parameters
    ----------
    encoded : pa.Table, shape (n, ...)
    rows : numpy bool, shape (n,)
        Which rows are replaced.
    plain : pa.Table, shape (k, ...)
        With the same columns, and a row for each of those.
    """
    mask, columns = pa.array(rows), {}
    for name in encoded.column_names:
        above, below = flat(encoded[name]), narrow(flat(plain[name]))
        if pa.types.is_dictionary(above.type):
            both = pa.chunked_array([above, below.dictionary_encode()]).unify_dictionaries()
            indices = pc.replace_with_mask(both.chunk(0).indices, mask, both.chunk(1).indices)
            columns[name] = pa.DictionaryArray.from_arrays(indices, both.chunk(0).dictionary, safe=False)
        elif pa.types.is_decimal64(above.type):
            units = pc.replace_with_mask(above.view(pa.int64()), mask, below.view(pa.int64()))
            columns[name] = units.view(above.type)
        else:
            columns[name] = pc.replace_with_mask(above, mask, below)
    return pa.table(columns)


def compacted(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """Return a column with the values that occur alone, in the order in which they do: as its text is encoded."""
    codes, values = codes_of(column.indices), column.dictionary
    first = np.full(len(values) + 1, len(codes))
    # The last one that is written stays, which is the first row; what is NULL is written beside them.
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    first = first[:-1]
    order = np.argsort(first, kind="stable")
    occurring = int(np.count_nonzero(first < len(codes)))
    if occurring == len(values) and (order[1:] > order[:-1]).all():
        return column
    number = np.full(len(values) + 1, -1, np.int32)
    number[order[:occurring]] = np.arange(occurring, dtype=np.int32)
    valid = None if not column.null_count else codes >= 0
    return pa.DictionaryArray.from_arrays(
        integers(number[codes], valid=valid), values.take(integers(order[:occurring])), safe=False
    )
