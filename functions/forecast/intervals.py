"""Intervals: as far as it came from what was said in the backtest, it will come again (conformal prediction).

The errors of a backtest are made comparable twice. Relative to the level of the year before their origin, they are of
series of any size; divided by the mean absolute error that the series had *from the other origins*, they are of series
of any noise. What is left, the score, is pooled over the series of one size class, a horizon each, and the interval
reaches from its 5 % to its 95 % quantile, times the series' own mean absolute error and level. Twelve errors of one
series alone cannot tell a quantile of 5 %: 19 is the least that can.

Sources: Vovk, Gammerman & Shafer (2005), *Algorithmic Learning in a Random World*; Barber, Candes, Ramdas &
Tibshirani (2021), *Predictive inference with the jackknife+*, and (2023), *Conformal prediction beyond
exchangeability*; Lei, G'Sell, Rinaldo, Tibshirani & Wasserman (2018), on scores divided by each one's own spread.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.backtest import NEIGHBOURS, Backtest
from forecast.methods import Floats
from forecast.series import HORIZONS

COVERAGE: Final = 0.9
# Fewer values than this have no 5 % and no 95 % quantile: 19 have their least and their greatest one.
LEAST_SCORES: Final = 19

# Lower and upper ends, each of the shape (HORIZONS,).
Interval = tuple[Floats, Floats]


def scores(backtest: Backtest) -> Floats:
    """Return the scores of a backtest, shape (origins, HORIZONS); NaN where nothing came yet."""
    relative, spreads = _relative(backtest), _spreads(backtest)[:, None]
    return np.asarray(np.divide(relative, spreads, out=np.where(np.isnan(relative), np.nan, 0.0), where=spreads > 0))


def size_classes(backtests: Sequence[Backtest]) -> list[list[int]]:
    """Return positions of series by size: the smaller half and the larger one, or all where a half has too few errors.

    The size is the level of the last year. With an odd number the larger half has one more.
    """
    order = sorted(range(len(backtests)), key=lambda at: (float(backtests[at].levels[-1]), at))
    halves = [order[: len(order) // 2], order[len(order) // 2 :]]
    if any(_errors(backtests[at] for at in half) < LEAST_SCORES for half in halves):
        return [order]
    return halves


def _errors(backtests: Iterable[Backtest]) -> int:
    """Return how many errors backtests have at the horizon that has the fewest."""
    return sum(max(backtest.origins - HORIZONS + 1, 0) for backtest in backtests)


def reach(backtest: Backtest) -> float:
    """Return the mean absolute error that is to be expected of a forecast, in cents: how far a score of 1 is."""
    return _mean_absolute(_relative(backtest)) * float(backtest.levels[-1])


def interval(point: Floats, reach: float, pool: Floats) -> Interval:
    """Return the interval of 90 % around a forecast; it contains the forecast, and nothing below 0.

    Parameters
    ----------
    point : numpy float64, shape (HORIZONS,)
    reach : float
        Its `reach`.
    pool : numpy float64, shape (any, HORIZONS)
        The scores of its size class.
    """
    low, high = _quantiles(pool)
    return np.maximum(np.minimum(point + low * reach, point), 0), np.maximum(point + high * reach, point)


def coverage(backtest: Backtest, others: Sequence[Floats]) -> float:
    """Return the percentage of what came that lay in its interval, out of sample.

    An origin's interval is made without what came after that origin and its neighbours, of any series of the class,
    and of a method that was chosen without it.

    Parameters
    ----------
    backtest : Backtest
    others : sequence of numpy float64, shape (origins, HORIZONS)
        The scores of every series of its size class, this one's among them; all end with the same origin.
    """
    inside = total = 0
    for origin, spread in enumerate(_spreads(backtest).tolist()):
        from_end = backtest.origins - origin
        pool = np.concatenate([each[_apart(len(each), len(each) - from_end)] for each in others])
        low, high = interval(backtest.blind[origin], spread * float(backtest.levels[origin]), pool)
        came = backtest.actuals[origin]
        inside += int(((came >= low) & (came <= high)).sum())
        total += int(np.isfinite(came).sum())
    return 100 * inside / total


def _relative(backtest: Backtest) -> Floats:
    """Return the blind errors relative to the level of the year before."""
    return backtest.blind_errors / backtest.levels[:-1, None]


def _spreads(backtest: Backtest) -> Floats:
    """Return the mean absolute relative error from the other origins, shape (origins,); of all where that is 0."""
    relative = _relative(backtest)
    others = np.array([_mean_absolute(relative[_apart(backtest.origins, at)]) for at in range(backtest.origins)])
    return np.where(others > 0, others, _mean_absolute(relative))


def _apart(origins: int, origin: int) -> npt.NDArray[np.bool_]:
    """Return which origins are neither a given one nor its neighbours."""
    return np.asarray(np.abs(np.arange(origins) - origin) > NEIGHBOURS)


def _mean_absolute(relative: Floats) -> float:
    """Return the mean absolute error of those that there are."""
    return float(np.nanmean(np.abs(relative)))


def _quantiles(pool: Floats) -> Interval:
    """Return the 5 % and 95 % quantiles of scores a horizon; of all horizons together where one has too few."""
    low, high = np.empty(HORIZONS), np.empty(HORIZONS)
    for ahead in range(HORIZONS):
        known = np.sort(pool[:, ahead][~np.isnan(pool[:, ahead])])
        if len(known) < LEAST_SCORES:
            known = np.sort(pool[~np.isnan(pool)])
        # Conformal: of n values and one more to come, each is equally likely to be the k-th. Between two of them the
        # quantile is on the line, or it would leap from one horizon to the next as n falls.
        place = max((len(known) + 1) * (1 - COVERAGE) / 2, 1.0)
        below = min(math.floor(place), len(known) - 1)
        along = min(place - below, 1.0)
        low[ahead] = known[below - 1] + along * (known[below] - known[below - 1])
        high[ahead] = known[-below] + along * (known[-below - 1] - known[-below])
    return low, high
