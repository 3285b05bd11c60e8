"""Schedules start at the times of their own time zone, as on AWS; MiniStack takes all of them for UTC."""

import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

_ZONE: Final = "ScheduleExpressionTimezone"


class Zoned(str):
    """A schedule's expression with the time zone that it is meant in."""

    zone: zoneinfo.ZoneInfo


class Fields(tuple[Any, ...]):
    """The fields of such an expression."""

    zone: zoneinfo.ZoneInfo


def zoned(expression: str, zone: str) -> str:
    """Return an expression that knows its time zone; as it is where there is no such zone."""
    if zone not in zoneinfo.available_timezones():
        return expression
    made = Zoned(expression)
    made.zone = zoneinfo.ZoneInfo(zone)
    return made


def next_in_zone(
    following: Callable[[Any, datetime], datetime | None], fields: Any, after: datetime
) -> datetime | None:
    """Return when a schedule starts next after a moment, by the clocks of its time zone.

    Parameters
    ----------
    following : callable
        Does the same for a schedule in UTC.
    fields : Fields or any
        Those without a time zone are in UTC.
    after : datetime
    """
    if not isinstance(fields, Fields):
        return following(fields, after)
    there = after.astimezone(fields.zone).replace(tzinfo=UTC)
    found = following(tuple(fields), there)
    return None if found is None else found.replace(tzinfo=fields.zone).astimezone(UTC)


def install() -> None:
    """Put it into the MiniStack of this process."""
    from ministack.services import eventbridge, scheduler

    tick, parse, following = scheduler._tick_schedules, eventbridge._parse_cron_fields, eventbridge._cron_next_fire

    def ticked() -> None:
        for schedule in list(scheduler._schedules._data.values()):
            expression = str(schedule.get("ScheduleExpression", ""))
            schedule["ScheduleExpression"] = zoned(expression, str(schedule.get(_ZONE) or "UTC"))
        tick()

    def parsed(expression: str) -> Any:
        fields = parse(expression)
        if fields is None or not isinstance(expression, Zoned):
            return fields
        made = Fields(fields)
        made.zone = expression.zone
        return made

    scheduler._tick_schedules = ticked
    eventbridge._parse_cron_fields = parsed
    eventbridge._cron_next_fire = lambda fields, after: next_in_zone(following, fields, after)
