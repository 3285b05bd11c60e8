"""Which messages about failures the page still shows: those after which nothing went well."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.portal.alerts import waiting
from cli.running.alerts import Alert
from lakehouse.orchestration.pipelines import machine_name
from lakehouse.orchestration.stepfunctions import Execution

AT = datetime(2026, 11, 30, 6, tzinfo=UTC)
TEXT = "A execução r falhou.\n\n--\n\nRun r failed.\n"


def alert(machine: str, hours: int = 0, status: str = "FAILED") -> Alert:
    at = (AT + timedelta(hours=hours)).isoformat(timespec="seconds")
    return Alert(at, f"r{hours}", machine, status, "audit", "subject", TEXT)


def ended(hours: int, status: str = "SUCCEEDED") -> Execution:
    at = AT + timedelta(hours=hours)
    return Execution("arn", "name", status, "run", at, at, 1, 1.0, 1, 0, None, (), "")


def shown(alerts: list[Alert], **executions: list[Execution]) -> list[tuple[str, str]]:
    by_machine: dict[str, Any] = {machine_name(name, ""): found for name, found in executions.items()}
    return [(each["pipeline"], each["run_id"]) for each in waiting(alerts, by_machine, "")]


@pytest.mark.parametrize(
    ("machine", "executions", "waits"),
    [
        ("bronze", {}, True),
        ("bronze", {"bronze": [ended(-1)]}, True),
        ("bronze", {"bronze": [ended(1, "FAILED")]}, True),
        ("bronze", {"bronze": [ended(1)]}, False),
        ("bronze", {"pipeline": [ended(1)]}, False),
        ("bronze", {"silver": [ended(1)]}, True),
        ("pipeline", {"bronze": [ended(1)]}, True),
    ],
)
def test_a_failure_waits_until_the_same_step_or_all_of_it_went_well(
    machine: str, executions: dict[str, list[Execution]], waits: bool
) -> None:
    assert bool(shown([alert(machine)], **executions)) is waits


def test_of_a_machine_the_newest_failure_is_told_and_warnings_are_none() -> None:
    alerts = [alert("pipeline", 5, "SUCCEEDED"), alert("pipeline", 3), alert("silver", 2), alert("pipeline", 1)]
    assert shown(alerts) == [(machine_name("pipeline", ""), "r3"), (machine_name("silver", ""), "r2")]


def test_the_text_is_told_in_the_language_of_the_page() -> None:
    (found,) = waiting([alert("pipeline")], {}, "dev")
    assert found["text"] == {"pt": "A execução r falhou.", "en": "Run r failed."}
    assert found["pipeline"] == machine_name("pipeline", "dev")
