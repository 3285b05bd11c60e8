"""The candidates: each forecasts every series from every origin at once.

All have one form, ``method(y, origin) -> forecasts``:

y : numpy float64, shape (series, months)
    Each series from its own first month on; what stands after its last month does not matter.
origin : numpy int64, shape (series, origins)
    How many months each origin knows. A forecast is made of ``y[:, :origin]`` alone, its parameters included.
forecasts : numpy float64, shape (series, origins, HORIZONS)
    NaN where the method needs more months than the origin knows.

Exponential smoothing runs once over all months for every point of a grid of parameters and keeps each month's state
and the squared one-month errors so far. An origin then takes the point that did best until it, so that nothing later
decides, no optimiser has a last bit to differ in, and all origins cost one pass. Ties go to the first point.

Sources: Hyndman & Athanasopoulos, *Forecasting: Principles and Practice* (3rd ed.), chapters 5 and 8; Assimakopoulos
& Nikolopoulos (2000) and Hyndman & Billah (2003) for Theta; Fiorucci et al. (2016) for its test of seasonality.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from forecast.series import HORIZONS

Floats = npt.NDArray[np.float64]
Origins = npt.NDArray[np.int64]
Method = Callable[[Floats, Origins], Floats]

YEAR: Final = 12
# With less than two years there is no telling a season from chance.
SEASONAL_FROM: Final = 2 * YEAR
# Sums of squared errors that differ by less are the same: no processor's last bit decides.
_SAME: Final = 1e-9

_AHEAD: Final = np.arange(1, HORIZONS + 1)


def naive(y: Floats, origin: Origins) -> Floats:
    """Every month is like the last one."""
    return np.repeat(_at(y, origin - 1)[..., None], HORIZONS, axis=-1)


def mean_of_three(y: Floats, origin: Origins) -> Floats:
    """Every month is the mean of the last three."""
    mean = (_at(y, origin - 3) + _at(y, origin - 2) + _at(y, origin - 1)) / 3
    return np.repeat(mean[..., None], HORIZONS, axis=-1)


def seasonal_naive(y: Floats, origin: Origins) -> Floats:
    """Every month is like the same one a year before."""
    return np.stack([_at(y, origin + ahead - 1 - YEAR) for ahead in _AHEAD], axis=-1)


def simple_smoothing(y: Floats, origin: Origins) -> Floats:
    """Follow the level of the series (simple exponential smoothing)."""
    level, _ = _best_levels(y[:, None, :], origin[..., None])
    return np.repeat(level[..., 0, None], HORIZONS, axis=-1)


def damped_trend(y: Floats, origin: Origins) -> Floats:
    """Exponential smoothing with a damped trend (Gardner & McKenzie 1985)."""
    grid = _grid((0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9), (0.02, 0.05, 0.1, 0.2, 0.4), (0.8, 0.9, 0.98), (0.0, 1.0))
    alpha, beta, phi, begins = grid
    half = YEAR // 2
    slope = (y[:, half:YEAR].mean(-1) - y[:, :half].mean(-1)) / half
    trend = begins * slope[:, None]
    level = y[:, :half].mean(-1)[:, None] - trend * (half + 1) / 2
    states = _Best(y, len(alpha), 2)
    for month in range(y.shape[1]):
        expected = level + phi * trend
        error = y[:, month, None] - expected
        level, trend = expected + alpha * error, phi * trend + alpha * beta * error
        states.add(month, error, level, trend)
    best, (level, trend) = states.until(origin)
    return level[..., None] + trend[..., None] * _damped(phi[best])


def holt_winters_log(y: Floats, origin: Origins) -> Floats:
    """Damped Holt-Winters on logarithms: trend and season multiply; needs two years, and value in every month."""
    grid = _grid((0.05, 0.1, 0.2, 0.4, 0.7), (0.02, 0.1, 0.3), (0.02, 0.1, 0.3), (0.9, 0.98))
    alpha, beta, gamma, phi = grid
    if y.shape[1] < SEASONAL_FROM:
        return np.full((*origin.shape, HORIZONS), np.nan)
    z = _logarithms(y)
    first, second = z[:, :YEAR], z[:, YEAR:SEASONAL_FROM]
    slope = (second.mean(-1) - first.mean(-1)) / YEAR
    middle = (YEAR - 1) / 2
    line = first.mean(-1)[:, None] + slope[:, None] * (np.arange(SEASONAL_FROM) - middle)
    seasons = (z[:, :SEASONAL_FROM] - line).reshape(len(z), 2, YEAR).mean(1)
    shape = (len(z), len(alpha))
    season = np.repeat((seasons - seasons.mean(-1, keepdims=True))[:, None, :], len(alpha), axis=1)
    trend = np.broadcast_to(slope[:, None], shape)
    level = np.broadcast_to(line[:, :1] - slope[:, None], shape)
    states = _Best(y, len(alpha), 2 + YEAR)
    for month in range(z.shape[1]):
        now = month % YEAR
        expected = level + phi * trend
        error = z[:, month, None] - expected - season[..., now]
        level, trend = expected + alpha * error, phi * trend + alpha * beta * error
        season = season.copy()
        season[..., now] += gamma * (1 - alpha) * error
        states.add(month, error, level, trend, *np.moveaxis(season, -1, 0))
    best, (level, trend, *season_of) = states.until(origin)
    ahead = (origin[..., None] + _AHEAD - 1) % YEAR
    in_season = np.take_along_axis(np.stack(season_of, axis=-1), ahead, axis=-1)
    forecasts = _exponentials(level[..., None] + trend[..., None] * _damped(phi[best]) + in_season)
    has_value = np.cumsum(y <= 0, axis=-1)[np.arange(len(y))[:, None], origin - 1] == 0
    return np.where((has_value & (origin >= SEASONAL_FROM))[..., None], forecasts, np.nan)


def theta(y: Floats, origin: Origins) -> Floats:
    """Theta: half the line through all months, and simple exponential smoothing; seasonal where a test says so."""
    index = _seasonal_indices(y, origin)
    months = np.arange(y.shape[1])
    adjusted = y[:, None, :] / index[:, :, months % YEAR]
    level, alpha = _best_levels(adjusted, origin[..., None])
    level, alpha = level[..., 0], alpha[..., 0]
    slope = _slope(adjusted, origin)
    drift = (1 - (1 - alpha) ** origin) / alpha
    line = level[..., None] + slope[..., None] / 2 * (_AHEAD - 1 + drift[..., None])
    return line * np.take_along_axis(index, (origin[..., None] + _AHEAD - 1) % YEAR, axis=-1)


# By name, the simplest first: what forecasts as well as a simpler one is not chosen.
METHODS: Final[Mapping[str, Method]] = {
    "NAIVE": naive,
    "MEDIA_3M": mean_of_three,
    "SAZONAL": seasonal_naive,
    "SES": simple_smoothing,
    "TENDENCIA_AMORTECIDA": damped_trend,
    "THETA": theta,
    "HOLT_WINTERS_LOG": holt_winters_log,
}


class _Best:
    """Every month's state of every point of a grid, and which point did best until an origin."""

    def __init__(self, y: Floats, points: int, states: int) -> None:
        self._states = np.empty((states, y.shape[1], len(y), points))
        self._squares = np.zeros((y.shape[1], len(y), points))
        self._so_far: Any = 0.0

    def add(self, month: int, error: Floats, *states: Floats) -> None:
        self._so_far = self._so_far + error * error
        self._squares[month] = self._so_far
        for kept, state in zip(self._states, states, strict=True):
            kept[month] = state

    def until(self, origin: Origins) -> tuple[npt.NDArray[np.int64], list[Floats]]:
        """Return the best point of each origin, and its states, each of the shape of ``origin``."""
        series = np.arange(len(origin))[:, None]
        best = least(self._squares[origin - 1, series])
        return best, [kept[origin - 1, series, best] for kept in self._states]


