"""List prices, exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.orchestration import costs


def test_a_lambda_second_of_a_gigabyte_costs_what_the_price_list_says():
    time, requests = costs.lambdas(1.0, 1024, 3)
    assert (time.quantity, time.unit, time.usd) == (Decimal(1), "GB-s", Decimal("0.000016667"))
    assert (requests.quantity, requests.usd) == (Decimal(3), Decimal("0.0000006"))


def test_a_crawl_is_billed_for_ten_minutes_at_the_least():
    assert costs.crawls(3, 5.0) == costs.crawls(3, 600.0)
    assert costs.crawls(3, 5.0).usd == Decimal("0.440000000")
    assert costs.crawls(1, 1800.0).usd == Decimal("0.440000000")


def test_a_glue_job_is_billed_for_a_minute_at_the_least_and_work_is_shared_over_the_jobs():
    assert costs.glue_jobs(3, 4.5).usd == Decimal("0.044000000")
    assert costs.glue_jobs(3, 5400.0).usd == Decimal("1.320000000")
    assert costs.glue_jobs(0, 0.0).usd == 0


@given(st.lists(st.tuples(st.floats(0, 900), st.integers(128, 10240), st.integers(0, 1000)), max_size=20))
def test_a_total_is_the_sum_of_the_lines_as_they_are_shown(calls: list[tuple[float, int, int]]):
    lines = [line for call in calls for line in costs.lambdas(*call)]
    assert costs.total(lines) == sum((line.usd for line in lines), Decimal(0))
    assert all(line.usd == line.usd.quantize(Decimal("1e-9")) for line in lines)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "0.000"), ("0.0000004", "< 0.001"), ("0.001", "0.001"), ("0.4517", "0.452"), ("1234.5", "1,234.500")],
)
def test_an_amount_is_shown_to_the_tenth_of_a_cent(amount: str, text: str) -> None:
    assert costs.shown(Decimal(amount)) == text
