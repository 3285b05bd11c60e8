"""Who read and wrote which object, as CloudTrail's data events tell it: whatever a program calls S3 with.

MiniStack's CloudTrail knows no data events. Here every call of an object is one, with the role's session that called,
as on AWS: of a Lambda its function. A trail of this server's delivers them into a bucket of its own, in the files and
folders that CloudTrail has ("CloudTrail log file names"); it delivers when its trails are asked for, and not later.
"""

import atexit
import functools
import gzip
import hashlib
import json
import os
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

TRAIL: Final = "embedded-data-events"
_BUCKET: Final = "aws-cloudtrail-logs-{account}-embedded"
# How many calls are kept until they are delivered; after that the oldest are lost, as the trail itself says.
_MOST: Final = 200_000
_TOKEN: Final = "x-amz-security-token"  # noqa: S105 - a header's name
_PLAIN: Final = {"GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject", "PUT": "PutObject"}
_READS: Final = frozenset({"GetObject", "HeadObject"})
_OK: Final = 400
# What is asked of an object and is not its content.
_OTHER: Final = frozenset({"acl", "attributes", "legal-hold", "retention", "tagging", "torrent", "uploads"})
# Where they wait while the server is down.
_WAITING: Final = "waiting-data-events.json"

Event = dict[str, Any]
_waiting: Final[deque[Event]] = deque(maxlen=_MOST)
_sessions: Final[dict[str, str]] = {}


def event_name(method: str, query: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """Return what CloudTrail calls a request for an object; empty for one that is about other things than its content.

    >>> event_name("GET", {}, {}), event_name("POST", {"uploadId": ["1"]}, {}), event_name("GET", {"tagging": [""]}, {})
    ('GetObject', 'CompleteMultipartUpload', '')
    """
    if _OTHER & query.keys():
        return ""
    if "uploadId" in query:
        return {"PUT": "UploadPart", "POST": "CompleteMultipartUpload"}.get(method, "")
    if method == "PUT" and "x-amz-copy-source" in headers:
        return "CopyObject"
    return _PLAIN.get(method, "")


def data_event(name: str, who: str, bucket: str, key: str, agent: str, at: datetime) -> Event:
    """Return a data event as CloudTrail has it.

    Parameters
    ----------
    name : str
        ``GetObject``, ...
    who : str
        The ARN of whoever called.
    bucket, key : str
    agent : str
        The header ``User-Agent``.
    at : datetime
        With a time zone.
    """
    account = who.split(":")[4]
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole" if ":assumed-role/" in who else "IAMUser", "arn": who, "accountId": account,
        },
        "eventTime": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "userAgent": f"[{agent}]",
        "requestParameters": {"bucketName": bucket, "key": key},
        "readOnly": name in _READS,
        "resources": [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"}],
        "eventType": "AwsApiCall",
        "managementEvent": False,
        "eventCategory": "Data",
        "recipientAccountId": account,
        "eventID": str(uuid.uuid4()),
    }  # fmt: skip


def record(name: str, session: str, bucket: str, key: str) -> None:
    """Record what a service does with an object itself, in a session of its role (``AWS-Crawler``)."""
    _waiting.append(data_event(name, _assumed("service-role", session), bucket, key, "service", datetime.now(UTC)))


def _assumed(role: str, session: str) -> str:
    from ministack.core.responses import get_account_id

    return f"arn:aws:sts::{get_account_id()}:assumed-role/{role}/{session}"


def _who(headers: Mapping[str, str], query: Mapping[str, Any]) -> str:
    """Return who calls: a Lambda is the session of its role that has its function's name."""
    from ministack.core.responses import get_account_id
    from ministack.core.router import extract_access_key_id

    of_function = _sessions.get(headers.get(_TOKEN, ""))
    if of_function:
        return of_function
    user = extract_access_key_id(dict(headers), dict(query)) or "anonymous"
    return f"arn:aws:iam::{get_account_id()}:user/{user}"


def _recorded(answer: Callable[..., Any]) -> Callable[..., Any]:
    """Return S3's handler, which records each call of an object that succeeds."""

    @functools.wraps(answer)
    async def answered(method: str, path: str, headers: Any, body: Any, query: Any, *more: Any, **named: Any) -> Any:
        from ministack.services import s3

        said = await answer(method, path, headers, body, query, *more, **named)
        bucket, key = s3._parse_bucket_key(path, headers)
        name = event_name(method, query, headers) if key else ""
        if name and said[0] < _OK:
            who, agent = _who(headers, query), headers.get("user-agent", "")
            _waiting.append(data_event(name, who, bucket, key, agent, datetime.now(UTC)))
            if name == "CopyObject":
                source = headers["x-amz-copy-source"].lstrip("/").partition("?")[0].partition("/")
                _waiting.append(data_event("GetObject", who, source[0], source[2], agent, datetime.now(UTC)))
        return said

    return answered


