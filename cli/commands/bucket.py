"""`importau bucket`: the lakehouse's bucket, there or made."""

from typing import Annotated

import typer

from cli import options
from cli.account import bucket as buckets
from cli.account.aws_cli import AwsCli
from cli.account.bucket import Bucket
from cli.account.identity import Identity, bucket_name, who_am_i
from cli.errors import CliError, UsageError
from cli.session import account
from cli.terminal import present


def bucket(  # noqa: PLR0917 - an argument an option
    settle: Annotated[
        bool, typer.Option("--settle", help="Give a bucket that is there already the lakehouse's settings.")
    ] = False,
    only_name: Annotated[
        bool, typer.Option("--name", help="Print the name that it has or would have, and make nothing.")
    ] = False,
    show_commands: options.ShowCommands = False,
    name: options.Bucket = None,
    local: options.Local = False,
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
    chosen = name or bucket_name(identity)
    if not only_name:
        ensure(aws_cli, identity, chosen, settle_it=settle)
    present.out.print(chosen, markup=False)


def ensure(aws_cli: AwsCli, identity: Identity, name: str, *, settle_it: bool = False) -> Bucket:
    """Return this account's bucket of a name, made where there is none, and say which of it was the case.

    Parameters
    ----------
    aws_cli : AwsCli
    identity : Identity
    name : str
    settle_it : bool
        Whether one that was there gets the lakehouse's settings too; a new one always does.

    Raises
    ------
    CliError
        It is somebody else's, or in another region.
    """
    found = buckets.find(aws_cli, identity, name)
    if found is None:
        with present.step(f"bucket {name} made in {aws_cli.region_in_use}"):
            found = buckets.make(aws_cli, name)
            refused = buckets.settle(aws_cli, identity, found)
        _warn_of(refused)
        return found
    if found.region != aws_cli.region_in_use:
        raise CliError(
            f"the bucket {name} is yours, in {found.region}; the region in use is {aws_cli.region_in_use}",
            f"Work where the data is (--region {found.region}), or choose another name (--bucket NAME).",
        )
    present.done(f"bucket {name} is there, in {found.region}, and it is yours")
    if settle_it:
        with present.step("settings of the bucket"):
            refused = buckets.settle(aws_cli, identity, found)
        _warn_of(refused)
    elif not buckets.is_settled(aws_cli, found):
        present.warn(
            "it was not made for the lakehouse, or not to the end, and is left as it is; "
            f"`./importau bucket --bucket {name} --settle` gives it the lakehouse's settings"
        )
    return found


def _warn_of(refused: list[str]) -> None:
    for setting in refused:
        present.warn(f"you may not set this, so it stays as AWS made it: {setting}")
