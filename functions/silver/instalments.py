"""What one instalment really is: the export repeats the whole order's value in every one of its rows."""

import numpy as np

from lakehouse.engine.arrays import Mask
from lakehouse.engine.money import Units
from lakehouse.engine.segments import Index


def repeats_total(value: Units, order_total: Units, instalments: Index) -> Mask:
    """Return where a payment of several instalments states the whole order's value.

    Parameters
    ----------
    value, order_total : numpy int64, shape (n,)
        Cents.
    instalments : numpy int64, shape (n,)
        How many the order's payment has.
    """
    return np.asarray((instalments > 1) & (value == order_total))


def instalment(value: Units, instalments: Index, current: Index) -> Units:
    """Return instalment ``current`` (from 1) of a value shared equally, odd cents to the first ones."""
    quotient, odd = np.divmod(value, instalments)
    return np.asarray(quotient + (current <= odd), np.int64)
