"""The inputs of a forecast: Gold's two tables and the quotations as data frames, and the newest order's date."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

import awswrangler as wr
import pandas as pd
import pyarrow.compute as pc

from lakehouse.domain import EMPRESTIMO_PJ
from lakehouse.errors import StorageError
from lakehouse.versions.view import View

MONTHLY: Final = "agregado_ml_forecast_risco_cambial"
CASH_FLOW: Final = "agregado_fluxo_de_caixa_mensal"
QUOTATIONS: Final = "cambio"
FACT: Final = "fato_pedido_correlacionado"
_ORDERED: Final = "data_pedido"
COLUMNS: Final = {
    MONTHLY: ("mes_referencia", "categoria", "moeda_origem", "valor_fluxo_brl"),
    CASH_FLOW: ("mes_referencia", "origem_recurso", "moeda_origem", "total_saida_brl", "exposicao_moeda_origem"),
    QUOTATIONS: ("data_cotacao", "moeda", "taxa_ptax"),
}


@dataclass(frozen=True)
class Inputs:
    """The inputs of a forecast, each looked up when it is asked for: so whoever asks is who reads.

    Attributes
    ----------
    frames : mapping of str to pd.DataFrame
        Gold's tables and the quotations, with the columns of `COLUMNS` at least; decimals and dates are Arrow's.
    newest_order : callable
        Returns the newest order's date.
    """

    frames: Mapping[str, pd.DataFrame]
    newest_order: Callable[[], date]

    @classmethod
    def of(cls, frames: Mapping[str, pd.DataFrame], today: date) -> Self:
        """Return them out of tables that are there, on a day."""
        return cls(frames, lambda: today)

    @property
    def monthly(self) -> pd.DataFrame:
        """What left the company and will, as `forecast.outlook.outlook` takes it."""
        return self.frames[MONTHLY]

    @property
    def loans(self) -> pd.DataFrame:
        """What loans will take, month by month, as `forecast.outlook.outlook` takes it."""
        flows = self.frames[CASH_FLOW]
        loans = flows.loc[flows["origem_recurso"] == EMPRESTIMO_PJ, ["mes_referencia", "total_saida_brl"]]
        return loans.rename(columns={"total_saida_brl": "valor"})

    @property
    def exposures(self) -> pd.DataFrame:
        """What is exposed to currencies, as `forecast.risk.currency_risk` takes it."""
        flows = self.frames[CASH_FLOW]
        exposed = flows.loc[flows["exposicao_moeda_origem"] > 0]
        return exposed[["mes_referencia", "moeda_origem", "exposicao_moeda_origem"]]

    @property
    def quotations(self) -> pd.DataFrame:
        """The quotations, as `forecast.risk.currency_risk` takes them."""
        return self.frames[QUOTATIONS]

    @property
    def today(self) -> date:
        """Today of the data: the newest order's date."""
        return self.newest_order()


class Tables:
    """The tables of a run that forecasts are made from, each fetched once however many of them it is for.

    Parameters
    ----------
    view : View
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self._frames: dict[str, pd.DataFrame] = {}
        self._newest: date | None = None

    def frame(self, table: str) -> pd.DataFrame:
        """Return some columns of a table; raise `StorageError` where a file is missing or not what was audited."""
        self._again(table, fetched=table in self._frames)
        if table not in self._frames:
            self._frames[table] = _frame(self.view, table)
        return self._frames[table]

    def newest_order(self) -> date:
        """Return the newest order's date; raise `StorageError` as `frame` does, and where no row has one."""
        self._again(FACT, fetched=self._newest is not None)
        if self._newest is None:
            self._newest = _newest_order(self.view)
        return self._newest

    def _again(self, table: str, *, fetched: bool) -> None:
        """Record that what was fetched before is read for another forecast as well."""
        if fetched:
            self.view.lake.note_read(file.key for file in self.view.files(table))


class Readings(Mapping[str, pd.DataFrame]):
    """What one forecast asks for of the tables.

    Parameters
    ----------
    tables : Tables
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._asked: dict[str, int] = {}

    def __getitem__(self, table: str) -> pd.DataFrame:
        """Return some columns of a table, as `Tables.frame` does."""
        if table not in COLUMNS:
            raise KeyError(table)
        frame = self._tables.frame(table)
        self._asked[table] = len(frame)
        return frame

    def __iter__(self) -> Iterator[str]:
        """Yield the tables that can be asked for."""
        return iter(COLUMNS)

    def __len__(self) -> int:
        """Return how many tables can be asked for."""
        return len(COLUMNS)

    @property
    def inputs(self) -> Inputs:
        """The inputs of the forecast."""
        return Inputs(self, self._newest_order)

    @property
    def rows(self) -> int:
        """How many rows were read; of the fact, of which one date is taken, none."""
        return sum(self._asked.values())

    @property
    def source_keys(self) -> list[str]:
        """What was read: the fact's first part stands for all."""
        return [self._tables.view.file(table).key for table in self._asked]

    def _newest_order(self) -> date:
        self._asked.setdefault(FACT, 0)
        return self._tables.newest_order()


def _frame(view: View, table: str) -> pd.DataFrame:
    """Return some columns of a table, of exactly the objects that were audited.

    awswrangler reads; the storage module knows what the objects have to be, and keeps that they were read.
    """
    found = [view.lake.found(file.key, etag=file.etag) for file in view.files(table)]
    frame: pd.DataFrame = wr.s3.read_parquet(
        path=[view.lake.uri(each.key) for each in found],
        columns=list(COLUMNS[table]),
        dtype_backend="pyarrow",
        use_threads=False,
    )
    return frame


def _newest_order(view: View) -> date:
    newest: date | None = pc.max(view.read_all(FACT, [_ORDERED])[_ORDERED]).as_py()
    if newest is None:
        where = view.lake.uri(view.file(FACT).key)
        raise StorageError(f"{where} has no order; run bronze and silver first, on an export with orders")
    return newest
