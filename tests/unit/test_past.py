"""The past of a lake, by its versions alone: what counts as a run, and what of the newest one is told."""

import dataclasses
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from exports import SAMPLE
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.contract.layers import text_of
from lakehouse.contract.model import load, parse
from lakehouse.contract.profile import ColumnProfile, added_up, profile_of
from lakehouse.contract.quality import AuditedFile
from lakehouse.engine.usual import LEAST_RUNS
from lakehouse.errors import ContractError
from lakehouse.lake import layout
from lakehouse.versions import anomalies
from lakehouse.versions.anomalies import Anomaly, Judgement, judge
from lakehouse.versions.past import Measure, Measured, Past
from lakehouse.versions.version import Input, Making, TableVersion, Version

TABLE = "pagamentos"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CSV = {"type": "csv"}
ROWS = Measured(Measure.rows)


def table(run: str, rows: int = 300, quarantined: int = 0, nulls: int = 30, total: str = "1000.00") -> TableVersion:
    columns = (
        ColumnProfile("pagamento_id", "string", 0),
        ColumnProfile("data_pagamento", "date", nulls),
        ColumnProfile("valor_pago_brl", "decimal(18,2)", 0, total),
    )
    files = (AuditedFile(f"bronze/{run}", "etag", 1, rows),)
    return TableVersion(
        TABLE, run, files, rows + quarantined, quarantined, None, None, "1.0.0", "", "report", "", "code",
        columns=columns,
    )  # fmt: skip


def version(number: int, made: TableVersion, hours: int = 2, source: Any = CSV, restores: int = 0) -> Version:
    """Return the version of a day, whose export was made some hours before it was published."""
    at = START + timedelta(days=number)
    export = Input(TABLE, layout.landing_key(TABLE), "etag", 1, None, (at - timedelta(hours=hours)).isoformat())
    making = Making("pipeline", "arn", at.isoformat())
    return Version(number, number - 1, made.run, making, source, (export,), {TABLE: made}, restores)


def daily(*made: TableVersion, first: int = 1) -> list[Version]:
    return [version(first + at, each) for at, each in enumerate(made)]


def usual_days(days: int = LEAST_RUNS) -> list[Version]:
    return daily(*(table(f"r{day}", rows=300 + day % 2) for day in range(days)))


def judged(versions: Sequence[Version], number: int | None = None) -> Judgement:
    newest = next(each for each in versions if each.number == number) if number else versions[-1]
    past = Past.of({each.number: each for each in versions}, newest.number, newest.source)
    return judge(past, newest.ordered)


def told(judgement: Judgement) -> list[tuple[str, str]]:
    return [(each.measured.measure.value, each.measured.column) for each in judgement.anomalies]


def test_what_is_as_always_is_not_told() -> None:
    found = judged([*usual_days(), version(11, table("new"))])
    assert found.anomalies == ()
    # Rows, quarantine, age, the NULLs of the column that may have some, and the total.
    assert (found.judged, found.runs, found.unjudged) == (5, {TABLE: 10}, {})


@pytest.mark.parametrize(
    ("new", "hours", "measured", "said"),
    [
        (table("new", rows=150), 2, ("rows", ""), "pagamentos: 150 linhas, esperado 300"),
        (
            table("new", quarantined=40), 2, ("quarantine", ""),
            "pagamentos: 11,7 % das linhas em quarentena, esperado 0,0 % (usual de 0,0 % a 1,9 %, por 10 execuções)",
        ),
        (table("new"), 50, ("age", ""), "pagamentos: exportado 50,0 h antes, esperado 2,0 h (usual de 0,0 h a 8,0 h"),
        (
            table("new", nulls=90), 2, ("nulls", "data_pagamento"),
            "pagamentos.data_pagamento: 30,0 % de nulos, esperado 9,9 %",
        ),
        (
            table("new", total="-900.00"), 2, ("total", "valor_pago_brl"),
            "pagamentos.valor_pago_brl: soma -900,00, esperado 1.000,00 (usual de 988,00 a 1.012,00, por 10 "
            "execuções); 950,0 vezes a dispersão",
        ),
    ],
)  # fmt: skip
def test_a_jump_of_each_measure_is_told_with_its_number(
    new: TableVersion, hours: int, measured: tuple[str, str], said: str
) -> None:
    found = judged([*usual_days(), version(11, new, hours)])
    # A share of a table of half the rows is another one, too.
    assert measured in told(found)
    (anomaly,) = (each for each in found.anomalies if (each.measured.measure, each.measured.column) == measured)
    assert str(anomaly).startswith(said)
    report = anomaly.as_report()
    assert Decimal(report["value"]) != Decimal(report["expected"])
    assert (report["runs"], report["strict"]) == (10, False)


@pytest.mark.parametrize("new", [table("new", quarantined=0), table("new", quarantined=30)])
def test_fewer_rows_set_aside_and_fresher_data_are_nothing_to_warn_of(new: TableVersion) -> None:
    before = [version(day, table(f"r{day}", quarantined=30), hours=30) for day in range(1, 12)]
    assert judged([*before, version(12, new, hours=1)]).anomalies == ()


def test_of_few_runs_nothing_is_said_but_that() -> None:
    found = judged([*usual_days(LEAST_RUNS - 1), version(10, table("new", rows=1))])
    assert (found.anomalies, found.judged, found.unjudged) == ((), 0, {TABLE: LEAST_RUNS - 1})


def test_a_version_is_held_against_those_before_it_and_not_against_those_after() -> None:
    versions = [*usual_days(), version(11, table("odd", rows=10)), *daily(*[table("x")] * 3, first=12)]
    assert told(judged(versions, 11))[0] == ("rows", "")
    assert ("rows", "") not in told(judged(versions))


