"""`importau local`: the embedded AWS of this machine."""

import shlex
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from cli import options
from cli.embedded.containers import bridge, hand_over
from cli.embedded.endpoint import Endpoint
from cli.errors import FAILURE, NotDeployedError
from cli.help import Typer
from cli.session import at, embedded_aws
from cli.terminal import present
from lakehouse.stage import Stage

app = Typer(help="The embedded AWS: an AWS on this machine, on the loopback interface, without an account.")

_FOLLOW_SECONDS = 0.5


@app.command()
def up(
    docker: Annotated[
        bool, typer.Option("--docker", help="Answer containers as well, for `sam local invoke`: Docker must run.")
    ] = False,
) -> None:
    """Start it, with what it held before; standard output is for `eval "$(./importau local up)"`."""
    server = embedded_aws()
    endpoint = None if docker else server.status()
    if endpoint is not None:
        present.say(f"the embedded AWS is up already at {endpoint.url}")
    else:
        if docker:
            server.bridge = bridge()
        with present.step("embedded AWS up"):
            endpoint = server.start()
    if docker:
        aws = at(endpoint)
        present.say(f"what `sam local invoke` has to know of it is in {hand_over(server, endpoint, aws.bucket)}")
    present.say(f"it answers at {endpoint.url}, its state is in {server.home}; for boto3, aws and sam:")
    for name, value in endpoint.environment().items():
        present.out.print(f"export {name}={shlex.quote(value)}", markup=False)


@app.command()
def down() -> None:
    """Stop it. What was deployed and stored stays on disk."""
    server = embedded_aws()
    if server.stop():
        present.done(f"embedded AWS stopped; its state stays in {server.home}")
    else:
        present.say("the embedded AWS was not running")


@app.command()
def status() -> None:
    """Say whether it runs, where, and what is deployed there. Exit code 1 when it does not run."""
    server = embedded_aws()
    endpoint = server.status()
    if endpoint is None:
        present.lines([("state", "not running"), ("home", str(server.home))])
        raise typer.Exit(FAILURE)
    present.lines(
        [
            ("state", f"running, pid {endpoint.pid}"),
            ("endpoint", endpoint.url),
            *_stacks(endpoint),
            ("home", str(server.home)),
            ("log", str(server.log_path)),
        ]
    )


def _stacks(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    """Yield what is deployed: the stack of no stage in any case, those of stages where they are there."""
    for stage in (None, *Stage):
        aws = at(endpoint, stage=stage)
        try:
            yield f"stack {aws.stack}", f"deployed, bucket {aws.bucket}"
        except NotDeployedError:
            if stage is None:
                yield f"stack {aws.stack}", "not deployed"


@app.command()
def logs(
    lines: Annotated[
        int,
        typer.Option(
            "--lines", "-n", metavar="N", parser=options.whole("--lines", 1), help="How many of the last lines."
        ),
    ] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it is written, until Ctrl-C.")] = False,
) -> None:
    """Print the end of its log, Lambdas included."""
    server = embedded_aws()
    for line in server.logs(lines):
        present.out.print(line, markup=False)
    while follow and server.status() is not None:
        shown = len(server.logs())
        time.sleep(_FOLLOW_SECONDS)
        for line in server.logs()[shown:]:
            present.out.print(line, markup=False)


@app.command()
def reset() -> None:
    """Empty it: every deployment and every object on it is forgotten."""
    embedded_aws().reset()
    present.done("the embedded AWS is empty")
