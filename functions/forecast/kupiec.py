"""Whether a value at risk is exceeded as often as it says.

Source: Kupiec (1995), *Techniques for Verifying the Accuracy of Risk Measurement Models*, Journal of Derivatives 3(2):
the proportion of failures.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from forecast.quotations import Floats
from forecast.var import LAMBDA, NORMAL

WINDOW: Final = 250
LEAST_TESTED: Final = 100


@dataclass(frozen=True)
class Tested:
    """How often a one-day value at risk of 95 % was exceeded.

    Attributes
    ----------
    exceptions, days : int
    p_value : float
        The probability of at least so unlikely a number, were the value at risk right.
    """

    exceptions: int
    days: int
    p_value: float


def p_value(exceptions: int, days: int, expected: float) -> float:
    """Return Kupiec's p-value: twice the log-likelihood ratio is chi-squared with one degree of freedom.

    Parameters
    ----------
    exceptions, days : int
    expected : float
        The probability of an exception that the value at risk claims.
    """
    ratio = -2 * (_log_likelihood(exceptions, days, expected) - _log_likelihood(exceptions, days, exceptions / days))
    # The chi-squared distribution with one degree of freedom is that of a squared normal variable.
    return math.erfc(math.sqrt(max(ratio, 0.0) / 2))


def _log_likelihood(exceptions: int, days: int, probability: float) -> float:
    terms = ((exceptions, probability), (days - exceptions, 1 - probability))
    return sum(count * math.log(chance) for count, chance in terms if count)


def historical(returns: Floats, percent: int = 95) -> Tested | None:
    """Test the quantile of the 250 returns before each; None with fewer than 100 to test.

    Parameters
    ----------
    returns : numpy float64, shape (days,)
        One-day returns, the oldest first.
    """
    if len(returns) - WINDOW < LEAST_TESTED:
        return None
    before = np.sort(np.lib.stride_tricks.sliding_window_view(returns, WINDOW)[:-1], axis=-1)
    rank = -(-(WINDOW + 1) * percent // 100)
    return _tested(returns[WINDOW:] > before[:, rank - 1], percent)


def ewma(returns: Floats, percent: int = 95) -> Tested | None:
    """Test the exponentially weighted deviation of the days before each, on the same days as `historical`."""
    if len(returns) - WINDOW < LEAST_TESTED:
        return None
    variance, weight, before = 0.0, 0.0, []
    for square in (returns * returns).tolist():
        before.append(variance / weight if weight else 0.0)
        variance, weight = LAMBDA * variance + square, LAMBDA * weight + 1
    limit = NORMAL[percent] * np.sqrt(before[WINDOW:])
    return _tested(returns[WINDOW:] > limit, percent)


def _tested(exceeded: np.ndarray[tuple[int], np.dtype[np.bool_]], percent: int) -> Tested:
    exceptions, days = int(exceeded.sum()), len(exceeded)
    return Tested(exceptions, days, p_value(exceptions, days, 1 - percent / 100))
