"""What is usual of a number that is measured run by run, and what is told: on constants and on noise.

The figures in docs/governance.md are those of the last two tests: of numbers that are as always, and of planted ones.
"""

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.engine.usual import LEAST_RUNS, TIMES, Point, Season, Usual, course, usual

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
numbers = st.integers(-(10**18), 10**18)


def daily(values: list[int]) -> list[Point]:
    return [Point(START + timedelta(days=day), value) for day, value in enumerate(values)]


def tomorrow(history: list[Point]) -> datetime:
    return history[-1].at + timedelta(days=1)


def at_least(spread: int) -> Callable[[int], int]:
    return lambda _: spread


@given(numbers, st.integers(LEAST_RUNS, 60))
def test_a_constant_never_warns_and_one_spread_more_than_it_may_stray_does(value: int, runs: int) -> None:
    history = daily([value] * runs)
    known = usual(history, tomorrow(history), at_least(3))
    assert known == Usual(value, 3, runs, Season.none)
    assert known.is_usual(value)
    assert known.is_usual(value + 3 * TIMES)
    assert not known.is_usual(value + 3 * TIMES + 1)
    assert not known.is_usual(value - 3 * TIMES - 1)
    assert known.times(value + 3 * TIMES) == 10 * TIMES


@given(numbers)
def test_where_nothing_strays_and_nothing_is_said_of_how_much_anything_may_one_unit_is_a_spread(value: int) -> None:
    history = daily([value] * LEAST_RUNS)
    known = usual(history, tomorrow(history), at_least(0))
    assert known is not None
    assert known.spread == 1


@given(st.lists(numbers, min_size=0, max_size=LEAST_RUNS - 1))
def test_of_too_few_runs_nothing_is_said(values: list[int]) -> None:
    assert usual(daily(values), START + timedelta(days=90), at_least(1)) is None


