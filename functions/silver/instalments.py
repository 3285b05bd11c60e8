"""The real value of an instalment: the export may repeat the whole order's value in each of its instalments."""

import numpy as np

from lakehouse.engine.arrays import Mask
from lakehouse.engine.money import Units
from lakehouse.engine.segments import Index


def repeats_total(value: Units, order_total: Units, instalments: Index) -> Mask:
    """Return which payments in several instalments state the whole order's value.

    Parameters
    ----------
    value, order_total : numpy int64, shape (n,)
        Cents.
    instalments : numpy int64, shape (n,)
        How many instalments the order is paid in.
    """
    return np.asarray((instalments > 1) & (value == order_total))


def instalment(value: Units, instalments: Index, current: Index) -> Units:
    """Return instalment ``current`` (from 1) of a value shared equally; the first ones get the cents left over."""
    quotient, left_over = np.divmod(value, instalments)
    return np.asarray(quotient + (current <= left_over), np.int64)
