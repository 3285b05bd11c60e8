"""The lakehouse's bucket: found, distinguished from other people's, or made, with the settings of template.yaml."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli
from cli.account.identity import Identity
from cli.errors import DENIED, CliError, UsageError
from lakehouse.lake import layout
from lakehouse.lake.retention import WORK_DAYS, Retention
from lakehouse.stage import NONE

LEGAL: Final = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
MARK: Final = {"project": "importau"}
TAGS: Final = {**MARK, "domain": "importacao", "owner": "engenharia-de-dados", "cost-centre": "importau-lakehouse"}
# The tag that says of which stage's lakehouse a bucket is.
_STAGE: Final = "stage"
# The one region whose name must be left out when a bucket is made there.
_UNNAMED_REGION: Final = "us-east-1"
_ABSENT: Final = frozenset({"404", "NoSuchBucket", "NotFound"})

PUBLIC_ACCESS_BLOCK: Final = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
ENCRYPTION: Final = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
VERSIONING: Final = {"Status": "Enabled"}


def lifecycle(retention: Retention) -> dict[str, Any]:
    """Return the rules by which S3 deletes by itself, as S3 takes them: template.yaml's.

    No rule deletes what is the newest version of an object and may be needed: only `./importau vacuum` knows that.
    """
    landing = [
        {
            "ID": "replaced-uploads-are-kept-for-a-time",
            "Status": "Enabled",
            "Filter": {"Prefix": f"{layout.LANDING}/"},
            "NoncurrentVersionExpiration": {"NoncurrentDays": retention.landing},
        }
    ]
    deleted = {"NoncurrentVersionExpiration": {"NoncurrentDays": retention.deleted}}
    return {
        "Rules": [
            {
                "ID": "staging-is-temporary",
                "Status": "Enabled",
                "Filter": {"Prefix": layout.STAGING_PREFIX},
                "Expiration": {"Days": WORK_DAYS},
                "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            },
            {
                "ID": "query-results-are-temporary",
                "Status": "Enabled",
                "Filter": {"Prefix": layout.ATHENA_PREFIX},
                "Expiration": {"Days": WORK_DAYS},
                "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            },
            *(landing if retention.landing else []),
            {
                "ID": "what-was-deleted-is-kept-for-a-time",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                **(deleted if retention.deleted else {}),
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            },
        ]
    }


LIFECYCLE: Final = lifecycle(Retention())


@dataclass(frozen=True)
class Bucket:
    """A bucket of this account.

    Attributes
    ----------
    name, region : str
    """

    name: str
    region: str


def find(aws_cli: AwsCli, identity: Identity, name: str) -> Bucket | None:
    """Return a bucket of this account, or None where no account has one of that name.

    Raises
    ------
    UsageError
        No bucket can have that name.
    CliError
        It is another account's, or its existence may not be read.
    """
    if LEGAL.fullmatch(name) is None:
        raise UsageError(
            f"no bucket can be called '{name}'",
            "Use 3 to 63 small letters, digits and hyphens, beginning and ending with a letter or digit.",
        )
    try:
        answer = aws_cli.run("s3api", "head-bucket", "--bucket", name, "--expected-bucket-owner", identity.account)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _ABSENT:
            return None
        if code in DENIED:
            raise _not_ours(aws_cli, name) from error
        raise
    return Bucket(name, (answer or {}).get("BucketRegion") or aws_cli.region_in_use)


def make(aws_cli: AwsCli, name: str) -> Bucket:
    """Make a bucket in the region in use, without its settings yet.

    Raises
    ------
    CliError
        Another account made it in the meantime.
    """
    region = aws_cli.region_in_use
    where = (
        [] if region == _UNNAMED_REGION else ["--create-bucket-configuration", _json({"LocationConstraint": region})]
    )
    try:
        aws_cli.run("s3api", "create-bucket", "--bucket", name, *where)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "BucketAlreadyExists":
            raise _taken(name) from error
        if code != "BucketAlreadyOwnedByYou":
            raise
    return Bucket(name, region)


def settle(aws_cli: AwsCli, identity: Identity, bucket: Bucket, stage: str = NONE) -> list[str]:
    """Give a bucket the lakehouse's settings; its tags come last, and mark that it has them.

    Returns
    -------
    list of str
        The settings that this identity may not make, with the reason.
    """
    settings: dict[str, tuple[str, str, Mapping[str, Any]]] = {
        "no public access": ("put-public-access-block", "--public-access-block-configuration", PUBLIC_ACCESS_BLOCK),
        "encryption": ("put-bucket-encryption", "--server-side-encryption-configuration", ENCRYPTION),
        "versioning": ("put-bucket-versioning", "--versioning-configuration", VERSIONING),
        "lifecycle": ("put-bucket-lifecycle-configuration", "--lifecycle-configuration", LIFECYCLE),
    }
    if aws_cli.endpoint is None:  # the embedded AWS has no TLS, so this would lock everybody out
        settings["access over TLS only"] = ("put-bucket-policy", "--policy", _tls_only(identity.partition, bucket.name))
    settings["tags"] = (
        "put-bucket-tagging",
        "--tagging",
        _tagging(tags_of(aws_cli, bucket.name) | TAGS | ({_STAGE: stage} if stage else {})),
    )
    refused = []
    for what, (operation, option, content) in settings.items():
        try:
            aws_cli.run("s3api", operation, "--bucket", bucket.name, option, _json(content))
        except ClientError as error:
            if error.response["Error"]["Code"] not in DENIED:
                raise
            refused.append(f"{what}: {error.response['Error']['Message'] or 'not allowed'}")
    return refused


def keep_as_long(aws_cli: AwsCli, bucket: Bucket, retention: Retention) -> bool:
    """Let S3 delete as a retention says; return False where this identity may not say so."""
    try:
        aws_cli.run(
            "s3api", "put-bucket-lifecycle-configuration", "--bucket", bucket.name,
            "--lifecycle-configuration", _json(lifecycle(retention)),
        )  # fmt: skip
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        return False
    return True


def stage_of(aws_cli: AwsCli, bucket: Bucket) -> str | None:
    """Return of which stage's lakehouse a bucket is; None where it was made for none, or its tags may not be read."""
    tags = tags_of(aws_cli, bucket.name)
    return tags.get(_STAGE, NONE) if MARK.items() <= tags.items() else None


