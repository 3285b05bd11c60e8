"""The backtest: what each method would have said from the last origins, and which method is chosen for it.

A rolling origin (Hyndman & Athanasopoulos, chapter 5.10): each of the last twelve months in turn is the last one that
is known, and the months after it, six at most and none beyond the series' end, are forecast and compared. An origin
knows a year at least, so a series of 18 months, the shortest, has six of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.methods import METHODS, YEAR, Floats, least
from forecast.series import HORIZONS, Series

ORIGINS: Final = 12
# By how much a benchmark must be better than every model: see `chosen`.
BENCHMARKS: Final = ("NAIVE", "MEDIA_3M", "SAZONAL")
HANDICAP: Final = 0.2
# Origins so many months apart forecast mostly the same months: they know what one of them must not know.
NEIGHBOURS: Final = 2


@dataclass(frozen=True)
class Backtest:
    """What one method, or the sum of several series', said from each origin, and what came.

    The first origin is the oldest. All numbers are cents.

    Attributes
    ----------
    forecasts, actuals : numpy float64, shape (origins, HORIZONS)
        Actuals are NaN beyond the series' end.
    blind : numpy float64, shape (origins, HORIZONS)
        What would have been said had the method been chosen by the other origins alone, neighbours left out. The errors
        of the chosen method are smaller than those to come, as they chose it; these are not.
    levels : numpy float64, shape (origins + 1,)
        The mean of the year before each origin, and at last before the forecast itself: what errors are relative to.
    scale : float
        The mean absolute change from one year to the next, by which errors are divided for the MASE.
    """

    forecasts: Floats
    actuals: Floats
    blind: Floats
    levels: Floats
    scale: float

    @property
    def origins(self) -> int:
        """How many origins there are."""
        return len(self.forecasts)

    @property
    def errors(self) -> Floats:
        """What came less what was said; NaN beyond the series' end."""
        return self.actuals - self.forecasts

    @property
    def blind_errors(self) -> Floats:
        """What came less what would have been said blindly; NaN beyond the series' end."""
        return self.actuals - self.blind

    def mase(self) -> float | None:
        """Return the mean absolute error over that of "as a year ago" (Hyndman & Koehler 2006); None without one."""
        mean = float(np.nanmean(np.abs(self.errors)))
        if self.scale == 0:
            return None
        return mean / self.scale

    def bias(self) -> float | None:
        """Return by how many percent of what came the forecasts lay above it."""
        came = float(np.nansum(self.actuals))
        return -100 * float(np.nansum(self.errors)) / came if came else None


@dataclass(frozen=True)
class Chosen:
    """The method that is chosen for one series, its backtest and its forecast.

    Attributes
    ----------
    method : str
        A name of `forecast.methods.METHODS`.
    forecast : numpy float64, shape (HORIZONS,)
        In cents, not below 0.
    backtest : Backtest
    """

    method: str
    forecast: Floats
    backtest: Backtest


def chosen(series: Sequence[Series], handicap: float = HANDICAP) -> list[Chosen]:
    """Return for each series the method that did best in its backtest; none of them is short.

    The least mean absolute error over all origins and horizons, which is the least MASE; of those that differ from
    it by rounding alone, the simplest. A method that was not possible from every origin does not compete. Twelve
    origins whose months overlap are few: the last months' noise makes one of three rough benchmarks look best in
    every third series. So a benchmark is chosen where it is better than every model by a fifth
    (docs/forecast.md shows what this changes), or as good where nothing was wrong at all.
    """
    if not series:
        return []
    months = np.array([each.months for each in series])
    y = np.zeros((len(series), months.max()))
    for row, each in zip(y, series, strict=True):
        row[: each.months] = each.values
    # The last column is the forecast's own origin: all months are known.
    origin = months[:, None] - ORIGINS + np.arange(ORIGINS + 1)
    is_origin = origin >= YEAR
    origin = np.maximum(origin, YEAR)
    forecasts = np.stack([np.maximum(method(y, origin), 0) for method in METHODS.values()], axis=1)
    actuals = _actuals(y, months, origin[:, :-1])
    actuals[~is_origin[:, :-1]] = np.nan
    errors = np.abs(actuals[:, None] - forecasts[:, :, :-1])
    # A method that is not possible everywhere is infinitely wrong; what did not come yet is not compared.
    impossible = np.isnan(forecasts).any(axis=(2, 3))[:, :, None, None]
    errors = np.where(impossible & ~np.isnan(actuals)[:, None], np.inf, errors)
    names = list(METHODS)
    weights = np.array([1 / (1 - handicap) if name in BENCHMARKS else 1.0 for name in names])
    best = least(np.nanmean(errors, axis=(2, 3)) * weights)
    blind = np.stack([_without(errors, at, weights) for at in range(ORIGINS)], axis=1)
    levels = _levels(y, origin)
    return [
        Chosen(
            names[method],
            forecasts[row, method, -1],
            Backtest(
                forecasts[row, method, :-1][is_origin[row, :-1]],
                actuals[row][is_origin[row, :-1]],
                forecasts[row, blind[row], np.arange(ORIGINS)][is_origin[row, :-1]],
                levels[row][is_origin[row]],
                _yearly_change(y[row, : months[row]]),
            ),
        )
        for row, method in enumerate(best.tolist())
    ]


def summed(parts: Sequence[Backtest], total: Series) -> Backtest:
    """Return the backtest of a sum: what the parts said together, from the origins that all of them have.

    Parameters
    ----------
    parts : sequence of Backtest
        At least one; all of them end with the same month.
    total : Series
        The sum of their series.
    """
    origins = min(part.origins for part in parts)
    return Backtest(
        np.sum([part.forecasts[-origins:] for part in parts], axis=0),
        np.sum([part.actuals[-origins:] for part in parts], axis=0),
        np.sum([part.blind[-origins:] for part in parts], axis=0),
        np.sum([part.levels[-origins - 1 :] for part in parts], axis=0),
        _yearly_change(total.values.astype(np.float64)),
    )


def _without(errors: Floats, at: int, weights: Floats) -> npt.NDArray[np.int64]:
    """Return the method that each series chooses without the errors from one origin and from its neighbours."""
    rest = [origin for origin in range(ORIGINS) if abs(origin - at) > NEIGHBOURS]
    return least(np.nanmean(errors[:, :, rest], axis=(2, 3)) * weights)


def _actuals(y: Floats, months: npt.NDArray[np.int64], origin: npt.NDArray[np.int64]) -> Floats:
    """Return what came after each origin, shape (series, origins, HORIZONS); NaN after the series' last month."""
    at = origin[..., None] + np.arange(HORIZONS)
    came = np.take_along_axis(y[:, None, :], np.minimum(at, y.shape[1] - 1), axis=-1)
    return np.where(at < months[:, None, None], came, np.nan)


def _levels(y: Floats, origin: npt.NDArray[np.int64]) -> Floats:
    """Return the mean of the year before each origin, and where nothing left in it that of all months before."""
    total = np.cumsum(np.pad(y, ((0, 0), (1, 0))), axis=-1)
    until = np.take_along_axis(total, origin, axis=-1)
    year = (until - np.take_along_axis(total, origin - YEAR, axis=-1)) / YEAR
    return np.asarray(np.where(year > 0, year, until / origin))


def _yearly_change(values: Floats) -> float:
    return float(np.abs(values[YEAR:] - values[:-YEAR]).mean())
