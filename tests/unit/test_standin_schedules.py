"""Schedules of the embedded AWS start by the clocks of their time zone."""

from datetime import UTC, datetime
from typing import Any

import pytest
from ministack.services import eventbridge

from cli.embedded.standins.schedules import Fields, Zoned, next_in_zone, zoned

AFTER = datetime(2026, 11, 30, 5, 0, tzinfo=UTC)


def starts(expression: str, zone: str, after: datetime = AFTER) -> datetime | None:
    """Return when a schedule starts next, as MiniStack works it out."""
    fields: Any = eventbridge._parse_cron_fields(expression)
    given = zoned(expression, zone)
    if isinstance(given, Zoned):
        fields = Fields(fields)
        fields.zone = given.zone
    return next_in_zone(eventbridge._cron_next_fire, fields, after)


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("UTC", datetime(2026, 11, 30, 6, 0, tzinfo=UTC)),
        ("America/Sao_Paulo", datetime(2026, 11, 30, 9, 0, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 11, 30, 21, 0, tzinfo=UTC)),
        ("nowhere", datetime(2026, 11, 30, 6, 0, tzinfo=UTC)),
    ],
)
def test_six_o_clock_is_that_of_the_zone(zone: str, at: datetime) -> None:
    assert starts("cron(0 6 ? * MON-FRI *)", zone) == at


def test_the_day_of_the_week_is_that_of_the_zone() -> None:
    # Friday evening in UTC is Saturday in Tokyo.
    friday = datetime(2026, 12, 4, 16, 0, tzinfo=UTC)
    assert starts("cron(0 6 ? * SAT *)", "Asia/Tokyo", friday) == datetime(2026, 12, 4, 21, 0, tzinfo=UTC)


def test_an_expression_with_a_zone_is_still_its_text() -> None:
    assert zoned("rate(1 day)", "America/Sao_Paulo") == "rate(1 day)"
