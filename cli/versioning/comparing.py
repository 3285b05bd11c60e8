"""Two states of the tables side by side: what a change would replace, before it is agreed to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Column

from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.versions.version import TableVersion


@dataclass(frozen=True)
class Replaced:
    """A table before and after a change.

    Attributes
    ----------
    table : str
    run_now, run_then : str or None
        The run of its files; None where it is not there.
    rows_now, rows_then : int or None
    same : bool
        Whether the files are the very same.
    """

    table: str
    run_now: str | None
    run_then: str | None
    rows_now: int | None
    rows_then: int | None
    same: bool

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` has of it."""
        return asdict(self)


def compared(now: Mapping[str, TableVersion], then: Mapping[str, TableVersion]) -> list[Replaced]:
    """Return every table of two states, in the order in which tables are listed."""
    return [
        _replaced(name, now.get(name), then.get(name)) for name in layers.all_tables() if name in now or name in then
    ]


def show(tables: list[Replaced], now: str, then: str) -> None:
    """Print two states of the tables side by side, by rows, with the run of what is to come.

    Parameters
    ----------
    tables : list of Replaced
    now, then : str
        What the two states are called.
    """
    grid = present.table(
        Column("table", no_wrap=True), *(Column(name, justify="right") for name in (f"rows {now}", f"rows {then}")), ""
    )
    for each in tables:
        what = "the same files" if each.same else "" if each.run_then else "not there"
        grid.add_row(each.table, _number(each.rows_now), _number(each.rows_then), what)
    present.grid(grid)


def _replaced(name: str, now: TableVersion | None, then: TableVersion | None) -> Replaced:
    return Replaced(
        name,
        now.run if now else None,
        then.run if then else None,
        now.rows if now else None,
        then.rows if then else None,
        now is not None and then is not None and now.identity == then.identity,
    )


def _number(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"