def test_a_table_counts_once_for_each_run_that_wrote_it() -> None:
    """A layer that is run by itself makes a version with the other layers' tables as they were."""
    same = table("same")
    found = judged([*daily(*[same] * 30), version(31, table("new", rows=1))])
    assert found.runs == {TABLE: 1}


def test_what_somebody_went_back_from_does_not_count_and_counts_again_when_it_comes_back() -> None:
    versions = usual_days()
    odd = [version(number, table(f"odd{number}", rows=9000)) for number in range(11, 31)]
    back = version(31, versions[-1].tables[TABLE], restores=10)
    after = version(32, table("new", rows=9000))
    assert ("rows", "") in told(judged([*versions, *odd, back, after]))
    again = version(33, odd[-1].tables[TABLE], restores=30)
    assert ("rows", "") not in told(judged([*versions, *odd, back, after, again, version(34, table("x", rows=9000))]))


def test_going_back_is_judged_as_the_version_was_that_it_restores() -> None:
    versions = [*usual_days(), version(11, table("odd", rows=10)), version(12, table("fine"))]
    back = version(13, versions[10].tables[TABLE], restores=11)
    assert judged([*versions, back]) == judged(versions, 11)


def test_a_company_of_another_size_is_no_past() -> None:
    small = [
        version(day, table(f"r{day}", rows=day), source={"type": "synthetic", "orders": 10}) for day in range(1, 30)
    ]
    found = judged([*small, version(30, table("new", rows=9), source={"type": "synthetic", "orders": 99})])
    assert found.unjudged == {TABLE: 0}


def test_versions_that_cannot_be_read_leave_the_others_as_they_are() -> None:
    versions = [each for each in usual_days(30) if each.number % 7]
    assert judged(versions).runs == {TABLE: len(versions) - 1}


def test_a_version_from_before_audits_counted_has_rows_and_ages_alone() -> None:
    old = [version(day, dataclasses.replace(table(f"r{day}"), columns=())) for day in range(1, 12)]
    found = judged([*old, version(12, table("new", rows=1, total="5.00"))])
    assert told(found) == [("rows", "")]


def test_what_is_no_version_yet_is_judged_beside_those_there_are() -> None:
    versions = usual_days()
    new, at = table("new", rows=10), START + timedelta(days=11)
    past = Past.of({each.number: each for each in versions}, 10, CSV).then([new], at, versions[-1].inputs)
    assert told(judge(past, [new]))[0] == ("rows", "")
    assert past.then([new], at, ()) == past


@given(st.randoms(use_true_random=False))
def test_in_which_order_versions_are_read_does_not_matter(chance: random.Random) -> None:
    versions = [*usual_days(20), version(21, table("new", rows=1))]
    newest = versions[-1]
    shuffled = {each.number: each for each in chance.sample(versions, len(versions))}
    assert judge(Past.of(shuffled, 21, CSV), newest.ordered) == judged(versions)


# ---- contracts -------------------------------------------------------------------------------------------------------


def with_anomalies(value: str) -> str:
    custom = f"    customProperties:\n      - property: anomalies\n        value: {value}\n    properties:"
    text = text_of(TABLE)
    assert text.count("\n    properties:") == 1
    return text.replace("    properties:", custom, 1)


def test_by_default_an_anomaly_warns_and_a_contract_may_say_that_the_run_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not load(TABLE).anomalies_fail
    strict = parse(TABLE, with_anomalies("fail"))
    monkeypatch.setattr(anomalies, "load", lambda _: strict)
    (anomaly,) = (
        each for each in judged([*usual_days(), version(11, table("n", rows=9))]).anomalies if each.measured == ROWS
    )
    assert anomaly.strict
    with pytest.raises(ContractError, match="has anomalies: 'ignore'; use fail or warn"):
        parse(TABLE, with_anomalies("ignore"))


# ---- what an audit counts --------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 335), max_size=4))
def test_the_profiles_of_parts_add_up_to_that_of_the_table(cuts: list[int]) -> None:
    contract, whole = load(TABLE), SAMPLE.read()[TABLE].kept
    ends = [0, *sorted(cuts), len(whole)]
    parts = [whole.slice(start, end - start) for start, end in pairwise(ends)]
    assert added_up(profile_of(contract, part) for part in parts) == profile_of(contract, whole)


def test_a_total_is_exact_and_columns_are_those_of_the_contract() -> None:
    contract, whole = load(TABLE), SAMPLE.read()[TABLE].kept
    found = {each.name: each for each in profile_of(contract, whole)}
    assert list(found) == [column.name for column in contract.columns]
    amounts: list[Decimal | None] = whole["valor_pago_brl"].to_pylist()
    assert found["valor_pago_brl"].total == str(sum((each for each in amounts if each is not None), Decimal()))
    assert found["valor_pago_brl"].nulls == amounts.count(None)
    assert found["pagamento_id"].total is None


def test_a_part_that_could_not_be_counted_leaves_the_table_uncounted() -> None:
    whole = profile_of(load(TABLE), SAMPLE.read()[TABLE].kept)
    assert added_up([whole, ()]) == added_up([]) == ()


def test_of_no_rows_the_total_is_nothing() -> None:
    empty: pa.Table = load(TABLE).schema.empty_table()
    assert {each.total for each in profile_of(load(TABLE), empty)} == {"0.00", None}


def test_an_anomaly_says_no_less_than_nothing_of_what_is_never_negative() -> None:
    anomaly = next(
        each for each in judged([*usual_days(), version(11, table("n", rows=9))]).anomalies if each.measured == ROWS
    )
    assert isinstance(anomaly, Anomaly)
    wide = dataclasses.replace(anomaly, usual=dataclasses.replace(anomaly.usual, spread=100))
    assert "usual de 0 a 900" in str(wide)
