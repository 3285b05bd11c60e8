"""Emptying a bucket for good: every version of every object, delete markers, and uploads that were never finished."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cli.errors import CliError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# What S3 takes at a time.
_BATCH: Final = 1000
_SAID: Final = 5


def versions(s3: "S3Client", bucket: str, prefix: str = "") -> Iterator[dict[str, str]]:
    """Yield key and version of everything under a prefix, delete markers included."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for entry in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            yield {"Key": entry["Key"], "VersionId": entry["VersionId"]}


def empty(s3: "S3Client", bucket: str, prefix: str = "", show: Callable[[str], None] | None = None) -> int:
    """Delete everything under a prefix for good and return how many versions that were.

    Raises
    ------
    CliError
        S3 did not delete some of it; the message names the first few.
    """
    deleted, kept = 0, []
    found = versions(s3, bucket, prefix)
    while batch := list(islice(found, _BATCH)):
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})  # type: ignore[typeddict-item]
        refused: list[Any] = answer.get("Errors", [])
        kept += [f"{error['Key']}: {error.get('Message', error.get('Code', ''))}" for error in refused]
        deleted += len(batch) - len(refused)
        if show is not None:
            show(f"{deleted:,} versions deleted")
    if kept:
        more = f"\n  and {len(kept) - _SAID} more" if len(kept) > _SAID else ""
        raise CliError(
            f"{len(kept)} objects of s3://{bucket}/{prefix} could not be deleted:"
            + "".join(f"\n  {each}" for each in kept[:_SAID])
            + more,
            "Mend the cause and try again; what is deleted stays deleted.",
        )
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix):
        for upload in page.get("Uploads", ()):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    return deleted
