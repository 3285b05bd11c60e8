"""The volume of Bronze: an export that was cut off, or that is mostly unreadable, is never published unasked."""

import inspect
from decimal import Decimal

import pyarrow as pa
import pytest
from audits import MODULES, audited, found
from exports import SAMPLE
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import TABLES

from cli.generated.compiled_rules import compiled
from lakehouse.contract.layers import text_of
from lakehouse.contract.model import load, load_all
from lakehouse.contract.quality import Outcome
from lakehouse.contract.quarantine import SCHEMA, quarantined
from lakehouse.lake.layout import BRONZE
from tests.audited import Volume
from tests.checks import bronze
from tests.examination import check_named

ORDERS = "pedidos"
UNASKED = Volume(None, False)
rows = st.integers(0, 40)


def orders(number: int) -> pa.Table:
    kept = SAMPLE.read()[ORDERS].kept
    return kept.slice(0, number)


def aside(number: int) -> pa.Table:
    if not number:
        return SCHEMA.empty_table()
    texts = pa.array(["x"] * number)
    return quarantined("pedidos.csv", list(range(2, number + 2)), texts, texts)


def in_quarantine(kept: int, number: int, volume: Volume | None = UNASKED) -> Outcome:
    return found("volume_da_quarentena", audited(ORDERS, orders(kept), quarantine=aside(number), volume=volume))


def of_table(kept: int, before: int | None, accepted: bool = False) -> Outcome:
    return found("volume_da_tabela", audited(ORDERS, orders(kept), volume=Volume(before, accepted)))


@pytest.mark.parametrize(("kept", "number", "failed"), [(90, 10, 0), (89, 10, 10), (1, 9, 0), (0, 10, 10), (240, 0, 0)])
def test_more_than_a_tenth_in_quarantine_fails_from_ten_rows_on(kept: int, number: int, failed: int) -> None:
    outcome = in_quarantine(kept, number)
    assert (outcome.failed, outcome.examined) == (failed, kept + number)


def test_what_failed_says_the_rows_and_how_to_accept_them() -> None:
    remedy = "where that is right, run with --accept-volume pedidos"
    assert in_quarantine(5, 12).examples == (f"12 of 17 rows in the quarantine; {remedy}",)
    assert of_table(5, 40).examples == (f"5 rows, 40 before; {remedy}",)


@pytest.mark.parametrize(("kept", "before", "failed"), [(20, 40, 0), (19, 40, 21), (20, 41, 21), (0, 1, 1), (9, 0, 0)])
def test_less_than_half_the_rows_of_before_fails(kept: int, before: int, failed: int) -> None:
    outcome = of_table(kept, before)
    assert (outcome.failed, outcome.examined) == (failed, before)


def test_a_table_is_held_against_nothing_where_there_was_none_before_or_it_is_published() -> None:
    assert of_table(0, None) == Outcome(0, 0)
    assert found("volume_da_tabela", audited(ORDERS, orders(0))) == Outcome(0, 0)
    assert in_quarantine(0, 30, None) == Outcome(0, 30)


def test_a_volume_that_the_run_accepts_passes_and_the_report_says_so() -> None:
    assert in_quarantine(5, 12, Volume(None, True)) == Outcome(
        0, 17, ("accepted by the run: 12 of 17 rows in the quarantine",)
    )
    assert of_table(5, 40, accepted=True) == Outcome(0, 40, ("accepted by the run: 5 rows, 40 before",))
    assert of_table(40, 40, accepted=True).examples == ()


@given(kept=rows, number=rows, before=st.none() | rows, accepted=st.booleans())
def test_a_volume_fails_exactly_where_it_is_beyond_its_limits_and_not_accepted(
    kept: int, number: int, before: int | None, accepted: bool
) -> None:
    volume = Volume(before, accepted)
    is_much = number >= 10 and 10 * number > kept + number
    assert bool(in_quarantine(kept, number, volume).failed) == (is_much and not accepted)
    is_little = before is not None and 2 * kept < before
    assert bool(of_table(kept, before, accepted).failed) == (is_little and not accepted)


@pytest.mark.parametrize("table", TABLES[BRONZE])
def test_every_table_of_bronze_has_its_limits_in_its_contract(table: str) -> None:
    limits = {rule.check: (rule.arguments, rule.severity) for rule in load(table).rules if rule.check.startswith("vol")}
    assert limits == {
        "volume_da_quarentena": ({"share": Decimal("0.10"), "least": 10}, "error"),
        "volume_da_tabela": ({"share": Decimal("0.50")}, "error"),
    }


def test_the_limits_of_a_contract_are_the_arguments_of_its_check() -> None:
    for contract in load_all():
        for rule in contract.rules:
            if rule.kind == "check":
                check = check_named(rule.check, MODULES[contract.layer])
                inspect.signature(check).bind(None, **(rule.arguments or {}))


@pytest.mark.parametrize("written", ["1e-1", "TRUE", "'a tenth'", "-1.5", "10 * 0.01"])
def test_a_limit_that_would_not_be_exact_is_refused(written: str) -> None:
    text = text_of(ORDERS)
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "SELECT 0.10 AS share" in each)
    _, (problem,) = compiled(ORDERS, text.replace("SELECT 0.10 AS share", f"SELECT {written} AS share"))
    assert problem.startswith(f"{line}:")
    assert "rule 'volume_da_quarentena': `limites` has named numbers alone" in problem


@pytest.mark.parametrize(
    "written", ["0.10 AS parte, 10 AS least", "0.10 AS share", "0.10 AS share, 10 AS least, 1 AS x"]
)
def test_limits_that_are_not_the_arguments_of_the_check_are_refused(written: str) -> None:
    _, (problem,) = compiled(ORDERS, text_of(ORDERS).replace("0.10 AS share, 10 AS least", written))
    assert "rule 'volume_da_quarentena': its function takes other arguments than its `limites`" in problem


def test_the_checks_of_volume_take_their_limits_from_nowhere_else() -> None:
    for check in (bronze.volume_da_quarentena, bronze.volume_da_tabela):
        parameters = list(inspect.signature(check).parameters.values())[1:]
        assert [each.default for each in parameters] == [inspect.Parameter.empty] * len(parameters)
