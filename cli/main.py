"""The commands, and what happens when one cannot do its work."""

import signal
import sys
from types import FrameType
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.core import TyperGroup

from cli import __version__, bench, local, present
from cli.bucket import bucket
from cli.check import check
from cli.demo import demo
from cli.deploy import deploy
from cli.destroy import destroy
from cli.errors import INTERRUPTED, CliError, explain
from cli.export import export
from cli.lineage import lineage
from cli.logs import logs
from cli.plan import plan
from cli.portal.command import portal
from cli.run import run
from cli.sample.command import sample
from cli.search import search
from cli.test import test
from cli.verify import verify


class Commands(TyperGroup):
    """Turns the errors of a command into one message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except CliError as error:
            problem = error
        except (BotoCoreError, ClientError) as error:
            problem = explain(error)
        except (KeyboardInterrupt, EOFError, typer.Abort):
            present.warn("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        present.problem(problem)
        raise typer.Exit(problem.exit_code)


app = typer.Typer(
    name="importau",
    cls=Commands,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 it worked, 1 it failed, 2 it was asked wrongly, 130 it was interrupted.",
)
app.command(epilog="./importau demo --csv-dir ../csv_exports --export out   |   ./importau demo --orders 100000")(demo)
app.command(
    epilog="./importau check   |   ./importau check --role LabRole --show-commands   |   ./importau check --json"
)(check)
app.command(epilog="./importau bucket   |   ./importau bucket --bucket importau-lakehouse-turma2 --show-commands")(
    bucket
)
app.command(epilog="./importau deploy   |   ./importau deploy --yes --role LabRole --parameter LogLevel=DEBUG")(deploy)
app.command(epilog="./importau destroy   |   ./importau destroy --delete-data --local")(destroy)
app.command(epilog="./importau run --csv-dir csv_exports   |   ./importau run gold --local")(run)
app.command(epilog="./importau export out   |   ./importau export out --local")(export)
app.command(epilog="./importau search forecast   |   ./importau search 'risco cambial' --type column --local")(search)
app.command(
    epilog="./importau lineage agregado_fluxo_de_caixa_mensal   |   ./importau lineage cambio.taxa_ptax --downstream"
)(lineage)
app.command(epilog="./importau portal --open   |   ./importau portal --local --serve")(portal)
app.command(epilog="./importau verify   |   ./importau verify --local --json")(verify)
app.command(epilog="./importau logs --since 10m   |   ./importau logs bronze --follow   |   ./importau logs --run RUN")(
    logs
)
app.command(epilog="./importau plan --orders 1000000   |   ./importau plan --orders 10000000000 --memory 2048")(plan)
app.command(epilog="./importau sample   |   ./importau sample my_exports")(sample)
app.add_typer(local.app, name="local")
app.add_typer(bench.app, name="bench")
app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    epilog="./importau test   |   ./importau test tests/unit -k rateio",
)(test)


@app.callback(invoke_without_command=True)
def importau(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """IMPORTAÚ lakehouse: seven CSVs to Bronze, Silver and Gold, on AWS or whole on this machine."""
    if version:
        present.out.print(__version__)
    elif ctx.invoked_subcommand is None:
        present.out.print(ctx.get_help())


def main() -> None:
    """Run the command line with the process's arguments."""
    # As Ctrl-C does, a request to end unwinds the command, so that no server stays behind.
    for request in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(request, _end)
    app(prog_name="importau")


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    sys.exit(128 + number)
