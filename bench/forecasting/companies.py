"""Synthetic companies whose processes are known, so that the truth is: many futures of one history."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MONTHS: Final = 60
AHEAD: Final = 6
FUTURES: Final = 50
YEAR: Final = 12


@dataclass(frozen=True)
class Truth:
    """One series of a company.

    Attributes
    ----------
    kind : str
    history : numpy float64, shape (MONTHS,)
        Reais, whole cents.
    futures : numpy float64, shape (FUTURES, AHEAD)
        What may come after this history, drawn from its process.
    """

    kind: str
    history: Floats
    futures: Floats


def company(seed: int) -> list[Truth]:
    """Return a company's series, one of each kind."""
    return [_series(np.random.default_rng([seed, number]), kind) for number, kind in enumerate(KINDS)]


def _series(random: np.random.Generator, kind: str) -> Truth:
    """Return a level of its own times what its kind makes of it, times lognormal noise of 8 to 30 %."""
    level, noise = np.exp(random.normal(11, 0.7)), random.uniform(0.08, 0.3)
    expected, drawn = KINDS[kind](random)

    def months(first: int, count: int, state: float) -> tuple[Floats, float]:
        factor, state = drawn(count, state)
        values = level * expected[first : first + count] * factor * np.exp(random.normal(-(noise**2) / 2, noise, count))
        return values.round(2), state

    history, state = months(0, MONTHS, 0.0)
    return Truth(kind, history, np.stack([months(MONTHS, AHEAD, state)[0] for _ in range(FUTURES)]))


# What a kind makes of a series: what is expected of every month, shape (MONTHS + AHEAD,), and what is drawn for so many
# months, shape (months,), from a state that it begins with and leaves behind.
Kind = tuple[Floats, Callable[[int, float], tuple[Floats, float]]]

_MONTH: Final = np.arange(MONTHS + AHEAD)


def _nothing(count: int, state: float) -> tuple[Floats, float]:
    return np.ones(count), state


def _plain(_: np.random.Generator) -> Kind:
    return np.ones(len(_MONTH)), _nothing


def _growth(random: np.random.Generator) -> Any:
    """Between 0.8 % less and 2 % more every month."""
    return (1 + random.uniform(-0.008, 0.02)) ** _MONTH


def _season(random: np.random.Generator) -> Any:
    """A yearly wave, and a smaller one of half a year."""
    yearly = random.uniform(0.2, 0.5) * np.sin(2 * np.pi * (_MONTH - random.uniform(0, YEAR)) / YEAR)
    half = random.uniform(0, 0.2) * np.sin(4 * np.pi * (_MONTH - random.uniform(0, YEAR)) / YEAR)
    return np.exp(yearly + half)


def _trend(random: np.random.Generator) -> Kind:
    return _growth(random), _nothing


def _seasonal(random: np.random.Generator) -> Kind:
    return _season(random), _nothing


def _trend_and_season(random: np.random.Generator) -> Kind:
    return _growth(random) * _season(random), _nothing


def _level_shift(random: np.random.Generator) -> Kind:
    """From one month on, not in the first year nor the last, all is 26 to 55 % less, or 35 to 123 % more."""
    since, size = random.integers(YEAR, MONTHS - YEAR), random.choice([-1, 1]) * random.uniform(0.3, 0.8)
    shifted = since <= _MONTH
    return np.where(shifted, np.exp(size), 1.0), _nothing


def _intermittent(random: np.random.Generator) -> Kind:
    """Nothing leaves in 30 to 60 % of the months."""
    chance = random.uniform(0.4, 0.7)

    def drawn(count: int, state: float) -> tuple[Floats, float]:
        return np.where(random.random(count) < chance, 1.0, 0.0), state

    return np.ones(len(_MONTH)), drawn


def _outliers(random: np.random.Generator) -> Kind:
    """Every 25th month or so is 2.5 to 4 times as much."""

    def drawn(count: int, state: float) -> tuple[Floats, float]:
        return np.where(random.random(count) < 0.04, random.uniform(2.5, 4, count), 1.0), state

    return np.ones(len(_MONTH)), drawn


def _random_walk(random: np.random.Generator) -> Kind:
    """The level itself walks, 6 % a month."""

    def drawn(count: int, state: float) -> tuple[Floats, float]:
        walk = state + np.cumsum(random.normal(0, 0.06, count))
        return np.exp(walk), float(walk[-1])

    return np.ones(len(_MONTH)), drawn


KINDS: Final[dict[str, Callable[[np.random.Generator], Kind]]] = {
    "plain": _plain,
    "trend": _trend,
    "seasonal": _seasonal,
    "trend and season": _trend_and_season,
    "level shift": _level_shift,
    "intermittent": _intermittent,
    "outliers": _outliers,
    "random walk": _random_walk,
}
