"""Tables written as CSV like that of the exports: the inverse of the CSV source."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from bronze.csv.normalise import NONE_MARKS
from lakehouse.engine.keys import flat

# Lines are built a million at a time: one Arrow array holds up to 2 GiB of text.
_BATCH: Final = 1_000_000


def lines(table: pa.Table) -> pa.Array:
    """Return each row as a line of CSV, without its line end; NULL is empty or the column's mark of a missing value."""
    fields = [_quoted(pc.fill_null(_text(table, name), NONE_MARKS.get(name, ""))) for name in table.column_names]
    return pc.binary_join_element_wise(*fields, ",")


def write_csv(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """Write tables as ``<table>.csv`` into a folder that exists."""
    for name, table in tables.items():
        with (folder / f"{name}.csv").open("wb") as file:
            file.write(",".join(table.column_names).encode() + b"\n")
            for start in range(0, len(table), _BATCH):
                text = pc.binary_join_element_wise(lines(table.slice(start, _BATCH)), "", "\n")
                file.write(memoryview(text.buffers()[2]))


def _text(table: pa.Table, name: str) -> pa.Array:
    return flat(table[name]).cast(pa.string())


def _quoted(text: pa.Array) -> pa.Array:
    special = pc.match_substring_regex(text, '[",\\r\\n]')
    if not pc.any(special).as_py():
        return text
    doubled = pc.replace_substring(text, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), text)