def _known_sessions(credentials: Callable[[dict[str, Any]], dict[str, str]]) -> Callable[..., dict[str, str]]:
    """Return what gives a function its credentials; they are a session of its own, by which it is known."""

    @functools.wraps(credentials)
    def given(config: dict[str, Any]) -> dict[str, str]:
        found = credentials(config)
        role, name = str(config.get("Role", "")).rsplit("/", 1)[-1], str(config.get("FunctionName", ""))
        arn = str(config.get("FunctionArn", name))
        token = found.get("AWS_SESSION_TOKEN") or hashlib.sha256(f"session of {arn}".encode()).hexdigest()
        account = arn.split(":")[4] if arn.count(":") > 4 else ""
        _sessions[token] = f"arn:aws:sts::{account}:assumed-role/{role}/{name}"
        return found | {"AWS_SESSION_TOKEN": token}

    return given


def _delivering(answer: Callable[..., Any], put: Callable[..., Any]) -> Callable[..., Any]:
    """Return CloudTrail's handler: whoever asks for the trails finds this server's, and everything delivered."""

    @functools.wraps(answer)
    async def answered(method: str, path: str, headers: Any, body: Any, query: Any) -> Any:
        if headers.get("x-amz-target", "").endswith(".DescribeTrails"):
            await _deliver(put)
        return await answer(method, path, headers, body, query)

    return answered


async def _deliver(put: Callable[..., Any]) -> None:
    """Make the trail and its bucket where they are not there, and put what waits into it, a file a day."""
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import cloudtrail

    account, region = get_account_id(), get_region()
    bucket = _BUCKET.format(account=account)
    if cloudtrail._find_visible_trail(TRAIL)[2] is None:
        await put("PUT", f"/{bucket}", {"host": "localhost"}, b"", {})
        cloudtrail._create_trail({"Name": TRAIL, "S3BucketName": bucket})
        every = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
        selector = {"ReadWriteType": "All", "IncludeManagementEvents": False, "DataResources": every}
        cloudtrail._put_event_selectors({"TrailName": TRAIL, "EventSelectors": [selector]})
        cloudtrail._start_logging({"Name": TRAIL})
    days: dict[str, list[Event]] = {}
    while _waiting:
        event = _waiting.popleft()
        days.setdefault(event["eventTime"][:10], []).append(event | {"awsRegion": region})
    for day, events in days.items():
        folder = f"AWSLogs/{account}/CloudTrail/{region}/{day.replace('-', '/')}"
        stamp = events[-1]["eventTime"].replace("-", "").replace(":", "")
        name = f"{account}_CloudTrail_{region}_{stamp}_{uuid.uuid4().hex[:16]}.json.gz"
        content = gzip.compress(json.dumps({"Records": events}).encode())
        await put("PUT", f"/{bucket}/{folder}/{name}", {"host": "localhost"}, content, {})


def _keep() -> None:
    """Keep what waits until the server is up again."""
    place = Path(os.environ.get("STATE_DIR", "")) / _WAITING
    if os.environ.get("STATE_DIR") and place.parent.is_dir():
        place.write_text(json.dumps(list(_waiting)), "utf-8")


def _take_up() -> None:
    place = Path(os.environ.get("STATE_DIR", "")) / _WAITING
    if os.environ.get("STATE_DIR") and place.is_file():
        _waiting.extend(json.loads(place.read_text("utf-8")))
        place.unlink()


def install() -> None:
    """Record the calls of MiniStack's S3, and let its CloudTrail deliver them."""
    from ministack.core import lambda_runtime
    from ministack.services import cloudtrail, lambda_svc, s3

    put = s3.handle_request
    s3.handle_request = _recorded(put)
    known = _known_sessions(lambda_runtime.execution_credentials)
    lambda_runtime.execution_credentials = lambda_svc.execution_credentials = known
    cloudtrail.handle_request = _delivering(cloudtrail.handle_request, put)
    _take_up()
    atexit.register(_keep)
