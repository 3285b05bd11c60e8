"""`importau quarantine`: the rows that wait, out for a person to mend, and back in."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from cli import options
from cli.errors import CliError
from cli.help import Typer
from cli.session import connect
from cli.terminal import present
from lakehouse.contract import layers

if TYPE_CHECKING:
    from cli.contents.quarantine import WaitingTable
    from lakehouse.versions.view import View

app = Typer(help="The rows that were set aside: which wait and why, out to be mended, and back.")


@app.command("list")
def list_(
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Say which rows of the newest version wait, why, and since when.

    No value of a row is printed. `quarantine export` writes the rows themselves.
    """
    from cli.contents.opening import opened

    view = opened(connect(local, stack, region, profile, stage))
    found = _waiting(view)
    if as_json:
        told = {"version": view.number, "tables": [each.as_json() for each in found]}
        present.out.print_json(json.dumps(told, ensure_ascii=False))
        return
    if not found:
        present.done(f"nothing waits: version {view.number} has every row")
        return
    rows = [
        (
            each.table,
            f"{len(each.rows):,}",
            f"{each.since.at[:10]}, {present.count(each.since.days, 'day')}, run {each.since.run}",
            "\n".join(f"{count:,} x {escape(why)}" for why, count in each.reasons.items()),
        )
        for each in found
    ]
    present.records(("table", "rows", "waits since", "why"), rows)
    if any(each.layer == layers.BRONZE for each in found):
        present.say("to mend them: `./importau quarantine export DIR`")


@app.command("export")
def export_(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; made when missing.")],
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Write the rows that wait as CSVs to mend: DIR/<table>.csv, and why in DIR/<table>.reasons.csv.

    Row n of the one is row n of the other. The files have what the rows have: they may hold personal data.
    """
    from cli.contents.mending import write
    from cli.contents.opening import opened

    view = opened(connect(local, stack, region, profile, stage))
    if view.version is not None and not view.version.is_from_csv:
        raise CliError(
            f"version {view.number} is of synthetic data, which nobody can mend", "Run on exported CSVs first."
        )
    found = _waiting(view)
    files = write(view, [each for each in found if each.layer == layers.BRONZE], directory.expanduser())
    for each in found:
        if each.layer != layers.BRONZE:
            present.say(
                f"{each.table}: {present.count(len(each.rows), 'row')} of {each.layer}, to be mended where "
                f"{'it comes' if len(each.rows) == 1 else 'they come'} from: in the exported CSVs, or as corrections"
            )
    if not files:
        present.done("there is nothing to mend in Bronze")
        return
    for file in files:
        present.done(f"{file}, and why beside it")
    names = " ".join(str(present.place(file)) for file in files)
    present.say(f"mend the rows, then: `./importau quarantine fix {names}`")


@app.command()
def fix(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Corrected rows, each file <table>.csv.")],
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Check corrected rows as Bronze would, and upload them; the next run reads them.

    A corrected row replaces the row of its key, whether that was kept or set aside, and stays in force until it is
    corrected again. Where one row is not valid nothing is uploaded.
    """
    from cli.contents.corrections import checked, unknown, upload
    from lakehouse.lake.s3 import Lake
    from lakehouse.versions.view import View

    mended = checked([file.expanduser() for file in files])
    aws = connect(local, stack, region, profile, stage)
    lake = Lake(aws.bucket, aws.s3)
    view = View.of_version(lake)
    for each in mended:
        new = unknown(view, each)
        total = upload(lake, each)
        present.done(
            f"{present.count(len(each.rows), 'corrected row')} of {each.table} uploaded; {total:,} in force altogether"
        )
        if new:
            present.warn(
                f"{present.count(new, 'row')} of {each.table} with a key that no row has: each mends a row whose key "
                "was wrong, where all else is equal, or is added"
            )
    present.say("they are read by the next run: `./importau run`")


def _waiting(view: "View") -> "list[WaitingTable]":
    from cli.contents.quarantine import waiting
    from lakehouse.errors import StorageError

    try:
        with present.activity("reading the quarantine"):
            return waiting(view.lake, view)
    except StorageError as error:
        raise CliError(
            str(error),
            "Rows set aside are kept for QuarantineRetentionDays; `./importau verify` says what is missing besides.",
        ) from error
