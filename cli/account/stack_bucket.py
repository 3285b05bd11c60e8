"""The bucket of a stack: which one it has or will have, made where it does not exist."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from cli.account import bucket as buckets
from cli.account import stack as stacks
from cli.account.aws_cli import AwsCli
from cli.account.bucket import Bucket
from cli.account.identity import Identity
from cli.errors import DENIED, CliError, UsageError
from cli.terminal import present
from lakehouse.lake import layout
from lakehouse.lake.retention import Retention
from lakehouse.stage import NONE


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
    aws_cli: AwsCli, identity: Identity, described: Mapping[str, Any] | None, name: str, stage: str = NONE
) -> dict[str, str]:
    """Return the parameter that gives a stack its bucket, making the bucket if need be; empty where it owns its bucket.

    Raises
    ------
    CliError
        The bucket is another account's, in another region, or the lakehouse's of another stage.
    """
    if owns_its_bucket(described):
        return {}
    ensure(aws_cli, identity, name, stage)
    return {"ExistingBucket": name}


def owns_its_bucket(described: Mapping[str, Any] | None) -> bool:
    """Return whether the stack made its bucket, as with `sam deploy` by hand; it then keeps it."""
    if described is None or described["StackStatus"] == stacks.REVIEW:
        return False
    return not stacks.parameters_of(described).get("ExistingBucket")


def ensure(aws_cli: AwsCli, identity: Identity, name: str, stage: str = NONE, *, settle_it: bool = False) -> Bucket:
    """Return this account's bucket of a name, made where there is none, and print which was the case.

    Parameters
    ----------
    aws_cli : AwsCli
    identity : Identity
    name : str
    stage : str
        Whose it is or becomes: a bucket holds one lakehouse, for its keys do not say the stage.
    settle_it : bool
        Whether an existing bucket gets the lakehouse's settings; a new one always does.

    Raises
    ------
    CliError
        It is another account's, in another region, or the lakehouse's of another stage.
    """
    bucket = buckets.find(aws_cli, identity, name)
    if bucket is None:
        with present.step(f"bucket {name} made in {aws_cli.region_in_use}"):
            bucket = buckets.make(aws_cli, name)
            refused = buckets.settle(aws_cli, identity, bucket, stage)
        _warn_of(refused)
        return bucket
    if bucket.region != aws_cli.region_in_use:
        raise CliError(
            f"the bucket {name} is yours, in {bucket.region}; the region in use is {aws_cli.region_in_use}",
            f"Work where the data is (--region {bucket.region}), or choose another name (--bucket NAME).",
        )
    its_stage = require_bucket_of(aws_cli, bucket, stage)
    present.done(f"bucket {name} is there, in {bucket.region}, and it is yours")
    if settle_it:
        with present.step("settings of the bucket"):
            refused = buckets.settle(aws_cli, identity, bucket, stage)
        _warn_of(refused)
    elif its_stage is None:
        present.warn(
            "it was not made for the lakehouse, or not to the end, and is left as it is; "
            f"`./importau bucket --bucket {name} --settle` gives it the lakehouse's settings"
        )
    return bucket


def require_bucket_of(aws_cli: AwsCli, bucket: Bucket, stage: str) -> str | None:
    """Return of which stage's lakehouse a bucket is; None for one that was made for none, and may be anybody's.

    Raises
    ------
    CliError
        It was made for that of another stage.
    """
    its = buckets.stage_of(aws_cli, bucket)
    if its is not None and its != stage:
        whose = f"stage {its}" if its else "no stage"
        raise CliError(
            f"the bucket {bucket.name} is of the lakehouse of {whose}: two in one bucket would overwrite each other",
            "Leave --bucket and IMPORTAU_BUCKET out, and it gets one of its own, or name another: --bucket NAME.",
        )
    return its


def keep_as_long(aws_cli: AwsCli, identity: Identity, described: Mapping[str, Any] | None, name: str) -> None:
    """Let a bucket that was made for the lakehouse, but not by its stack, delete as the stack's parameters say."""
    bucket = None if owns_its_bucket(described) else buckets.find(aws_cli, identity, name)
    if bucket is None:
        return
    retention = Retention.of_parameters(stacks.parameters_of(described))
    if not buckets.is_settled(aws_cli, bucket) or not buckets.keep_as_long(aws_cli, bucket, retention):
        present.warn(
            f"the bucket {name} keeps its own lifecycle rules; `./importau vacuum` deletes what is kept too long"
        )


def tell_deployed(aws_cli: AwsCli, bucket: str) -> bool:
    """Tell governance that the stack was deployed, so that it takes what was changed by that as it is.

    Returns
    -------
    bool
        Whether that is permitted.
    """
    try:
        aws_cli.run("s3api", "put-object", "--bucket", bucket, "--key", layout.DEPLOYED_KEY)
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        return False
    return True


def _warn_of(refused: list[str]) -> None:
    for setting in refused:
        present.warn(f"you may not set this, so it stays as AWS made it: {setting}")
