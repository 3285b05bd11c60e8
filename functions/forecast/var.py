"""Value at risk of an importer's open amounts: what they may come to cost more until they are due.

A currency that rises by the log return r makes an open amount cost ``amount * (exp(r) - 1)`` more. The value at risk
is a quantile of that, and never below 0. Amounts that are due on different days are added up path by path, each at
its own day: what falls due tomorrow does not bear the risk of half a year.

Sources: J.P. Morgan/Reuters (1996), *RiskMetrics - Technical Document*, 4th ed., chapter 5 (exponentially weighted
moving averages, lambda 0.94, root of time); Jorion (2006), *Value at Risk*, chapter 10 (historical simulation).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.quotations import Floats, History

LAMBDA: Final = 0.94
PATHS: Final = 10_000
SEED: Final = 20_240_101
# Quantiles of the standard normal distribution.
NORMAL: Final[Mapping[int, float]] = {95: 1.6448536269514722, 99: 2.3263478740408408}
_CHUNK: Final = 64
_BITS: Final = 53


@dataclass(frozen=True)
class Positions:
    """Open amounts by the business day they are due.

    Attributes
    ----------
    amount : numpy float64, shape (n,)
        In cents of a real at today's rate, positive.
    days : numpy int64, shape (n,)
        Business days until it is due, at least 1.
    currency : numpy int64, shape (n,)
        The column of the history.
    """

    amount: Floats
    days: npt.NDArray[np.int64]
    currency: npt.NDArray[np.int64]

    def losses(self, log_moves: Mapping[int, Floats]) -> Floats:
        """Return what the amounts come to cost more, in cents.

        Parameters
        ----------
        log_moves : mapping of int to numpy float64, shape (cases, currencies)
            By the number of business days.
        """
        moves = [log_moves[int(days)][:, at] for days, at in zip(self.days, self.currency, strict=True)]
        return np.asarray(sum(amount * np.expm1(move) for amount, move in zip(self.amount, moves, strict=True)))


def covariance(returns: Floats) -> Floats:
    """Return the exponentially weighted covariance of one-day returns, whose mean counts as 0.

    The newest weighs 1, the one before 0.94, and so on; divided by the sum of the weights.

    Parameters
    ----------
    returns : numpy float64, shape (days, currencies)
        At least one day, the oldest first.
    """
    weights = LAMBDA ** np.arange(len(returns) - 1, -1, -1.0)
    columns = returns.shape[1]
    # Not a matrix product: that of BLAS adds up in another order on another processor.
    sums = [[(weights * (returns[:, a] * returns[:, b])).sum() for b in range(columns)] for a in range(columns)]
    return np.array(sums) / weights.sum()


def ewma(positions: Positions, history: History, percent: int) -> float:
    """Return the value at risk by the exponentially weighted covariance and the root of time, in cents.

    That of one amount is ``amount * (exp(z * deviation * sqrt(days)) - 1)``; those of several add up as RiskMetrics
    has it, by their correlations: two amounts move together for as many days as the nearer one is open.
    """
    daily = covariance(history.returns)[positions.currency[:, None], positions.currency]
    deviation = np.sqrt(np.diagonal(daily))
    roots = np.sqrt(positions.days)
    alone = positions.amount * np.expm1(NORMAL[percent] * deviation * roots)
    scale = (deviation * roots)[:, None] * (deviation * roots)
    together = daily * np.minimum(positions.days[:, None], positions.days)
    correlation = np.divide(together, scale, out=np.zeros_like(scale), where=scale > 0)
    return math.sqrt(max(float((alone[:, None] * alone * correlation).sum()), 0.0))


def paths(history: History, days: npt.NDArray[np.int64]) -> dict[int, Floats]:
    """Return where 10,000 paths stand after so many business days, each day drawn from the history with a fixed seed.

    A drawn day brings the returns of all currencies on it, so that they keep moving together. The history's mean is
    taken off: over half a year it would be a forecast of the rate, which two years of quotations cannot give, and
    where a currency fell it would call the risk of a rise nought.

    Returns
    -------
    dict of int to numpy float64, shape (PATHS, currencies)
        Log moves, by the number of business days.
    """
    # The raw bits of a generator never change from one numpy to the next; what is drawn from them may.
    generator = np.random.PCG64(SEED)
    returns = history.returns - history.returns.mean(axis=0)
    moved, at = np.zeros((PATHS, returns.shape[1])), 0
    result: dict[int, Floats] = {}
    for until in sorted(set(days.tolist())):
        while at < until:
            step = min(until - at, _CHUNK - at % _CHUNK)
            bits = generator.random_raw(PATHS * step) >> np.uint64(64 - _BITS)
            drawn = (bits / 2.0**_BITS * history.days).astype(np.int64).reshape(step, PATHS)
            for day in drawn:
                moved = moved + returns[day]
            at += step
        result[until] = moved
    return result


def worst(positions: Positions, history: History) -> float | None:
    """Return the most that the amounts would ever have come to cost more, in cents, from any day of the history on.

    None where the history is shorter than the longest time until one is due.
    """
    longest = int(positions.days.max())
    if longest > history.days:
        return None
    starts = history.days + 1 - longest
    rates = history.log_rates
    moves = {int(days): rates[days : days + starts] - rates[:starts] for days in set(positions.days.tolist())}
    return max(float(positions.losses(moves).max()), 0.0)


def quantile(values: Floats, percent: int) -> float:
    """Return the quantile above which one more value lies with ``100 - percent`` percent at most."""
    ordered = np.sort(values)
    rank = -(-(len(ordered) + 1) * percent // 100)
    return float(ordered[min(rank, len(ordered)) - 1])
