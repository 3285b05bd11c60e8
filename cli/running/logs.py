"""What the functions logged, read from CloudWatch in the order of its time."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.errors import NotDeployedError
from cli.session import Aws
from lakehouse.lake import layout

_PAUSE: Final = 2.0
# CloudWatch takes some seconds to show a line: each poll reads this much again, and each line is shown once.
_LATE: Final = timedelta(seconds=30)


class Function(StrEnum):
    """The functions, by their names in logs."""

    bronze = layout.BRONZE
    silver = layout.SILVER
    gold = layout.GOLD
    forecast = layout.FORECAST
    teste_bronze = "teste-bronze"
    teste_silver = "teste-silver"
    teste_gold = "teste-gold"
    teste_forecast = "teste-forecast"
    governance = "governance"
    publish = "publish"
    alert = "alert"

    @property
    def output(self) -> str:
        """The stack's output that has the deployed function's name."""
        return "".join(part.capitalize() for part in self.value.split("-")) + "FunctionName"


@dataclass(frozen=True)
class Line:
    """One line of a function's log.

    Attributes
    ----------
    at : int
        Milliseconds since 1970, UTC.
    function : str
    text : str
        As it was written.
    """

    at: int
    function: str
    text: str

    @property
    def fields(self) -> dict[str, Any] | None:
        """The line's JSON object, or None when it is plain text."""
        try:
            fields = json.loads(self.text)
        except json.JSONDecodeError:
            return None
        return fields if isinstance(fields, dict) else None

    def is_of(self, run_id: str | None) -> bool:
        """Return whether the line belongs to a run; without a run id, every line does."""
        return run_id is None or (self.fields or {}).get("run_id") == run_id


def deployed(aws: Aws) -> list[Function]:
    """Return the functions that the stack has; nobody is told of failures unless that was asked for."""
    return [each for each in Function if each is not Function.alert or _is_deployed(aws, each)]


def _is_deployed(aws: Aws, function: Function) -> bool:
    try:
        aws.output(function.output)
    except NotDeployedError:
        return False
    return True


def read(
    aws: Aws,
    functions: Iterable[Function],
    begin: datetime,
    run_id: str | None = None,
    follow: bool = False,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Line]:
    """Yield lines ordered by time.

    Parameters
    ----------
    aws : Aws
    functions : iterable of Function
    begin : datetime
        With a time zone; older lines are left out.
    run_id : str, optional
        The run whose lines are yielded; all lines by default.
    follow : bool
        Whether to go on for ever.
    pause : callable
        Waits that many seconds.
    """
    groups = {function.value: f"/aws/lambda/{aws.output(function.output)}" for function in functions}
    client, shown = aws.client("logs"), Counter[Line]()
    start = int(begin.timestamp() * 1000)
    while True:
        found = [
            Line(event["timestamp"], function, event["message"].rstrip("\n"))
            for function, group in groups.items()
            for event in _events(client, group, start, run_id)
        ]
        # Counted, not compared: a function may write the same line twice within a millisecond.
        counted = Counter[Line]()
        # Python's sort is stable: lines of one function within a millisecond keep their order.
        for line in sorted(found, key=lambda line: line.at):
            counted[line] += 1
            if counted[line] > shown[line] and line.is_of(run_id):
                yield line
        shown = counted
        if not follow:
            return
        start = max(start, int((datetime.now(UTC) - _LATE).timestamp() * 1000))
        pause(_PAUSE)


def _events(client: Any, group: str, start: int, run_id: str | None) -> Iterator[Mapping[str, Any]]:
    pattern = {"filterPattern": f'"{run_id}"'} if run_id else {}
    pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start, **pattern)
    try:
        for page in pages:
            yield from page["events"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise  # a function that has never run may have no group yet
