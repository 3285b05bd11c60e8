"""What the workbook is made of: the small tables of a version, and what their audits found. Read once, then pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cli.contents import commitments
from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.versions.version import Version
from lakehouse.versions.view import View

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_MONTHS: Final = 12


@dataclass(frozen=True)
class Warned:
    """A rule of severity warning that some rows break.

    Attributes
    ----------
    table, rule, description : str
    failed, examined : int
    """

    table: str
    rule: str
    description: str
    failed: int
    examined: int


@dataclass(frozen=True)
class Audited:
    """A table as its audit let it through.

    Attributes
    ----------
    table, layer, owner : str
    verdict : {'pass', 'warn', 'fail'}
    read, rows, quarantined, superseded, rules : int
        How many rows were considered, are kept, were set aside, were replaced by a correction; how many rules it has.
    reasons : mapping of str to int
        How often there is each reason for setting a row aside, without values of the rows.
    warned : tuple of Warned
    """

    table: str
    layer: str
    owner: str
    verdict: str
    read: int
    rows: int
    quarantined: int
    superseded: int
    rules: int
    reasons: Mapping[str, int]
    warned: tuple[Warned, ...]


@dataclass(frozen=True)
class Commitments:
    """What is told of the fact without showing it, and the newest rates: rows as `cli.contents.commitments` sums them.

    Attributes
    ----------
    open, overdue : tuple of mapping, or None
        None in a version without the fact, or without a today.
    bought : tuple of mapping, or None
        ``valor_fluxo_brl`` by `categoria`, the largest first.
    rates : tuple of mapping, or None
    """

    open: tuple[Mapping[str, Any], ...] | None = None
    overdue: tuple[Mapping[str, Any], ...] | None = None
    bought: tuple[Mapping[str, Any], ...] | None = None
    rates: tuple[Mapping[str, Any], ...] | None = None


@dataclass(frozen=True)
class Content:
    """All that the workbook shows of a version.

    Attributes
    ----------
    version : Version
    place : str
        ``s3://bucket``.
    today : date or None
        The date of the newest order, which is the data's today; None where no order has one.
    cash_flow : pd.DataFrame
        The table in the role ``cash_flow``: decimals as `Decimal`, dates as `date`, NULL as None.
    outlook, risk : pd.DataFrame or None
        Those in the roles ``outlook`` and ``currency_risk``; None in a version of before there was that layer.
    audits : tuple of Audited
        In the order of the tables.
    commitments : Commitments
    """

    version: Version
    place: str
    today: date | None
    cash_flow: "pd.DataFrame"
    outlook: "pd.DataFrame | None"
    risk: "pd.DataFrame | None"
    audits: tuple[Audited, ...]
    commitments: Commitments = Commitments()

    @property
    def months(self) -> tuple[str, ...]:
        """The twelve months from today's on, ``YYYY-MM``; without a today from the first month of the cash flow on."""
        first = f"{self.today:%Y-%m}" if self.today else min(self.cash_flow["mes_referencia"], default="0001-01")
        return tuple(str(np.datetime64(first, "M") + np.timedelta64(n, "M")) for n in range(_MONTHS))


def gathered(view: View) -> Content:
    """Read what the workbook shows.

    Parameters
    ----------
    view : View
        Of a version that has the cash flow.

    Raises
    ------
    StorageError
        There is no cash flow yet, or a file is not the one that was audited.
    """
    cash_flow = _frame(view, layers.in_role("cash_flow"))
    if view.version is None:
        raise ValueError("a workbook is of a version")
    outlook, risk = (
        _frame(view, table) if table in view.tables else None
        for table in map(layers.in_role, ("outlook", "currency_risk"))
    )
    today = commitments.today(view)
    return Content(
        view.version, f"s3://{view.lake.bucket}", today, cash_flow, outlook, risk, tuple(_audits(view)),
        _commitments(view, today),
    )  # fmt: skip


def shown(table: str) -> list[str]:
    """Return the columns of a table that anybody may see: those that its contract does not classify."""
    return [column.name for column in load(table).columns if column.classification is None]


def _frame(view: View, table: str) -> "pd.DataFrame":
    view.table(table)
    return frame_of(view.read_all(table, shown(table)))


def frame_of(table: "pa.Table") -> "pd.DataFrame":
    """Return a table with Python's own objects: what pandas would make of NULLs and decimals is not exact."""
    import pandas as pd

    return pd.DataFrame({name: pd.Series(table[name].to_pylist(), dtype=object) for name in table.column_names})


def rows_of(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the rows of a frame, each by the names of its columns."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _commitments(view: View, today: date | None) -> Commitments:
    open_ = overdue = bought = rates = None
    if layers.in_role("fact") in view.tables:
        if today is not None:
            open_, overdue = (tuple(each.to_pylist()) for each in commitments.open_and_overdue(view, today))
        by_category = commitments.bought(view, ["categoria"], ["valor_fluxo_brl"])
        # A sort of rows that are equal in it keeps their order, which is that of the categories' names.
        bought = tuple(sorted(by_category.to_pylist(), key=lambda row: -row["valor_fluxo_brl"]))
    if layers.in_role("rates") in view.tables:
        rates = tuple(commitments.rates(view).to_pylist())
    return Commitments(open_, overdue, bought, rates)


def _audits(view: View) -> Iterator[Audited]:
    reports: dict[str, Any] = {}
    for name in (name for name in layers.all_tables() if name in view.tables):
        table = view.table(name)
        if table.report not in reports:
            reports[table.report] = view.lake.read_json(table.report)
        entry = next(each for each in reports[table.report]["tables"] if each["table"] == name)
        yield Audited(
            name, table.layer, load(name).owner, entry["verdict"], table.rows_read, table.rows, table.quarantined,
            table.superseded, len(entry["rules"]), dict(entry["quarantine_reasons"]), tuple(_warned(name, entry)),
        )  # fmt: skip


def _warned(table: str, entry: Mapping[str, Any]) -> Iterator[Warned]:
    for rule in entry["rules"]:
        if rule["status"] != "pass":
            yield Warned(table, rule["rule"], rule["description"], rule["failed"], rule["examined"])
