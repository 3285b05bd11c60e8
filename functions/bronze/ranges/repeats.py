"""Repeated keys: the records of all ranges whose keys are in one bucket, judged in the order of the file.

Of several records with one key the first valid one is kept, and each one after it is set aside, as
`bronze.judging.judge` defines it. Where a correction has the key, it took the place of all of them: in each range the
first, of which that of the first range stays.
"""

from collections.abc import Collection, Iterable
from typing import Final

import numpy as np
import pyarrow as pa

from bronze.ranges.reading import KEY, VALID
from bronze.ranges.sections import LINE, RANGE
from lakehouse.engine.arrays import integers
from lakehouse.engine.keys import flat
from lakehouse.engine.segments import Index
from lakehouse.parts import hashed, repeated

FIRST: Final = "_primeira"
# Whether a correction is what repeats: it goes by itself, and is not set aside.
CORRECTION: Final = "_correcao"
SCHEMA: Final = pa.schema(
    {RANGE: pa.int64(), LINE: pa.int64(), KEY: pa.string(), FIRST: pa.int64(), CORRECTION: pa.bool_()}
)


def repeats_in(bucket: Iterable[pa.Table], offsets: Index, corrected: Collection[str]) -> pa.Table:
    """Return the records that repeat a key.

    Parameters
    ----------
    bucket : iterable of pa.Table
        The keys that are in the bucket, with their ranges and lines, in the order of the file.
    offsets : numpy int64, shape (ranges,)
        The line of the file that each range's first line is.
    corrected : collection of str
        The keys of corrections.

    Returns
    -------
    pa.Table
        With `SCHEMA`: its range and line in that, its key, the line of the file that has it first.
    """
    tables = list(bucket)
    if not tables:
        return SCHEMA.empty_table()
    rows = pa.concat_tables(tables)
    ranges = rows[RANGE].to_numpy()
    hashes = hashed(rows[KEY])
    suspicious = np.flatnonzero(np.isin(hashes, repeated([hashes])))
    keys = flat(rows[KEY]).take(integers(suspicious))
    lines = rows[LINE].to_numpy()[suspicious]
    valid = rows[VALID].to_numpy()[suspicious]
    line_of: dict[str, int] = {}
    repeats, firsts = [], []
    at = lines + offsets[ranges[suspicious]]
    for row, (key, line, is_valid) in enumerate(zip(keys.to_pylist(), at.tolist(), valid.tolist(), strict=True)):
        if key in line_of:
            repeats.append(row)
            firsts.append(line_of[key])
        elif is_valid:
            line_of[key] = line
    which = np.array(repeats, np.int64)
    keys = keys.take(integers(which))
    goes = [key in corrected for key in keys.to_pylist()]
    columns = [
        integers(ranges[suspicious][which]), integers(lines[which]), keys, integers(np.array(firsts, np.int64)),
        pa.array(goes, pa.bool_()),
    ]  # fmt: skip
    return pa.table(columns, schema=SCHEMA)
