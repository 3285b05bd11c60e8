"""What is usual: what a number that is measured run by run is expected to be next, and how far it strays. Pure.

Numbers are whole (rows, cents, minutes, parts per million), and so is all that is computed of them: the same on every
machine, and no amount becomes a float. Medians in place of means: what was odd once does not become usual by that.
"""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# Of fewer runs nothing is said.
LEAST_RUNS: Final = 10
# How many spreads a number may stray from what is expected.
TIMES: Final = 6
# A number is compared with the runs before it: so many of them, of which an odd one is outvoted.
_BEFORE: Final = 3
# A season is known of a weekday, or a day of the month, that had so many other runs.
_OF_SEASON: Final = 3
# What describes the past with less error than another has to do so by this share: seasons are found in any noise.
_BETTER: Final = (7, 8)
# A spread by the median error, and by the one that nine of ten do not exceed, as those of a normal distribution are.
_BY_MEDIAN: Final = (14826, 10000)
_BY_NINE_OF_TEN: Final = (10000, 16449)


@dataclass(frozen=True, order=True)
class Point:
    """A number that was measured.

    Attributes
    ----------
    at : datetime
        With its time zone.
    value : int
    """

    at: datetime
    value: int


class Season(StrEnum):
    """By what runs are told apart, of which the same is expected."""

    none = ""
    weekday = "weekday"
    day = "day of month"
    both = "weekday and day of month"


@dataclass(frozen=True)
class Usual:
    """What is usual of a number at a moment.

    Attributes
    ----------
    expected : int
    spread : int
        How far runs stray from what is expected of them; at least 1.
    runs : int
        Of how many runs that is known.
    season : Season
    """

    expected: int
    spread: int
    runs: int
    season: Season

    @property
    def least(self) -> int:
        """The least number that is usual."""
        return self.expected - TIMES * self.spread

    @property
    def most(self) -> int:
        """The greatest number that is usual."""
        return self.expected + TIMES * self.spread

    def is_usual(self, value: int) -> bool:
        """Return whether a number is usual."""
        return self.least <= value <= self.most

    def times(self, value: int) -> int:
        """Return how many times the spread a number is from what is expected, in tenths, rounded."""
        return (20 * abs(value - self.expected) + self.spread) // (2 * self.spread)


def usual(history: Sequence[Point], at: datetime, least_spread: Callable[[int], int]) -> Usual | None:
    """Return what is usual at a moment, by runs that do not include the one in question; None of too few runs.

    Parameters
    ----------
    history : sequence of Point
        In any order.
    at : datetime
        With its time zone: its weekday and day of the month, in UTC, count.
    least_spread : callable
        Takes what is expected, and returns what a spread is at least: constants stray by nothing.
    """
    points = sorted(history)
    if len(points) < LEAST_RUNS:
        return None
    model = _best(points)
    expected = model.next(at)
    return Usual(expected, max(model.spread, least_spread(expected), 1), len(points), model.season)


def course(history: Sequence[Point], least_spread: Callable[[int], int]) -> list[Usual | None]:
    """Return what is usual at each point of a history, itself left out of what it is held against.

    The newest is held against those before it, any other against those after it as well. None for the first few points,
    and for all of them where there are too few runs.

    Parameters
    ----------
    history : sequence of Point
        In the order of time.
    least_spread : callable
        As for `usual`.
    """
    if len(history) <= LEAST_RUNS:
        return [None] * len(history)
    model = _best(history)
    known = [
        Usual(
            expected,
            max(model.spread_without(abs(point.value - expected)), least_spread(expected), 1),
            len(history) - 1,
            model.season,
        )
        for point, expected in zip(history[_BEFORE:-1], model.expected[:-1], strict=True)
    ]
    # The newest is held against what was before it, as when it was judged.
    return [*[None] * _BEFORE, *known, usual(history[:-1], history[-1].at, least_spread)]


# ---- what describes the past -----------------------------------------------------------------------------------------


def _weekday(at: datetime) -> Hashable:
    return at.weekday()


def _day(at: datetime) -> Hashable:
    """Return the day of the month; the last one is the last of every month."""
    return 0 if (at + timedelta(days=1)).day == 1 else at.day


_GROUPS: Final = {Season.none: (), Season.weekday: (_weekday,), Season.day: (_day,), Season.both: (_weekday, _day)}


