"""PTAX: the quotation that holds for a commitment, and the exchange variation."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.domain import BRL
from lakehouse.engine.as_of import as_of
from lakehouse.engine.columns import ColumnData, Columns, Number, Text
from lakehouse.engine.keys import ABSENT, find
from lakehouse.engine.money import ONE_RATE, RATE, Units, mul_div_half_up
from lakehouse.engine.segments import Index


@dataclass(frozen=True)
class Quotations:
    """Bronze ``cambio``, prepared for looking up the quotation that holds on a day.

    Attributes
    ----------
    currencies : pa.Array of string
    currency, day : numpy int64, shape (q,)
        Each quotation's currency, as a row of ``currencies``, and its date in days since 1970-01-01.
    rate : numpy int64, shape (q,)
        PTAX in millionths of a real.
    """

    currencies: pa.Array
    currency: Index
    day: Index
    rate: Units

    @classmethod
    def of(cls, cambio: pa.Table) -> "Quotations":
        """Read the bronze table."""
        currencies = pc.unique(cambio["moeda"])
        day, rate = Number.of(cambio["data_cotacao"]), Number.of(cambio["taxa_ptax"])
        return cls(currencies, find(cambio["moeda"], currencies), day.units, rate.units)

    def on(self, currency: Text, date: Number) -> Index:
        """Return each row's quotation: its currency's latest on or before its date; `ABSENT` for BRL or without one."""
        is_quoted = date.known() & ~currency.is_(BRL)
        number = np.where(is_quoted, currency.rows_of(self.currencies), ABSENT)
        return as_of(number, date.units, self.currency, self.day)

    def rates(self, currency: Text, quotation: Index) -> Number:
        """Return the rates of quotations; 1 for BRL, otherwise NULL where there is no quotation."""
        quoted = quotation != ABSENT
        units = np.full(len(quotation), ONE_RATE)
        units[quoted] = self.rate[quotation[quoted]]
        return Number(units, quoted | currency.is_(BRL), RATE)


def with_ptax(commitments: Columns, quotations: Quotations) -> Columns:
    """Return commitments with ``taxa_ptax``, ``data_ptax`` and ``dias_defasagem_ptax``.

    Parameters
    ----------
    commitments : Columns
        Has ``moeda_origem`` and ``dia_ptax`` (the date whose rate applies; NULL where unknown).
    quotations : Quotations

    Notes
    -----
    For BRL the rate is 1, without date and lag. Without a quotation yet, or without a currency, all three are NULL.
    """
    currency, date = commitments.text("moeda_origem"), commitments.number("dia_ptax")
    quotation = quotations.on(currency, date)
    quoted = quotation != ABSENT
    day = np.zeros(len(quotation), np.int64)
    day[quoted] = quotations.day[quotation[quoted]]
    ptax: dict[str, ColumnData] = {
        "taxa_ptax": quotations.rates(currency, quotation),
        "data_ptax": Number(day, quoted, pa.date32()),
        "dias_defasagem_ptax": Number(date.units - day, quoted, pa.int64()),
    }
    return commitments.with_(ptax)


def variation(foreign: Units, difference: Units) -> Units:
    """Return ``foreign * (taxa_ptax - taxa_cambio_aplicada)`` in cents, half-up (ties away from zero).

    Parameters
    ----------
    foreign : numpy int64, shape (n,)
        Hundredths of the currency's unit.
    difference : numpy int64, shape (n,)
        The difference of the two rates, in millionths of a real.
    """
    result = np.zeros(len(foreign), np.int64)
    # Most commitments are in reais, and have no variation.
    varies = np.flatnonzero(difference)
    result[varies] = mul_div_half_up(foreign[varies], difference[varies], np.int64(ONE_RATE))
    return result
