"""What each row of the fact adds to a cell of Gold: the formulas of the tables themselves, row by row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from gold import cash_flow, forecast
from gold.cash_flow import CASH_FLOW
from gold.forecast import FORECAST
from gold.partial import CASH_FLOW_KEY, FORECAST_KEY, is_forecast
from lakehouse.engine.arrays import Mask
from lakehouse.engine.columns import Columns
from lakehouse.engine.money import Units

MONTH: Final = "mes_referencia"
_READ: Final = (
    "tipo_registro", "status_pagamento", "moeda_origem",
    "quantidade", "valor_item_brl", "valor_fluxo_brl", "valor_moeda_origem", "variacao_cambial_brl",
)  # fmt: skip


@dataclass(frozen=True)
class Explained:
    """How a table of Gold is made of rows of the fact.

    Attributes
    ----------
    key : tuple of str
        The columns of the fact that its rows are grouped by, which are its own key.
    running : mapping of str to str
        Its measures that are, over the months up to their own, the sums of another measure.
    """

    key: tuple[str, ...]
    running: Mapping[str, str]
    _contributions: Callable[[Columns], dict[str, Units]]
    _included: Callable[[Columns], Mask] | None = None

    def contributions(self, fact: pa.Table) -> dict[str, Units]:
        """Return what each row of a fact adds to each measure of its cell, in units of the measure's last digit.

        Parameters
        ----------
        fact : pa.Table, shape (n, ...)
            Any rows of the fact.

        Returns
        -------
        dict of str to numpy int64, shape (n,)
            0 for rows that do not count. A measure that is no sum of rows is not there.
        """
        columns = Columns.of(fact, _READ)
        units = self._contributions(columns)
        if self._included is None:
            return units
        counts = self._included(columns)
        return {name: np.where(counts, each, 0) for name, each in units.items()}


TABLES: Final = {
    CASH_FLOW: Explained(CASH_FLOW_KEY, {"total_saida_acumulado_brl": "total_saida_brl"}, cash_flow.contributions),
    FORECAST: Explained(FORECAST_KEY, {}, forecast.contributions, is_forecast),
}
