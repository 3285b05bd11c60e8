"""A view of tables in memory, for what sums them without a lake."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa


class Published:
    """A view of tables in memory, each in one or several parts."""

    def __init__(self, **tables: list[pa.Table]) -> None:
        self.tables = tables

    def each(self, name: str, columns: Sequence[str], work: Callable[[pa.Table], Any]) -> Iterator[Any]:
        return (work(part.select(columns)) for part in self.tables[name])

    def read_all(self, name: str, columns: list[str]) -> pa.Table:
        return pa.concat_tables(self.tables[name]).select(columns)


def view(**tables: list[pa.Table]) -> Any:
    return Published(**tables)
