"""Every object of the lakehouse and every version of it that the bucket keeps, and what each of them is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from cli.errors import CliError
from cli.terminal import present
from lakehouse.clients import together
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

_BATCH: Final = 1000
_SAID: Final = 5
_GONE: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
# What S3 calls the only version of an object in a bucket that keeps none.
_UNVERSIONED: Final = "null"
# Code, what erasures and discarded runs left written down, and Iceberg's metadata, which have no bounds of a text or of
# a personal column: none of it is anybody's data.
_WITHOUT_DATA: Final = (layout.ARTIFACTS_PREFIX, layout.ERASURES_PREFIX, layout.ICEBERG_PREFIX)

LANDING: Final = "export"
CORRECTIONS: Final = "corrections"
TABLE: Final = "table"
QUARANTINE: Final = "quarantine"
REPORT: Final = "report"
PORTAL: Final = "portal"
RESULT: Final = "query result"
WORK: Final = "working file"
CHAIN: Final = "version"
FILE: Final = "file"
# What people upload, and the next run reads.
UPLOADED: Final = frozenset({LANDING, CORRECTIONS})
# What each prefix holds; the longest one that fits counts.
_KINDS: Final = {
    f"{layout.LANDING}/": LANDING,
    layout.CORRECTIONS_PREFIX: CORRECTIONS,
    **{f"{layer}/": TABLE for layer in layout.LAYERS},
    layout.QUARANTINE_PREFIX: QUARANTINE,
    layout.GOVERNANCE_PREFIX: REPORT,
    layout.PORTAL_KEY: PORTAL,
    layout.ATHENA_PREFIX: RESULT,
    layout.STAGING_PREFIX: WORK,
    layout.LAKE_PREFIX: CHAIN,
}


class Identity(NamedTuple):
    """A version of an object.

    Attributes
    ----------
    key, version_id : str
        ``null`` in a bucket that keeps no versions.
    """

    key: str
    version_id: str


@dataclass(frozen=True)
class ObjectVersion:
    """A version of an object, as S3 lists it.

    Attributes
    ----------
    key, version_id, etag : str
    bytes : int
        0 for the mark that an object was deleted.
    modified : datetime
        When it was written, UTC.
    is_newest : bool
        Whether it is what a reader gets who asks for the key.
    is_mark : bool
        Whether it says that the object was deleted.
    replaced : datetime or None
        When the version after it was written; None for the newest.
    """

    key: str
    version_id: str
    etag: str
    bytes: int
    modified: datetime
    is_newest: bool
    is_mark: bool = False
    replaced: datetime | None = None

    @property
    def identity(self) -> Identity:
        """Which one it is."""
        return Identity(self.key, self.version_id)

    @property
    def kind(self) -> str:
        """What it is."""
        return kind_of(self.key)


def kind_of(key: str) -> str:
    """Return what an object of the lakehouse is, by its key."""
    prefix = max((prefix for prefix in _KINDS if key.startswith(prefix)), key=len, default="")
    kind = _KINDS.get(prefix, FILE)
    return FILE if kind in UPLOADED and not key.endswith(".csv") else kind


def listed(lake: Lake, prefixes: Sequence[str] = layout.PREFIXES) -> list[ObjectVersion]:
    """Return every version of every object that may hold data, marks of deletion included, in the order of the keys."""
    wanted = [prefix for prefix in prefixes if prefix not in _WITHOUT_DATA]
    found = together(lambda prefix: list(_under(lake, prefix)), wanted)
    return sorted(
        (each for versions in found for each in versions if not each.key.startswith(_WITHOUT_DATA)),
        key=lambda each: (each.key, each.replaced is not None),
    )


def uploads(lake: Lake) -> int:
    """Return how many uploads were begun and neither finished nor given up: what they hold cannot be read."""
    pages = lake.client.get_paginator("list_multipart_uploads").paginate(Bucket=lake.bucket)
    keys = [upload["Key"] for page in pages for upload in page.get("Uploads", ())]
    return sum(key.startswith(layout.PREFIXES) and not key.startswith(_WITHOUT_DATA) for key in keys)


def get_object_version(lake: Lake, wanted: ObjectVersion) -> Any:
    """Return what S3 answers that is asked for a version of an object; None where it is gone meanwhile."""
    which: dict[str, Any] = {} if wanted.version_id == _UNVERSIONED else {"VersionId": wanted.version_id}
    try:
        return lake.client.get_object(Bucket=lake.bucket, Key=wanted.key, **which)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
    return None


def delete(lake: Lake, wanted: Sequence[Identity]) -> None:
    """Delete versions of objects for good.

    Raises
    ------
    CliError
        S3 did not delete some of them; the message names the first few.
    """
    kept: list[str] = []
    for start in range(0, len(wanted), _BATCH):
        batch: Any = [{"Key": each.key, "VersionId": each.version_id} for each in wanted[start : start + _BATCH]]
        answer = lake.client.delete_objects(Bucket=lake.bucket, Delete={"Objects": batch, "Quiet": True})
        kept += [
            f"{error['Key']}: {error.get('Message') or error.get('Code', '')}" for error in answer.get("Errors", ())
        ]
    if kept:
        more = f"\n  and {len(kept) - _SAID:,} more" if len(kept) > _SAID else ""
        raise CliError(
            f"of {present.count(len(wanted), 'object version')} of s3://{lake.bucket} {len(kept):,} could not be "
            "deleted:" + "".join(f"\n  {each}" for each in kept[:_SAID]) + more,
            "Mend the cause and type the same again: it goes on where it stopped.",
        )


def _under(lake: Lake, prefix: str) -> Iterator[ObjectVersion]:
    """Yield the versions under a prefix; S3 lists those of a key newest first."""
    last, replaced = "", None
    pages = lake.client.get_paginator("list_object_versions").paginate(Bucket=lake.bucket, Prefix=prefix)
    found: list[tuple[Any, bool]] = [
        (entry, is_mark)
        for page in pages
        for entries, is_mark in ((page.get("Versions", ()), False), (page.get("DeleteMarkers", ()), True))
        for entry in entries
    ]
    # Marks are listed apart from the versions that they follow.
    found.sort(key=lambda each: (each[0]["Key"], not each[0]["IsLatest"], -each[0]["LastModified"].timestamp()))
    for entry, is_mark in found:
        newest = bool(entry["IsLatest"])
        before = replaced if entry["Key"] == last else None
        yield ObjectVersion(
            entry["Key"], entry["VersionId"], str(entry.get("ETag", "")).strip('"'), int(entry.get("Size", 0)),
            entry["LastModified"], newest, is_mark, None if newest else before or entry["LastModified"],
        )  # fmt: skip
        last, replaced = entry["Key"], entry["LastModified"]