def is_settled(aws_cli: AwsCli, bucket: Bucket) -> bool:
    """Return whether a bucket has all of the lakehouse's settings; False also where its tags may not be read."""
    return stage_of(aws_cli, bucket) is not None


def tags_of(aws_cli: AwsCli, name: str) -> dict[str, str]:
    """Return a bucket's tags; empty where they may not be read."""
    try:
        answer = aws_cli.run("s3api", "get-bucket-tagging", "--bucket", name)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchTagSet", *DENIED}:
            return {}
        raise
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def _tagging(tags: Mapping[str, str]) -> dict[str, Any]:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _tls_only(partition: str, name: str) -> dict[str, Any]:
    """Return template.yaml's bucket policy, LakeBucketPolicy."""
    statement = {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:{partition}:s3:::{name}", f"arn:{partition}:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _not_ours(aws_cli: AwsCli, name: str) -> CliError:
    """Return what a refusal means: AWS answers the same for other accounts' buckets and for unreadable ones."""
    try:
        own = {bucket["Name"] for bucket in aws_cli.run("s3api", "list-buckets", "--prefix", name)["Buckets"]}
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        return CliError(
            f"the bucket {name} exists, and is somebody else's or may not be looked at",
            "Choose another name (--bucket NAME), or ask for s3:ListBucket on it if it is yours.",
        )
    if name not in own:
        return _taken(name)
    return CliError(
        f"the bucket {name} is yours, and you may not look at it",
        f"Ask for s3:ListBucket on arn:aws:s3:::{name}; `./importau check` shows all that is missing.",
    )


def _taken(name: str) -> CliError:
    return CliError(
        f"the bucket {name} exists and is somebody else's: bucket names are shared by everybody on AWS",
        f"Choose another name, for example {name[:61]}-2: --bucket NAME.",
    )


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"))
