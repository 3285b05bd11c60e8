"""The summary of a run: its tables, from the audit reports that it left in the lake, and how they are shown."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError
from rich.table import Column

from cli.session import Aws
from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.lake import layout

_VERDICT_STYLE: Final = {"pass": "green", "warn": "yellow", "fail": "bold red"}


@dataclass(frozen=True)
class TableSummary:
    """One table after a run.

    Attributes
    ----------
    layer, table : str
    rows, quarantined : int or None
        None when the run ended before.
    verdict : str
        The audit's: pass, warn, fail; ``not run`` when there was none.
    errors, warnings : int
        How many rules failed, by severity.
    layer_seconds : float or None
        How long the table's layer took: write, audit, publish.
    new_columns : tuple of str
        The columns of its CSV that the run left out.
    """

    layer: str
    table: str
    rows: int | None
    quarantined: int | None
    verdict: str
    errors: int = 0
    warnings: int = 0
    layer_seconds: float | None = None
    new_columns: tuple[str, ...] = ()

    @property
    def audited(self) -> bool:
        """Whether the table was audited before the run ended."""
        return self.rows is not None


def tables(aws: Aws, run_id: str, layers: Sequence[str], seconds: Mapping[str, float]) -> list[TableSummary]:
    """Return the tables of some layers after a run, in the order of the layers.

    Parameters
    ----------
    aws : Aws
    run_id : str
    layers : sequence of str
    seconds : mapping
        How long each layer took; layers that did not run are absent.
    """
    summaries: list[TableSummary] = []
    for layer in layers:
        summaries += audited(layer, report(aws, layout.quality_key(run_id, layer)), seconds.get(layer))
    return summaries


def audited(layer: str, audit: Mapping[str, Any] | None, seconds: float | None) -> list[TableSummary]:
    """Return the tables of a layer as the report of its audit has them; `report` is None where there is none."""
    entries = {entry["table"]: entry for entry in audit["tables"]} if audit else {}
    return [_table(layer, table, entries.get(table), seconds) for table in layers.tables_of(layer)]


def set_aside(summaries: Sequence[TableSummary], run_id: str) -> list[str]:
    """Return the keys of a run's quarantine files."""
    return [layout.quarantine_key(run_id, table.layer, table.table) for table in summaries if table.quarantined]


def left_out(summaries: Sequence[TableSummary]) -> list[str]:
    """Return a warning for each table whose CSV has columns that were left out."""
    return [
        f"{each.table}.csv: left out what the contract does not have: "
        f"{'column' if len(each.new_columns) == 1 else 'columns'} {', '.join(each.new_columns)}"
        for each in summaries
        if each.new_columns
    ]


def _table(layer: str, table: str, audited: dict[str, Any] | None, seconds: float | None) -> TableSummary:
    if audited is None:
        return TableSummary(layer, table, None, None, "not run", layer_seconds=seconds)
    statuses = [rule["status"] for rule in audited["rules"]]
    return TableSummary(
        layer,
        table,
        audited["rows"],
        audited["quarantined"],
        audited["verdict"],
        statuses.count("fail"),
        statuses.count("warn"),
        seconds,
        tuple(audited.get("new_columns", ())),
    )


def report(aws: Aws, key: str) -> dict[str, Any] | None:
    """Return the report of an audit or of governance, or None when the run failed before it was written."""
    try:
        body = aws.s3.get_object(Bucket=aws.bucket, Key=key)["Body"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
    content: dict[str, Any] = json.loads(body.read())
    return content


def show(summaries: Sequence[TableSummary]) -> None:
    """Print the summary: one line per table, below its layer with its duration."""
    grid = present.table(
        Column("table", no_wrap=True), *(Column(name, justify="right") for name in ("rows", "quarantined")), "audit"
    )
    previous = ""
    for table in summaries:
        if table.layer != previous:
            if previous:
                grid.add_section()
            took = "" if table.layer_seconds is None else f" [dim]{present.duration(table.layer_seconds)}[/dim]"
            grid.add_row(f"[bold]{table.layer}[/bold]{took}")
        previous = table.layer
        quarantined = _number(table.quarantined)
        grid.add_row(
            f"  {table.table}",
            _number(table.rows),
            f"[yellow]{quarantined}[/yellow]" if table.quarantined else quarantined,
            _verdict(table),
        )
    present.grid(grid)


def _number(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _verdict(table: TableSummary) -> str:
    counts = [
        present.count(number, name) for number, name in ((table.errors, "error"), (table.warnings, "warning")) if number
    ]
    return f"[{_VERDICT_STYLE.get(table.verdict, 'default')}]{', '.join(counts) or table.verdict}[/]"
