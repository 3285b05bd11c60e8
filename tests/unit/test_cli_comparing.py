"""A run beside its estimate: line by line, with crawlers where it ran some."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from simulated_aws import simulated_lake

from cli.planning.account import Account
from cli.running.comparing import compared
from cli.running.estimate import estimate
from cli.running.machines import GOVERNANCE, PIPELINE
from cli.running.recorded import orders_in
from lakehouse.lake import layout
from lakehouse.orchestration import costs

ESTIMATE = estimate(PIPELINE, 240, Account())
amounts = st.decimals(0, 10, places=9, allow_nan=False)


def recorded(**usd: Any) -> list[dict[str, Any]]:
    return [{"what": what, "usd": str(amount)} for what, amount in usd.items()]


@given(amounts, amounts)
def test_each_line_has_both_amounts_and_they_add_up(compute: Decimal, states: Decimal) -> None:
    found = compared(ESTIMATE, recorded(transitions=states, **{"lambda": compute}), 39.3)
    lines = {each.what: each for each in found.lines}
    assert (lines["lambda"].recorded, lines["transitions"].recorded) == (compute, states)
    assert found.recorded == compute + states
    assert found.estimated == ESTIMATE.uncrawled.usd
    assert {each.what: each.estimated for each in found.lines if each.estimated} == {
        line.what: line.usd for line in ESTIMATE.uncrawled.lines if line.usd
    }
    assert (found.orders, found.recorded_seconds) == (240, 39.3)
    assert found.estimated_seconds == ESTIMATE.uncrawled.elapsed_seconds


def test_a_run_that_crawled_is_held_against_the_estimate_with_crawlers() -> None:
    found = compared(ESTIMATE, recorded(crawlers="0.586666667"), None)
    assert found.estimated == ESTIMATE.run.usd
    assert found.as_json()["recorded_seconds"] is None
    assert [each.what for each in found.lines] == [
        what for what in costs.UNITS if what in {line.what for line in ESTIMATE.run.lines}
    ]


def test_governance_by_itself_is_estimated_by_itself() -> None:
    assert estimate(GOVERNANCE, 240, Account()).uncrawled.usd < ESTIMATE.uncrawled.usd


def test_the_orders_of_a_run_are_those_that_its_audit_counted() -> None:
    with simulated_lake("lake") as lake:
        assert orders_in(lake, "r1") is None
        tables = [{"table": "itens_pedido", "rows": 9}, {"table": "pedidos", "rows": 4}]
        lake.write_json({"tables": tables}, layout.quality_key("r1", layout.BRONZE))
        assert orders_in(lake, "r1") == 4
