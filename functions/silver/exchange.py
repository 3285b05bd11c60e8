"""PTAX: which quotation holds for a commitment, and what the exchange variation is."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.as_of import NONE, as_of
from lakehouse.keys import find
from lakehouse.money import ONE_RATE, RATE_SCALE, Mask, Units, from_units, mul_div_half_up, to_units
from lakehouse.segments import Index

BRL: Final = "BRL"


def days(column: pa.ChunkedArray | pa.Array) -> Index:
    """Return a date column as days since 1970-01-01; NULLs become 0."""
    numbers = pc.fill_null(pc.cast(pc.cast(column, pa.int32()), pa.int64()), 0)
    return np.asarray(numbers.to_numpy(), np.int64)


def dates(day: Index, valid: Mask | None = None) -> pa.Array:
    """Return days since 1970-01-01 as dates; NULL where not valid."""
    return pa.array(day.astype("datetime64[D]"), pa.date32(), mask=None if valid is None else ~valid)


@dataclass(frozen=True)
class Quotations:
    """Bronze ``cambio``, ready to be asked for the quotation that holds on a day.

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
        return cls(
            currencies, find(cambio["moeda"], currencies), days(cambio["data_cotacao"]), to_units(cambio["taxa_ptax"])
        )

    def on(self, currency: pa.ChunkedArray | pa.Array, date: pa.ChunkedArray | pa.Array) -> Index:
        """Return the quotation of each row's currency on or before its date; `NONE` for BRL or where there is none."""
        numbers = find(currency, self.currencies)
        unasked = pc.or_kleene(pc.is_null(date), pc.fill_null(pc.equal(currency, BRL), False))
        numbers[np.asarray(unasked.to_numpy(zero_copy_only=False), bool)] = NONE
        return as_of(numbers, days(date), self.currency, self.day)


def with_ptax(commitments: pa.Table, quotations: Quotations) -> pa.Table:
    """Add ``taxa_ptax``, ``data_ptax`` and ``dias_defasagem_ptax`` to commitments.

    Parameters
    ----------
    commitments : pa.Table
        Has ``moeda_origem`` and ``dia_ptax`` (the date whose rate applies; NULL where unknown).
    quotations : Quotations

    Notes
    -----
    BRL: rate 1, no date, no lag. No quotation yet, or no currency: all three NULL.
    """
    found = quotations.on(commitments["moeda_origem"], commitments["dia_ptax"])
    quoted = found != NONE
    brl = is_brl(commitments["moeda_origem"])
    rate, day = np.full(len(found), ONE_RATE), np.zeros(len(found), np.int64)
    rate[quoted] = quotations.rate[found[quoted]]
    day[quoted] = quotations.day[found[quoted]]
    lag = days(commitments["dia_ptax"]) - day
    return (
        commitments.append_column("taxa_ptax", from_units(rate, RATE_SCALE, brl | quoted))
        .append_column("data_ptax", dates(day, quoted))
        .append_column("dias_defasagem_ptax", pa.array(lag, mask=~quoted))
    )


def is_brl(currency: pa.ChunkedArray | pa.Array) -> Mask:
    """Return where the currency is the real; False where it is unknown."""
    return np.asarray(pc.fill_null(pc.equal(currency, BRL), False).to_numpy(zero_copy_only=False), bool)


def variation(foreign: Units, difference: Units) -> Units:
    """Return ``foreign * (taxa_ptax - taxa_cambio_aplicada)`` in cents, half-up (ties away from zero).

    Parameters
    ----------
    foreign : numpy int64, shape (n,)
        Hundredths of the currency's unit.
    difference : numpy int64, shape (n,)
        Of the two rates, in millionths of a real.
    """
    return mul_div_half_up(foreign, difference, np.int64(ONE_RATE))