@dataclass(frozen=True)
class _Model:
    """The past described: by a level, or by steps from the runs before; and either by seasons.

    Attributes
    ----------
    season : Season
    expected : tuple of int
        Of each point but the first `_BEFORE`, itself left out.
    errors : tuple of int
        By how much each of these points strays from that, without a sign; in ascending order.
    next : callable
        Takes a moment, and returns what is expected then.
    """

    season: Season
    expected: tuple[int, ...]
    errors: tuple[int, ...]
    next: Callable[[datetime], int]

    @property
    def spread(self) -> int:
        """How far points stray: by their median error, or by nine of ten where the few are not like the many."""
        return _spread(self.errors)

    def spread_without(self, error: int) -> int:
        """Return the same without one of the points, by its error."""
        rank = bisect_left(self.errors, error)
        return _spread((*self.errors[:rank], *self.errors[rank + 1 :]))


def _best(points: Sequence[Point]) -> _Model:
    """Return the simplest description that no other one betters by much."""
    best, *others = (
        described(season, groups, points) for season, groups in _GROUPS.items() for described in (_level, _steps)
    )
    for model in others:
        if sum(model.errors) * _BETTER[1] < sum(best.errors) * _BETTER[0]:
            best = model
    return best


_Groups = Sequence[Callable[[datetime], Hashable]]


def _level(season: Season, groups: _Groups, points: Sequence[Point]) -> _Model:
    values = [each.value for each in points]
    fit = _Fit.of(groups, [each.at for each in points], values)
    return _Model(season, tuple(fit.expected[_BEFORE:]), _errors(fit.expected[_BEFORE:], values[_BEFORE:]), fit.next)


def _steps(season: Season, groups: _Groups, points: Sequence[Point]) -> _Model:
    values = [each.value for each in points]
    before = [_middle(sorted(values[at - _BEFORE : at])) for at in range(_BEFORE, len(values))]
    steps = [value - base for value, base in zip(values[_BEFORE:], before, strict=True)]
    fit = _Fit.of(groups, [each.at for each in points[_BEFORE:]], steps)
    expected = [base + step for base, step in zip(before, fit.expected, strict=True)]
    last = _middle(sorted(values[-_BEFORE:]))
    return _Model(season, tuple(expected), _errors(expected, values[_BEFORE:]), lambda at: last + fit.next(at))


def _errors(expected: Sequence[int], values: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(abs(value - one) for value, one in zip(values, expected, strict=True)))


@dataclass(frozen=True)
class _Fit:
    """Medians of all, and then of what remains in each season.

    Attributes
    ----------
    expected : sequence of int
        Of each point, itself left out.
    next : callable
        Takes a moment, and returns what is expected then.
    """

    expected: Sequence[int]
    next: Callable[[datetime], int]

    @classmethod
    def of(cls, groups: _Groups, moments: Sequence[datetime], values: Sequence[int]) -> "_Fit":
        expected = [0] * len(values)
        medians: list[tuple[Callable[[datetime], Hashable], dict[Hashable, int]]] = []
        for group in (lambda _: None, *groups):
            names = [group(moment) for moment in moments]
            rest = [value - one for value, one in zip(values, expected, strict=True)]
            others, of_group = _left_out(names, rest)
            expected = [one + other for one, other in zip(expected, others, strict=True)]
            medians.append((group, of_group))
        return cls(expected, lambda at: sum(found.get(group(at), 0) for group, found in medians))


def _left_out(names: Sequence[Hashable], values: Sequence[int]) -> tuple[list[int], dict[Hashable, int]]:
    """Return for each value the median of the others of its group, and the median of each group; 0 of too few."""
    places: dict[Hashable, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    others, medians = [0] * len(values), {}
    for name, own in places.items():
        own.sort(key=lambda place: (values[place], place))
        ranked = [values[place] for place in own]
        if len(ranked) >= _OF_SEASON:
            medians[name] = _middle(ranked)
        if len(ranked) > _OF_SEASON:
            for rank, place in enumerate(own):
                others[place] = _middle_without(ranked, rank)
    return others, medians


def _spread(errors: Sequence[int]) -> int:
    """Return how far points stray that have these errors, in ascending order."""
    nine_of_ten = errors[-(-9 * len(errors) // 10) - 1]
    return max(_scaled(_middle(errors), _BY_MEDIAN), _scaled(nine_of_ten, _BY_NINE_OF_TEN))


def _middle(ranked: Sequence[int]) -> int:
    """Return the median of numbers in ascending order, rounded down."""
    return (ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) // 2


def _middle_without(ranked: Sequence[int], rank: int) -> int:
    """Return the median of numbers in ascending order, one of them left out."""
    rest = len(ranked) - 1
    low, high = (rest - 1) // 2, rest // 2
    return (ranked[low + (low >= rank)] + ranked[high + (high >= rank)]) // 2


def _scaled(number: int, by: tuple[int, int]) -> int:
    return -(-number * by[0] // by[1])
