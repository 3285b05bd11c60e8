"""`importau logs`: what the functions logged, one line per entry, or as the JSON that they wrote."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from cli import options
from cli.errors import UsageError
from cli.running.logs import Function, Line, deployed, read
from cli.session import connect
from cli.terminal import present

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SINCE: Final = timedelta(hours=1)
# For a run the search goes further back; logs are kept for 30 days.
_SINCE_OF_A_RUN: Final = timedelta(days=30)
# Keys that are the same in every line, or of use only to machines.
_COMMON: Final = frozenset(
    {
        "level", "location", "message", "timestamp", "service", "cold_start", "function_name", "function_memory_size",
        "function_arn", "function_request_id", "xray_trace_id", "run_id", "execution_id", "state_machine", "state",
        "table", "rows_kept", "exception", "exception_name", "stack_trace", "errorType", "stackTrace", "requestId",
    }
)  # fmt: skip
_PLATFORM_TEXT: Final = re.compile(r"(START|END|REPORT|INIT_START|EXTENSION|XRAY) ")
# Of what does not fit on the line that it belongs to.
_MARGIN: Final = 4
_STYLES: Final = {"ERROR": "bold red", "CRITICAL": "bold red", "WARNING": "yellow", "WARN": "yellow", "DEBUG": "dim"}


def logs(  # noqa: PLR0913, PLR0917 - an argument an option
    function: Annotated[
        Function | None,
        typer.Argument(help=f"Whose: {', '.join(Function)}; everyone's by default."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they are written, until Ctrl-C.")] = False,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="How far back: 90s, 10m, 2h, 7d (1h by default).")
    ] = None,
    run: Annotated[str | None, typer.Option("--run", metavar="RUN", help="Only of this run.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the lines as they are, metrics included.")] = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Print what the functions logged: times in UTC, function, message, table, rows, run."""
    back = _duration(since) if since else (_SINCE_OF_A_RUN if run else _SINCE)
    aws = connect(local, stack, region, profile, stage)
    show = _print_json if as_json else _print
    for line in read(aws, [function] if function else deployed(aws), datetime.now(UTC) - back, run, follow):
        show(line)


def _print_json(line: Line) -> None:
    if line.fields is not None:
        present.out.print(line.text, markup=False)


def _print(line: Line) -> None:
    fields = line.fields
    at = f"{datetime.fromtimestamp(line.at / 1000, UTC):%Y-%m-%d %H:%M:%S}"
    if fields is None:
        if line.text.strip() and not _PLATFORM_TEXT.match(line.text):
            present.flow(present.out, escape(line.text), head=f"[dim]{at}[/dim] {line.function:<12} ", margin=_MARGIN)
        return
    if "_aws" in fields or not _is_news(fields):
        return
    level, message = fields.get("level", "ERROR"), fields.get("message", "")
    if "record" in fields:  # the platform's report that an invocation failed
        record = fields["record"]
        message = f"{fields['type']}: {record.get('status', '')} {record.get('errorType', '')}".rstrip()
    about = "".join(f" {key}={_short(value)}" for key, value in fields.items() if _is_about(key))
    table = f" [bold]{escape(fields['table'])}[/bold]" if "table" in fields else ""
    style = _STYLES.get(level, "green")
    run = f" [dim]run={escape(str(fields['run_id']))}[/dim]" if fields.get("run_id") else ""
    head = f"[dim]{at}[/dim] {line.function:<12} [{style}]{level:<5}[/] "
    present.flow(present.out, f"{escape(str(message))}{table}{escape(about)}{run}", head=head, margin=_MARGIN)
    for trace in (fields.get("exception"), "".join(fields.get("stackTrace", ()))):
        for text in (trace or "").splitlines():
            present.out.print(f"    [dim]{escape(text)}[/dim]")


def _is_news(fields: Mapping[str, Any]) -> bool:
    """Return whether a line is a function's, or the platform's report of a failure."""
    if not str(fields.get("type", "")).startswith("platform."):
        return True
    status: str = fields.get("record", {}).get("status", "success")
    return status != "success"


def _is_about(key: str) -> bool:
    return key not in _COMMON and key not in {"time", "type", "record"}


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,9})([smhd])", text.strip())
    if match is None:
        raise UsageError(f"'{text}' is no length of time", "Write a number and s, m, h or d: --since 10m")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])
