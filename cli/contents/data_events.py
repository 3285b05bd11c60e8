"""The calls of S3's objects as CloudTrail tells them, where a trail has them and may be read.

An account keeps no data events by itself: a trail has to be asked for them, delivers them into a bucket within minutes,
and costs. So where none is found it is said that nobody looked.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from cli.contents.outcome import permitted
from cli.session import Aws
from lakehouse.clients import together

# What cannot be compared without a trail.
ASKED: Final = "what S3 was asked for"
_OBJECTS: Final = "AWS::S3::Object"
_READS: Final = frozenset({"GetObject"})
_WRITES: Final = frozenset({"PutObject", "CopyObject", "CompleteMultipartUpload"})
# CloudTrail delivers within about five minutes, and puts what is late into the folder of a later day.
_LATE: Final = timedelta(hours=1)


class Call(NamedTuple):
    """What somebody did with an object.

    Attributes
    ----------
    session : str
        The name of the role's session that called: of a Lambda its function's; else the last part of the caller's ARN.
    writes : bool
        Whether the object was written, or else read.
    key : str
    at : datetime
        To the second, UTC.
    """

    session: str
    writes: bool
    key: str
    at: datetime


def trails_of(aws: Aws, bucket: str) -> tuple[list[Mapping[str, Any]], str]:
    """Return the trails that have the data events of a bucket, and why nobody can look: empty where somebody can."""
    trails, refused = permitted(
        f"{ASKED}: CloudTrail may not be read", lambda: list(_trails(aws, bucket)), list[Mapping[str, Any]]()
    )
    if not trails and not refused:
        refused = f"{ASKED}: no trail of CloudTrail has the data events of s3://{bucket}"
    return trails, refused


def calls_of(
    aws: Aws, trails: Iterable[Mapping[str, Any]], bucket: str, since: datetime, until: datetime
) -> tuple[tuple[Call, ...], str]:
    """Return who read and wrote which object of a bucket, as trails have it, and why that could not be read.

    Parameters
    ----------
    aws : Aws
    trails : iterable of mapping
        Of `trails_of`.
    bucket : str
    since, until : datetime
        With a time zone.
    """
    days = [since + timedelta(days=n) for n in range((until + _LATE - since).days + 2)]
    found, refused = permitted(
        f"{ASKED}: the trail's bucket may not be read",
        lambda: [call for trail in trails for call in _delivered(aws, trail, days, bucket)],
        list[Call](),
    )
    # A trail tells whole seconds.
    first = since.replace(microsecond=0)
    return tuple(dict.fromkeys(call for call in found if first <= call.at <= until)), refused


def _trails(aws: Aws, bucket: str) -> Iterator[Mapping[str, Any]]:
    """Yield the trails that have the data events of a bucket."""
    client = aws.client("cloudtrail")
    for trail in client.describe_trails()["trailList"]:
        selectors = client.get_event_selectors(TrailName=trail["TrailARN"])
        basic = (each for selector in selectors.get("EventSelectors", ()) for each in selector["DataResources"])
        advanced = selectors.get("AdvancedEventSelectors", ())
        if any(_covers(each, bucket) for each in basic) or any(map(_is_of_objects, advanced)):
            yield trail


def _covers(resource: Mapping[str, Any], bucket: str) -> bool:
    """Return whether a selector has all objects of a bucket."""
    wanted = f"arn:aws:s3:::{bucket}/"
    return resource["Type"] == _OBJECTS and any(wanted.startswith(each) for each in resource.get("Values", ()))


def _is_of_objects(selector: Mapping[str, Any]) -> bool:
    fields = {each["Field"]: each.get("Equals", ()) for each in selector["FieldSelectors"]}
    return _OBJECTS in fields.get("resources.type", ())


def _delivered(aws: Aws, trail: Mapping[str, Any], days: Iterable[datetime], bucket: str) -> Iterator[Call]:
    """Yield what a trail has of a bucket on some days."""
    _, _, _, home, account, _ = trail["TrailARN"].split(":", 5)
    region = aws.s3.meta.region_name or home
    above = f"{trail['S3KeyPrefix']}/" if trail.get("S3KeyPrefix") else ""
    where, pages = trail["S3BucketName"], aws.s3.get_paginator("list_objects_v2")
    prefixes = dict.fromkeys(
        f"{above}AWSLogs/{account}/CloudTrail/{region}/{day.astimezone(UTC):%Y/%m/%d}/" for day in days
    )
    keys = [
        each["Key"]
        for prefix in prefixes
        for page in pages.paginate(Bucket=where, Prefix=prefix)
        for each in page.get("Contents", ())
    ]
    for records in together(lambda key: _records(aws, where, key), keys):
        for record in records:
            call = _call(record, bucket)
            if call is not None:
                yield call


def _records(aws: Aws, bucket: str, key: str) -> list[Mapping[str, Any]]:
    """Return the events of a trail's file; none of one that is no file of its."""
    try:
        content = json.loads(gzip.decompress(aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
    except (OSError, EOFError, zlib.error, ValueError):
        return []
    records: list[Mapping[str, Any]] = content.get("Records", [])
    return records


def _call(record: Mapping[str, Any], bucket: str) -> Call | None:
    """Return what an event says; None of another bucket's, of one that failed, or that neither reads nor writes."""
    name, asked = record.get("eventName"), record.get("requestParameters") or {}
    of_objects = record.get("eventSource") == "s3.amazonaws.com" and name in _READS | _WRITES
    if not of_objects or record.get("errorCode") or asked.get("bucketName") != bucket or "key" not in asked:
        return None
    at = datetime.fromisoformat(record["eventTime"])
    return Call(record["userIdentity"].get("arn", "").rpartition("/")[2], name in _WRITES, asked["key"], at)
