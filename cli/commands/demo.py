"""`importau demo`: the whole lakehouse on this machine, from nothing to audited tables."""

from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from cli import ROOT, options
from cli.account.aws_cli import AwsCli
from cli.account.identity import bucket_name, who_am_i
from cli.account.stack import Stack
from cli.account.stack_bucket import bucket_of, bucket_parameter, tell_deployed
from cli.building import sam
from cli.contents.export_record import claim
from cli.embedded.lifetime import lasting
from cli.embedded.server import EmbeddedAws
from cli.errors import CliError
from cli.portal.file import FILE, claim_page, warn_of_another, write
from cli.portal.page import filled, prepared
from cli.running import source
from cli.running.machines import PIPELINE
from cli.running.perform import Wishes, perform
from cli.running.replacing import may_replace
from cli.session import Aws, at, default_stack, embedded_aws
from cli.terminal import present
from cli.terminal.questions import answers, ask


def demo(  # noqa: PLR0913, PLR0917 - an argument an option
    csv_dir: options.CsvDir = None,
    orders: options.Orders = None,
    seed: options.Seed = None,
    new_columns: options.NewColumns = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            "-y",
            help="Without asking: synthetic data when a CSV is missing, replacing a lake in use.",
            rich_help_panel=options.SOURCE_PANEL,
        ),
    ] = False,
    no_input: options.NoInput = False,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="DIR", help="Write the tables to DIR as Parquet, as `export` does."),
    ] = None,
    local: options.LocalAlways = False,
    keep_running: Annotated[bool, typer.Option("--keep-running", help="Leave the embedded AWS up afterwards.")] = False,
) -> None:
    """Deploy and run the lakehouse on this machine: no AWS account, no Docker.

    Starts the embedded AWS, builds and deploys with SAM, uploads the data, runs the pipeline, shows the tables.
    Without --csv-dir or --orders it takes csv_exports/ in or beside the repository. What a demo made before is
    replaced; where somebody else ran anything in that lake, it asks.
    """
    del local
    began = monotonic()
    wishes = Wishes(new_columns=options.read_choice(new_columns, orders))
    # Every question comes first, and not after a long build.
    who = answers(yes, no_input)
    data = source.complete(source.chosen(csv_dir, orders, seed) or _folder_nearby(), list, who, ask)
    page_file = FILE if export is None else export.expanduser() / FILE.name
    claim_page(page_file)
    if export is not None:
        claim(export.expanduser())
    server = embedded_aws()
    with lasting(server, keep_running) as endpoint:
        aws = at(endpoint)
        aws_cli, its = AwsCli(endpoint=endpoint), default_stack("local")
        stack = Stack(aws_cli, its)
        identity = who_am_i(aws_cli)
        bucket = bucket_of(its, stack.described(), None) or bucket_name(identity)
        may_replace(aws, bucket, who)
        # npm is slow; it works while the lakehouse is deployed and runs.
        page = prepared()
        with present.activity(f"stack {its}") as show:
            described = stack.recover(present.say, show)
        parameters = bucket_parameter(aws_cli, identity, described, bucket)
        build_dir = server.home.parent / "build"  # not .aws-sam, which is for your account
        with present.step("sam build") as show:
            sam.build(endpoint, build_dir, show)
        with present.step("sam deploy") as show:
            sam.deploy(parameters, endpoint, build_dir, progress=show)
        tell_deployed(aws_cli, bucket)
        perform(aws, PIPELINE, data, wishes, of_demo=True)
        if export is not None:
            from cli.contents.download import download

            download(aws, export.expanduser())
        _show(aws, page, page_file)
    present.done("demo finished", monotonic() - began)
    _next_steps(server, export)


def _folder_nearby() -> source.CsvFolder:
    folder = source.nearby()
    if folder is not None:
        present.say(f"taking the CSVs in {present.place(folder)}")
    return source.CsvFolder(folder or ROOT / "csv_exports")


def _show(aws: Aws, page: Future[str], file: Path) -> None:
    """Write the portal; where it cannot be built, the rest of the demo has still worked."""
    from cli.portal.document import whole

    try:
        with present.step("portal"):
            text = filled(page.result(), whole(aws, datetime.now(UTC)))
    except CliError as error:
        present.warn(f"no portal: {error.message}\n{error.fix}")
    else:
        write(text, file)
        warn_of_another(aws, file)


def _next_steps(server: EmbeddedAws, export: Path | None) -> None:
    running = server.status() is not None
    steps = [] if running else [("./importau local up", "starts the embedded AWS again, with all of this in it")]
    if export is None:
        steps.append(("./importau export out --local", "the tables as Parquet, quarantine and quality reports"))
    else:
        present.say(f"the tables, quarantine and quality reports are in {export}")
    steps.append(("./importau run --force --local", "runs the pipeline again"))
    steps.append(("./importau portal --local --open", "builds the portal again, and opens it"))
    if running:
        steps.append(("./importau local down", "stops the embedded AWS"))
    present.say("where to look next:")
    present.lines([(f"  {command}", what) for command, what in steps])
