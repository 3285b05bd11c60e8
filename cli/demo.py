"""`importau demo`: the whole lakehouse on this machine, from nothing to ten audited tables."""

from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from cli import options, present, sam, source
from cli.embedded import EmbeddedAws
from cli.errors import CliError
from cli.execution import PIPELINE
from cli.export import download
from cli.local import lasting
from cli.portal.command import FILE, write
from cli.portal.page import filled, prepared
from cli.questions import answers, ask
from cli.run import perform
from cli.session import Aws, at, embedded_aws


def demo(  # noqa: PLR0917 - an argument an option
    csv_dir: options.CsvDir = None,
    orders: options.Orders = None,
    seed: options.Seed = None,
    yes: options.Yes = False,
    no_input: options.NoInput = False,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="DIR", help="Write the ten tables to DIR as Parquet, as `export` does."),
    ] = None,
    keep_running: Annotated[bool, typer.Option("--keep-running", help="Leave the embedded AWS up afterwards.")] = False,
) -> None:
    """Deploy and run the lakehouse on this machine: no AWS account, no Docker.

    Starts the embedded AWS, builds and deploys with SAM, uploads the data, runs the pipeline, shows the ten tables.
    Without --csv-dir or --orders it takes csv_exports/ in or beside the repository, or else 1,000 synthetic orders.
    """
    began = monotonic()
    # Every question comes first: nobody waits for a build to be asked for a folder.
    wanted = source.chosen(csv_dir, orders, seed) or _found()
    data = source.complete(wanted, list, answers(yes, no_input), ask)
    server = embedded_aws()
    # npm takes its time; it has it while the lakehouse is deployed and runs.
    page = prepared()
    with lasting(server, keep_running) as endpoint:
        build_dir = server.home.parent / "build"  # not .aws-sam, which is for your account
        with present.step("sam build") as show:
            sam.build(endpoint, build_dir, show)
        with present.step("sam deploy") as show:
            sam.deploy({}, endpoint, build_dir, progress=show)
        aws = at(endpoint)
        perform(aws, PIPELINE, data, outlives_us=False)
        if export is not None:
            download(aws, export.expanduser())
        _show(aws, page, FILE if export is None else export.expanduser() / FILE.name)
    present.done("demo finished", monotonic() - began)
    _next_steps(server, export)


def _found() -> source.Source:
    folder = source.nearby()
    if folder is not None:
        present.say(f"taking the CSVs in {folder}")
        return source.CsvFolder(folder)
    synthetic = source.Synthetic()
    present.warn(f"no csv_exports/ in or beside the repository: generating {source.describe(synthetic)}")
    return synthetic


def _show(aws: Aws, page: Future[str], file: Path) -> None:
    """Write the portal; where it cannot be built, everything else has worked all the same."""
    from cli.portal.document import gather

    try:
        with present.step("portal"):
            text = filled(page.result(), gather(aws, datetime.now(UTC)))
    except CliError as error:
        present.warn(f"no portal: {error.message}\n{error.fix}")
    else:
        write(text, file)


def _next_steps(server: EmbeddedAws, export: Path | None) -> None:
    running = server.status() is not None
    steps = [] if running else [("./importau local up", "starts the embedded AWS again, with all of this in it")]
    if export is None:
        steps.append(("./importau export out --local", "the ten tables as Parquet, quarantine and quality reports"))
    else:
        present.say(f"the ten tables, quarantine and quality reports are in {export}")
    steps.append(("./importau run --local", "runs the pipeline again"))
    steps.append(("./importau portal --local --open", "builds the portal again, and opens it"))
    if running:
        steps.append(("./importau local down", "stops the embedded AWS"))
    present.say("where to look next:")
    present.lines([(f"  {command}", what) for command, what in steps])
