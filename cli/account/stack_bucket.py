"""The bucket of a stack: which one it has or will have, made where it does not exist."""

from collections.abc import Mapping
from typing import Any

from cli.account import bucket as buckets
from cli.account import stack as stacks
from cli.account.aws_cli import AwsCli
from cli.account.bucket import Bucket
from cli.account.identity import Identity
from cli.errors import CliError, UsageError
from cli.terminal import present


def bucket_of(stack: str, described: Mapping[str, Any] | None, named: str | None) -> str | None:
    """Return the bucket that was named, or the deployed one.

    Raises
    ------
    UsageError
        They are not the same.
    """
    outputs = (described or {}).get("Outputs", ())
    deployed: str | None = next((o["OutputValue"] for o in outputs if o["OutputKey"] == "BucketName"), None)
    if named is not None and deployed is not None and named != deployed:
        raise UsageError(
            f"the stack {stack} is deployed with the bucket {deployed}, which has its data; {named} is another one",
            "Leave --bucket and IMPORTAU_BUCKET out, or take the stack down first (`./importau destroy`): "
            f"{deployed} keeps its data.",
        )
    return named or deployed


def bucket_parameter(
    aws_cli: AwsCli, identity: Identity, described: Mapping[str, Any] | None, name: str
) -> dict[str, str]:
    """Return the parameter that gives a stack its bucket, making the bucket if need be; empty where it owns its bucket.

    Raises
    ------
    CliError
        The bucket is another account's, or in another region.
    """
    if _owns_its_bucket(described):
        return {}
    ensure(aws_cli, identity, name)
    return {"ExistingBucket": name}


def _owns_its_bucket(described: Mapping[str, Any] | None) -> bool:
    """Return whether the stack made its bucket, as with `sam deploy` by hand; it then keeps it."""
    if described is None or described["StackStatus"] == stacks.REVIEW:
        return False
    parameters = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in described.get("Parameters", ())}
    return not parameters.get("ExistingBucket")


def ensure(aws_cli: AwsCli, identity: Identity, name: str, *, settle_it: bool = False) -> Bucket:
    """Return this account's bucket of a name, made where there is none, and print which was the case.

    Parameters
    ----------
    aws_cli : AwsCli
    identity : Identity
    name : str
    settle_it : bool
        Whether an existing bucket gets the lakehouse's settings; a new one always does.

    Raises
    ------
    CliError
        It is another account's, or in another region.
    """
    bucket = buckets.find(aws_cli, identity, name)
    if bucket is None:
        with present.step(f"bucket {name} made in {aws_cli.region_in_use}"):
            bucket = buckets.make(aws_cli, name)
            refused = buckets.settle(aws_cli, identity, bucket)
        _warn_of(refused)
        return bucket
    if bucket.region != aws_cli.region_in_use:
        raise CliError(
            f"the bucket {name} is yours, in {bucket.region}; the region in use is {aws_cli.region_in_use}",
            f"Work where the data is (--region {bucket.region}), or choose another name (--bucket NAME).",
        )
    present.done(f"bucket {name} is there, in {bucket.region}, and it is yours")
    if settle_it:
        with present.step("settings of the bucket"):
            refused = buckets.settle(aws_cli, identity, bucket)
        _warn_of(refused)
    elif not buckets.is_settled(aws_cli, bucket):
        present.warn(
            "it was not made for the lakehouse, or not to the end, and is left as it is; "
            f"`./importau bucket --bucket {name} --settle` gives it the lakehouse's settings"
        )
    return bucket


def _warn_of(refused: list[str]) -> None:
    for setting in refused:
        present.warn(f"you may not set this, so it stays as AWS made it: {setting}")