def least(values: Floats) -> npt.NDArray[np.int64]:
    """Return the first position on the last axis whose value is the least, or differs from it by rounding alone."""
    smallest = values.min(-1, keepdims=True)
    largest = np.where(np.isfinite(values), values, 0).max(-1, keepdims=True)
    same = np.maximum(smallest * _SAME, largest * _SAME**2)
    return np.asarray((values <= smallest + same).argmax(-1), np.int64)


def _best_levels(y: Floats, origin: Origins) -> tuple[Floats, Floats]:
    """Return level and alpha of simple exponential smoothing, which each origin chooses by what it knows.

    Parameters
    ----------
    y : numpy float64, shape (series, variants, months)
    origin : numpy int64, shape (series, variants, origins), or with one variant that stands for all
        Where there is one variant a series, ``origin`` may be (series, origins, 1), as each origin's own.

    Returns
    -------
    levels, alphas : numpy float64, of the shape of ``origin``
    """
    series, variants, months = y.shape
    alphas = np.arange(1, 20) / 20
    flat = y.reshape(series * variants, months)
    level = np.repeat(flat[:, : YEAR // 2].mean(-1)[:, None], len(alphas), axis=1)
    states = _Best(flat, len(alphas), 1)
    for month in range(months):
        error = flat[:, month, None] - level
        level = level + alphas * error
        states.add(month, error, level)
    asked = origin.reshape(series * variants, -1)
    best, (level,) = states.until(asked)
    return level.reshape(origin.shape), alphas[best].reshape(origin.shape)


def _seasonal_indices(y: Floats, origin: Origins) -> Floats:
    """Return by how much each calendar month stands above a year's mean, as each origin knows it; else ones.

    Ratios to a centred moving average of twelve months (classical decomposition), where the autocorrelation of a
    year's lag is significant at 10 % (the test of the Theta method in the M competitions), from two years on.

    Returns
    -------
    numpy float64, shape (series, origins, YEAR)
        By the number of a month in its series, modulo 12.
    """
    ones = np.ones((*origin.shape, YEAR))
    months, half = y.shape[1], YEAR // 2
    if months < SEASONAL_FROM:
        return ones
    total = np.cumsum(np.pad(y, ((0, 0), (1, 0))), axis=-1)
    twelve = total[:, YEAR:] - total[:, :-YEAR]  # of the months i .. i + 11
    centred = (twelve[:, :-1] + twelve[:, 1:]) / (2 * YEAR)  # around the month i + 6
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(centred > 0, y[:, half:-half] / centred, np.nan)
    at = np.arange(half, months - half)
    known = (at < (origin - half)[..., None]) & np.isfinite(ratio)[:, None, :]
    sums, counts = np.zeros_like(ones), np.zeros_like(ones)
    for month in range(YEAR):
        of_month = known[..., at % YEAR == month]
        sums[..., month] = np.where(of_month, np.nan_to_num(ratio)[:, None, at % YEAR == month], 0).sum(-1)
        counts[..., month] = of_month.sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        index = sums / counts
        index = index / index.mean(-1, keepdims=True)
    # A month in which hardly anything ever leaves cannot be divided by.
    usable = (counts > 0).all(-1) & (index > 0.05).all(-1) & (origin >= SEASONAL_FROM)
    return np.where((usable & _is_seasonal(y, origin))[..., None], index, ones)


def _is_seasonal(y: Floats, origin: Origins) -> npt.NDArray[np.bool_]:
    """Return whether the autocorrelation at twelve months is significant (Fiorucci et al. 2016)."""
    known = np.arange(y.shape[1]) < origin[..., None]
    count = origin[..., None]
    centred = np.where(known, y[:, None, :], 0)
    centred = np.where(known, centred - centred.sum(-1, keepdims=True) / count, 0)
    variance = (centred * centred).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        lags = [(centred[..., lag:] * centred[..., :-lag]).sum(-1) / variance for lag in range(1, YEAR + 1)]
    limit = 1.645 * np.sqrt((1 + 2 * np.sum(np.square(lags[:-1]), axis=0)) / origin)
    return np.asarray(lags[-1] > limit)


def _slope(y: Floats, origin: Origins) -> Floats:
    """Return the slope of the least-squares line through the months that each origin knows."""
    months = np.arange(y.shape[-1])
    middle = (origin[..., None] - 1) / 2
    from_middle = np.where(months < origin[..., None], months - middle, 0)
    return np.asarray((from_middle * y).sum(-1) / (from_middle * from_middle).sum(-1))


def _damped(phi: Floats) -> Floats:
    """Return how much of the trend has come after 1 .. HORIZONS months."""
    return np.cumsum(phi[..., None] ** _AHEAD, axis=-1)


def _grid(*axes: tuple[float, ...]) -> list[Floats]:
    """Return every combination, a flat array an axis."""
    return [axis.ravel() for axis in np.meshgrid(*map(np.array, axes), indexing="ij")]


def _at(y: Floats, month: Origins) -> Floats:
    return np.take_along_axis(y, month, axis=-1)


# From the C library: the last bit of numpy's vectorised functions differs from one processor to another.
def _logarithms(y: Floats) -> Floats:
    """Return the logarithms; of months without value that of 1, which nothing rests on."""
    return np.array([math.log(value) if value > 0 else 0.0 for value in y.ravel().tolist()]).reshape(y.shape)


def _exponentials(z: Floats) -> Floats:
    return np.array([math.exp(min(value, 700.0)) for value in z.ravel().tolist()]).reshape(z.shape)
