"""Anomalies: what a run measured of its tables that is not what the runs before it let expect. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from lakehouse.contract.measures import decimal_of
from lakehouse.contract.model import load
from lakehouse.engine.usual import LEAST_RUNS, Point, Season, Usual, usual
from lakehouse.versions.past import WHOLE, Measure, Measured, Observation, Past, scale_of
from lakehouse.versions.version import TableVersion

# Constants stray by nothing: what rows and totals stray by at least is this part of them, shares this many millionths,
# and ages this many minutes.
_PART: Final = 500
_MILLIONTHS: Final = 2000
_MINUTES: Final = 60
# Fewer rows set aside, and fresher data, are nothing to warn of.
ONLY_MORE: Final = frozenset({Measure.quarantine, Measure.age})
_WORDS: Final = {
    Measure.rows: "{value} linhas", Measure.quarantine: "{value} das linhas em quarentena",
    Measure.age: "exportado {value} antes", Measure.nulls: "{value} de nulos", Measure.total: "soma {value}",
}  # fmt: skip
_ONE_ROW: Final = "1 linhas"
_SEASONS: Final = {
    Season.none: "", Season.weekday: ", por dia da semana", Season.day: ", por dia do mês",
    Season.both: ", por dia da semana e do mês",
}  # fmt: skip


@dataclass(frozen=True)
class Anomaly:
    """A number of a table that is not what the runs before let expect.

    Attributes
    ----------
    table : str
    measured : Measured
    value : int
        In the unit of `lakehouse.versions.past.Observation.values`.
    usual : Usual
    scale : int
        Digits after the point of the numbers.
    strict : bool
        Whether the contract says that the run fails for it.
    """

    table: str
    measured: Measured
    value: int
    usual: Usual
    scale: int
    strict: bool = False

    def __str__(self) -> str:
        """Return what was found and what was expected, in Portuguese."""
        where = f"{self.table}.{self.measured.column}" if self.measured.column else self.table
        found = _WORDS[self.measured.measure].format(value=self._said(self.value))
        found = "1 linha" if found == _ONE_ROW else found
        lowest = self.usual.least if self.measured.measure == Measure.total else max(self.usual.least, 0)
        between = f"{self._said(lowest)} a {self._said(self.usual.most)}"
        return (
            f"{where}: {found}, esperado {self._said(self.usual.expected)} (usual de {between}, por "
            f"{self.usual.runs} execuções{_SEASONS[self.usual.season]}); {_number(self.usual.times(self.value), 1)} "
            "vezes a dispersão"
        )

    def as_report(self) -> dict[str, Any]:
        """Return what a report has of it: numbers as exact decimals, shares as parts of one, ages in minutes."""
        numbers = {
            "value": self.value, "expected": self.usual.expected, "least": self.usual.least, "most": self.usual.most,
        }  # fmt: skip
        return {
            "table": self.table,
            "measure": self.measured.measure.value,
            "column": self.measured.column or None,
            **{name: str(decimal_of(number, self.scale)) for name, number in numbers.items()},
            "times": str(decimal_of(self.usual.times(self.value), 1)),
            "runs": self.usual.runs,
            "season": self.usual.season.value,
            "strict": self.strict,
        }

    def _said(self, value: int) -> str:
        match self.measured.measure:
            case Measure.quarantine | Measure.nulls:
                return f"{_number(value * 100 * 10 // WHOLE, 1)} %"
            case Measure.age:
                return f"{_number(value // 6, 1)} h"
            case _:
                return _number(value, self.scale)


@dataclass(frozen=True)
class Judgement:
    """What was held against the past.

    Attributes
    ----------
    anomalies : tuple of Anomaly
    judged : int
        How many numbers were held against runs before them.
    runs : mapping of str to int
        Of each table that was looked at, of how many runs before it anything is known.
    """

    anomalies: tuple[Anomaly, ...] = ()
    judged: int = 0
    runs: Mapping[str, int] = field(default_factory=dict)

    @property
    def unjudged(self) -> dict[str, int]:
        """The tables of which too few runs are known to say anything, and of how many it is."""
        return {table: runs for table, runs in self.runs.items() if runs < LEAST_RUNS}

    def as_report(self) -> dict[str, Any]:
        """Return what a report has of it."""
        return {
            "judged": self.judged,
            "unjudged": self.unjudged,
            "least_runs": LEAST_RUNS,
            "anomalies": [each.as_report() for each in self.anomalies],
        }


def judge(past: Past, tables: Iterable[TableVersion]) -> Judgement:
    """Hold each table against the runs before the one that made it, which is itself left out.

    Parameters
    ----------
    past : Past
        With the tables in it.
    tables : iterable of TableVersion
    """
    found, judged, runs = list[Anomaly](), 0, dict[str, int]()
    for table in tables:
        observations = past.of_table.get(table.table, ())
        place = next((at for at, each in enumerate(observations) if each.table.run == table.run), None)
        if place is None:
            continue
        runs[table.table] = place
        for each in _judged(observations[place], observations[:place]):
            judged += 1
            if _is_odd(each):
                found.append(each)
    return Judgement(tuple(found), judged, runs)


def least_spread(measured: Measured, rows: int) -> Callable[[int], int]:
    """Return what takes an expected number and returns by how much such numbers stray at least.

    Parameters
    ----------
    measured : Measured
    rows : int
        Of the table: a share changes by one row of them at least.
    """
    if measured.measure == Measure.age:
        return lambda _: _MINUTES
    if measured.measure in {Measure.quarantine, Measure.nulls}:
        return lambda _: max(_MILLIONTHS, WHOLE // max(rows, 1))
    return lambda expected: abs(expected) // _PART


def _judged(one: Observation, before: Iterable[Observation]) -> Iterator[Anomaly]:
    """Yield each number of an observation that can be held against those before it, with what was expected."""
    before, table = list(before), one.table
    made = partial(Anomaly, strict=load(table.table).anomalies_fail)
    for measured, value in one.values.items():
        points = [Point(each.at, each.values[measured]) for each in before if measured in each.values]
        known = usual(points, one.at, least_spread(measured, table.rows))
        if known is not None:
            yield made(table.table, measured, value, known, scale_of(measured, table))


def _is_odd(each: Anomaly) -> bool:
    if each.measured.measure in ONLY_MORE:
        return each.value > each.usual.most
    return not each.usual.is_usual(each.value)


def _number(units: int, scale: int) -> str:
    """Return a number as Brazil writes it: ``1.234,56``."""
    return f"{decimal_of(units, scale):,}".translate(_BRAZILIAN)


_BRAZILIAN: Final = str.maketrans(",.", ".,")
