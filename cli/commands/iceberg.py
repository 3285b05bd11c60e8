"""`importau iceberg`: the published tables as Iceberg tables too, over the same files."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options
from cli.session import connect
from cli.terminal import present
from cli.terminal.language import translated
from cli.versioning.agreeing import agreed, agreeing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.iceberg.following import Followed


def iceberg(  # noqa: PLR0913, PLR0917 - an argument an option
    drop: Annotated[
        bool, typer.Option("--drop", help="Take them out of the catalogue, and delete their metadata; no data goes.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --drop: without asking.")] = False,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Make each published table an Iceberg table too, or let those that there are follow the newest version.

    They show the files that the version names, copy none, and are in the database importau_iceberg: for Athena, Spark,
    DuckDB or PyIceberg. A table has a tag for each version, v3 for version 3, and a snapshot for each set of files.
    Run it after what publishes or goes back, after vacuum, and after person --erase. Where nothing changed it writes
    nothing.
    """
    who = agreeing(yes, "drop the Iceberg tables") if drop else None
    # pyiceberg takes half a second to load.
    from cli.iceberg.catalogue import Tables
    from cli.iceberg.lake import follow_all
    from cli.versioning import reading

    aws = connect(local, stack, region, profile, stage)
    if who is not None:
        tables = Tables(aws, reading.lake_of(aws))
        agreed(who, translated("Drop the Iceberg tables? (y/n)"))
        count = tables.drop_all()
        if as_json:
            present.out.print_json(json.dumps({"database": tables.database, "dropped": count}))
        else:
            present.done(f"{present.count(count, 'Iceberg table')} dropped; the files they showed are as they were")
        return
    with present.step("Iceberg tables") as show:
        followed = follow_all(aws, show)
    _tell(followed, as_json)


def _tell(followed: "Sequence[Followed]", as_json: bool) -> None:
    if as_json:
        told = [
            {"table": each.table, "version": each.version, "snapshots": each.snapshots, "changed": each.changed}
            for each in followed
        ]
        present.out.print_json(json.dumps(told))
        return
    table = present.table()
    table.add_column("table")
    for heading in ("version", "snapshots"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for each in followed:
        table.add_row(each.table, f"{each.version}", f"{each.snapshots}", "" if each.changed else "unchanged")
    present.grid(table)
