"""`importau bucket`: the lakehouse's bucket, made where it does not exist."""

from typing import Annotated

import typer

from cli import options
from cli.account.identity import bucket_name, who_am_i
from cli.account.stack_bucket import ensure
from cli.errors import UsageError
from cli.session import account
from cli.terminal import present
from lakehouse.stage import NONE


def bucket(  # noqa: PLR0913, PLR0917 - an argument an option
    settle: Annotated[
        bool, typer.Option("--settle", help="Give a bucket that is there already the lakehouse's settings.")
    ] = False,
    only_name: Annotated[
        bool, typer.Option("--name", help="Print the name that it has or would have, and make nothing.")
    ] = False,
    show_commands: options.ShowCommands = False,
    name: options.Bucket = None,
    local: options.Local = False,
    stage: options.Stage = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Make the lakehouse's bucket, or say that it is there: private, encrypted, versioned.

    Standard output is its name and nothing else, for `bucket=$(./importau bucket)`.
    """
    if only_name and settle:
        raise UsageError("--name makes nothing, and --settle would", "Choose one of them.")
    aws_cli = account(local, region, profile, show_commands)
    identity = who_am_i(aws_cli)
    chosen = name or bucket_name(identity, stage or NONE)
    if not only_name:
        ensure(aws_cli, identity, chosen, stage or NONE, settle_it=settle)
    present.out.print(chosen, markup=False)
