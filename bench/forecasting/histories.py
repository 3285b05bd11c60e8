"""Synthetic histories of a currency whose processes are known."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DAYS: Final = 750
AHEAD: Final = 21
FUTURES: Final = 200
FIRST: Final = np.datetime64("2022-01-03")
# One day's standard deviation: that of the real against the dollar, roughly.
DEVIATION: Final = 0.009
# GARCH(1,1): how much of the variance comes from the day before, and how much stays.
SHOCK: Final = 0.1
STAYS: Final = 0.88


@dataclass(frozen=True)
class History:
    """One currency.

    Attributes
    ----------
    dates : numpy datetime64[D], shape (quotations,)
    rates : numpy float64, shape (quotations,)
        Reais, six digits.
    futures : numpy float64, shape (FUTURES, AHEAD)
        Log returns of the days after the last one, drawn from its process.
    """

    dates: Any
    rates: Floats
    futures: Floats


def history(seed: int, kind: str) -> History:
    """Return a history of a kind of three years, and what may come after it."""
    random = np.random.default_rng([seed, list(KINDS).index(kind)])
    returns, futures = KINDS[kind](random)
    dates = np.busday_offset(FIRST, np.arange(DAYS + 1), roll="forward")
    rates = np.round(5 * np.exp(np.concatenate([[0.0], np.cumsum(returns)])), 6)
    kept = _with_gaps(random) if kind == "gaps" else np.ones(DAYS + 1, np.bool_)
    return History(dates[kept], rates[kept], futures)


def _with_gaps(random: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return which days are quoted: one in eight is not, and five times there is none for one to two weeks."""
    kept = random.random(DAYS + 1) > 0.125
    for start in random.integers(1, DAYS - 10, 5):
        kept[start : start + random.integers(5, 11)] = False
    kept[[0, -1]] = True
    return kept


def _normal(random: np.random.Generator) -> tuple[Floats, Floats]:
    return random.normal(0, DEVIATION, DAYS), random.normal(0, DEVIATION, (FUTURES, AHEAD))


def _student(random: np.random.Generator) -> tuple[Floats, Floats]:
    """Four degrees of freedom: a variance of 2 before it is scaled."""
    scale = DEVIATION / np.sqrt(2)
    return random.standard_t(4, DAYS) * scale, random.standard_t(4, (FUTURES, AHEAD)) * scale


def _garch(random: np.random.Generator) -> tuple[Floats, Floats]:
    """Calm and stormy times follow one another; the mean variance is that of the others."""
    base = DEVIATION**2 * (1 - SHOCK - STAYS)

    def walk(variance: Any, days: int, shape: tuple[int, ...]) -> tuple[list[Any], Any]:
        returns = []
        for _ in range(days):
            now = random.normal(0, 1, shape) * np.sqrt(variance)
            variance = base + SHOCK * now**2 + STAYS * variance
            returns.append(now)
        return returns, variance

    returns, variance = walk(np.full((1,), DEVIATION**2), DAYS, (1,))
    futures, _ = walk(np.full(FUTURES, variance[0]), AHEAD, (FUTURES,))
    return np.concatenate(returns), np.stack(futures, axis=-1)


KINDS: Final[dict[str, Callable[[np.random.Generator], tuple[Floats, Floats]]]] = {
    "normal": _normal,
    "t4": _student,
    "gaps": _normal,
    "GARCH": _garch,
}
# Where no day knows of the day before: what the goal is about.
INDEPENDENT: Final = ("normal", "t4", "gaps")
