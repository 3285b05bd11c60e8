"""`importau status`: what is published and whether whole, what runs, what waits, what failed, and what to do."""

import json
from datetime import UTC
from typing import TYPE_CHECKING

import typer

from cli import options
from cli.errors import FAILURE
from cli.session import connect
from cli.terminal import present

if TYPE_CHECKING:
    from cli.versioning.state import State

_NAMED = 3


def status(
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Say what is published and whether it is whole, what runs, waits or failed, and what to do next.

    Exit code 0 when all is well, 1 when something needs attention.
    """
    from cli.versioning.reading import lake_of
    from cli.versioning.state import state_of

    aws = connect(local, stack, region, profile, stage)
    state = state_of(aws, lake_of(aws))
    if as_json:
        present.out.print_json(json.dumps({"stage": aws.stage} | state.as_json(), ensure_ascii=False))
    else:
        present.lines([*([("stage", aws.stage)] if aws.stage else ()), *_lines(state)])
        for step in state.next_steps:
            present.say(step)
    if state.needs_attention:
        raise typer.Exit(FAILURE)


def _lines(state: "State") -> list[tuple[str, str]]:
    return [*_published(state), *_at_work(state), *_failed(state)]


def _published(state: "State") -> list[tuple[str, str]]:
    made = state.version
    history = [("history", problem) for problem in state.history]
    if made is None:
        published = f"version {state.number}, which cannot be read" if state.number else "nothing yet"
        return [("published", published), *history]
    found = [
        ("published", f"version {made.number}, of run {made.run}, {_minute(made.made.at)} UTC, by {made.made.by}"),
        ("whole", _some(state.wrong) if state.wrong else "yes"),
    ]
    found += history
    if state.erasing:
        found.append(("erasure", f"begun {_minute(state.erasing)} UTC, and not done"))
    catalogue = f"shows version {made.number}"
    if state.lagging:
        catalogue = f"does not show version {made.number} of {', '.join(state.lagging)}"
        catalogue += ", and something runs" if state.at_work else ""
    found.append(("catalogue", catalogue))
    for table, sources in state.outdated.items():
        found.append(("outdated", f"{table}: made from older files of {', '.join(sources)}"))
    return found


def _at_work(state: "State") -> list[tuple[str, str]]:
    running = [
        (
            "running",
            f"{each.run} of {each.machine} since {each.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC, in {each.state}",
        )
        for each in state.running
    ]
    waiting = [
        ("waiting", f"run {each.run} since {_minute(each.since)} UTC, on version {each.base}") for each in state.held
    ]
    return (running or [("running", "nothing")]) + (waiting or [("waiting", "nothing")])


def _failed(state: "State") -> list[tuple[str, str]]:
    since = " since then" if state.version else ""
    return [("failed", f"run {each.run} of {each.machine}: {each.cause}") for each in state.failed] or [
        ("failed", f"nothing{since}")
    ]


def _some(wrong: list[str]) -> str:
    more = f"; and {len(wrong) - _NAMED:,} more" if len(wrong) > _NAMED else ""
    return f"no: {'; '.join(wrong[:_NAMED])}{more}"


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")