@given(st.lists(numbers, min_size=LEAST_RUNS, max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_the_history_does_not_matter(values: list[int], chance: random.Random) -> None:
    history = daily(values)
    shuffled = chance.sample(history, len(history))
    assert usual(history, tomorrow(history), at_least(1)) == usual(shuffled, tomorrow(history), at_least(1))


@given(st.lists(numbers, min_size=LEAST_RUNS, max_size=40), numbers, st.integers(1, 1000))
def test_what_is_usual_moves_and_grows_with_what_is_measured(values: list[int], more: int, times: int) -> None:
    history = daily(values)
    known, moved = (
        usual(each, tomorrow(history), at_least(1)) for each in (history, daily([value + more for value in values]))
    )
    assert known is not None
    assert moved is not None
    assert (moved.expected, moved.spread, moved.season) == (known.expected + more, known.spread, known.season)


@given(st.lists(st.integers(0, 100), min_size=LEAST_RUNS + 1, max_size=30), st.data())
def test_a_point_is_left_out_of_what_it_is_held_against(values: list[int], data: st.DataObject) -> None:
    """However far off it is, what is expected of it stays: of a level, whose medians it is not in."""
    place = data.draw(st.integers(3, len(values) - 1))
    level = [each for at, each in enumerate(values) if at != place]
    for own in (0, 10**9):
        found = course(daily([*values[:place], own, *values[place + 1 :]]), at_least(1))[place]
        assert found is not None
        assert found.runs == len(values) - 1
        assert min(level) - (max(level) - min(level)) <= found.expected <= max(level) + (max(level) - min(level))


def test_a_weekday_has_a_usual_of_its_own() -> None:
    values = [1000 if (START + timedelta(days=day)).weekday() == 0 else 100 + day % 3 for day in range(35)]
    history = daily(values)
    assert tomorrow(history).weekday() == 0
    known = usual(history, tomorrow(history), at_least(1))
    assert known is not None
    assert (known.season, known.is_usual(1000), known.is_usual(100)) == (Season.weekday, True, False)


def test_the_last_day_of_the_month_has_a_usual_of_its_own_however_long_the_month_is() -> None:
    days = [START + timedelta(days=day) for day in range(175)]
    history = [Point(day, 5000 if (day + timedelta(days=1)).day == 1 else 200 + day.day % 2) for day in days]
    last = next(
        day for day in (START + timedelta(days=175 + more) for more in range(31)) if (day + timedelta(days=1)).day == 1
    )
    known = usual(history, last, at_least(1))
    assert known is not None
    assert (known.season, known.is_usual(5000), known.is_usual(200)) == (Season.day, True, False)


def test_an_export_that_grows_is_expected_to_go_on_growing() -> None:
    chance = random.Random(1)
    values = [10_000]
    for _ in range(60):
        values.append(values[-1] + 20 + chance.randrange(-3, 4))
    history = daily(values[:-1])
    known = usual(history, tomorrow(history), at_least(1))
    assert known is not None
    assert known.is_usual(values[-1])
    # As many rows as forty days ago are many, and still too few.
    assert not known.is_usual(values[-41])


def test_what_was_odd_once_does_not_become_usual_and_what_comes_after_it_is_not_odd() -> None:
    chance = random.Random(2)
    values = [1000 + chance.randrange(-10, 11) for _ in range(30)]
    values[-1] = 10
    history = daily(values)
    known = usual(history, tomorrow(history), at_least(2))
    assert known is not None
    assert (known.is_usual(1000), known.is_usual(10)) == (True, False)


def test_a_course_is_known_from_the_fourth_run_on_and_of_few_runs_not_at_all() -> None:
    assert course(daily([5] * LEAST_RUNS), at_least(1)) == [None] * LEAST_RUNS
    known = course(daily([5] * (LEAST_RUNS + 1)), at_least(1))
    assert [each is None for each in known] == [True] * 3 + [False] * (LEAST_RUNS - 2)
    assert {each.expected for each in known if each} == {5}


def test_a_course_has_an_odd_point_beyond_what_is_usual_however_few_others_there_are() -> None:
    values = [335] * 11 + [269]
    *_, newest = course(daily(values), at_least(1))
    assert newest == usual(daily(values[:-1]), tomorrow(daily(values[:-1])), at_least(1))
    assert newest is not None
    assert not newest.is_usual(269)
    inside = [335] * 6 + [269] + [335] * 6
    odd = course(daily(inside), at_least(1))[6]
    assert odd is not None
    assert not odd.is_usual(269)


# ---- measured --------------------------------------------------------------------------------------------------------


def heavy(chance: random.Random, times: int) -> float:
    return sum(chance.lognormvariate(8, 1) for _ in range(times))


def by_weekday(day: datetime) -> float:
    return (1.5, 1, 1, 1, 1.2, 0.4, 0.3)[day.weekday()]


def noise(kind: str, chance: random.Random, runs: int) -> list[Point]:
    """Return what a number was in each of some daily runs, beginning on any day of a year."""
    at, level, found = START + timedelta(days=chance.randrange(365)), 10_000.0, list[Point]()
    while len(found) < runs:
        at += timedelta(days=1)
        factor = by_weekday(at)
        match kind:
            case "level":
                value = 10_000 + chance.gauss(0, 300)
            case "counts":
                value = max(0, chance.gauss(25, 5))
            case "sums of amounts":
                value = 100 * heavy(chance, 40)
            case "weekdays":
                value = 10_000 * factor + chance.gauss(0, 200)
            case "weekdays and ends of months":
                closing = 15_000 if (at + timedelta(days=1)).day == 1 else 0
                value = 10_000 * factor + chance.gauss(0, 200) + closing
            case "whole exports that grow":
                level = value = level + max(0, chance.gauss(20, 6)) * factor
            case "totals that grow":
                level = value = level + 100 * heavy(chance, max(0, round(chance.gauss(8, 3))))
            case "a walk":
                level = value = level + chance.gauss(0, 20)
            case "a table that hardly changes":
                level = value = level + (chance.random() < 0.05)
            case "rare rows set aside":
                value = 1e6 * sum(chance.random() < 0.002 for _ in range(300)) / 300
            case _:
                value = 1e6 * sum(chance.random() < 0.3 for _ in range(300)) / 300
        found.append(Point(at, math.floor(value)))
    return found


SHARES = {"rare rows set aside", "a share of NULLs"}
KINDS = (
    "level", "counts", "sums of amounts", "weekdays", "weekdays and ends of months", "whole exports that grow",
    "totals that grow", "a walk", "a table that hardly changes", *sorted(SHARES),
)  # fmt: skip


def spread_of(kind: str) -> Callable[[int], int]:
    return at_least(1_000_000 // 300) if kind in SHARES else lambda expected: abs(expected) // 500


@pytest.mark.once
def test_of_numbers_that_are_as_they_always_were_fewer_than_one_in_a_thousand_is_told() -> None:
    """Seasons that were never seen are not known: what ends of months are like is known from the fourth on."""
    told = of = 0
    for kind in KINDS:
        for runs in (120,) if kind == "weekdays and ends of months" else (10, 20, 30, 60):
            chance = random.Random(f"{kind} {runs}")
            for _ in range(120):
                *history, last = noise(kind, chance, runs + 1)
                known = usual(history, last.at, spread_of(kind))
                assert known is not None
                told, of = told + (not known.is_usual(last.value)), of + 1
    assert of == 4920
    assert told <= of // 1000


@pytest.mark.once
@pytest.mark.parametrize(
    ("kind", "by", "least"),
    [
        # of what was expected, and how many of a hundred are told
        ("level", -0.5, 100), ("level", -0.2, 30), ("whole exports that grow", -0.05, 100),
        ("totals that grow", -0.2, 95), ("a walk", -0.05, 100), ("a table that hardly changes", -0.05, 100),
        ("weekdays", -0.5, 90), ("weekdays and ends of months", -0.5, 80),
    ],
)  # fmt: skip
def test_a_planted_fall_is_told(kind: str, by: float, least: int) -> None:
    chance = random.Random(kind)
    told = 0
    for _ in range(100):
        *history, last = noise(kind, chance, 61)
        known = usual(history, last.at, spread_of(kind))
        assert known is not None
        told += not known.is_usual(math.floor(last.value * (1 + by)))
    assert told >= least
