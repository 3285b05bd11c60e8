"""Emptying a bucket for good: every version of every object, delete markers, and uploads that were never finished."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cli.errors import CliError
from cli.terminal import present

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# The most that S3 deletes at a time.
_BATCH: Final = 1000
_SAID: Final = 5


def empty(s3: "S3Client", bucket: str, prefix: str = "", show: Callable[[str], None] | None = None) -> int:
    """Delete everything under a prefix for good, and return how many versions there were.

    Raises
    ------
    CliError
        S3 did not delete some of it; the message names the first few.
    """
    deleted = 0
    # From the start each time: S3 does not promise where a listing continues after a version that was just deleted.
    while batch := _versions(s3, bucket, prefix):
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})  # type: ignore[typeddict-item]
        kept = [f"{error['Key']}: {error.get('Message', '')}" for error in answer.get("Errors", ())]
        if kept:
            more = f"\n  and {len(kept) - _SAID} more" if len(kept) > _SAID else ""
            raise CliError(
                f"{present.count(len(kept), 'object')} of s3://{bucket}/{prefix} could not be deleted:"
                + "".join(f"\n  {each}" for each in kept[:_SAID])
                + more,
                "Mend the cause and try again; what is deleted stays deleted.",
            )
        deleted += len(batch)
        if show is not None:
            show(f"{present.count(deleted, 'version')} deleted")
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix):
        for upload in page.get("Uploads", ()):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    return deleted


def _versions(s3: "S3Client", bucket: str, prefix: str) -> list[dict[str, str]]:
    """Return key and version of the first things under a prefix, delete markers included."""
    page = s3.list_object_versions(Bucket=bucket, Prefix=prefix, MaxKeys=_BATCH)
    entries = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
    return [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
