"""Faults put into the calls of S3 and Glue, below botocore's own attempts, in moto's AWS within the test's process."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from io import BytesIO
from typing import Any, Final

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.core.botocore_stubber import BotocoreStubber

_GLUE_WRITES: Final = ("CreateTable", "UpdateTable")
_NO_XML: Final = '{{"__type":"{code}","message":"fault"}}'
_XML: Final = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>fault</Message></Error>"


class Kind(StrEnum):
    """What happens to a write."""

    DENIED = "denied"
    THROTTLED = "throttled"
    ERROR = "answered 500"
    BROKEN = "answered 500 from there on"
    LOST = "done, and the answer lost"
    KILLED_BEFORE = "the process killed before"
    KILLED_AFTER = "the process killed after"


# A process that is killed or refused ends its run; of the others botocore's next attempt is none the wiser.
ENDS: Final = frozenset({Kind.DENIED, Kind.BROKEN, Kind.KILLED_BEFORE, Kind.KILLED_AFTER})


class KilledError(BaseException):
    """The process is gone: nothing that it would have done after this happens."""


@dataclass
class Faults:
    """What is done to the calls that pass.

    Attributes
    ----------
    at : int
        The write to which ``kind`` happens, from 1; 0: to none.
    kind : Kind
    meanwhile : callable or None
        Called once, in place of the fault, just before that write.
    delay : float
        The most seconds that a write is slow.
    writes : int
        How many have passed.
    dead : bool
        Whether the process is gone.
    spared : set of int
        The threads that are another process, to which nothing happens.
    """

    at: int = 0
    kind: Kind = Kind.DENIED
    meanwhile: Callable[[], None] | None = None
    delay: float = 0.0
    writes: int = 0
    dead: bool = False
    spared: set[int] = field(default_factory=set)
    rng: random.Random = field(default_factory=lambda: random.Random(1))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def passes(self, request: Any, send: Callable[[], Any]) -> Any:
        """Let a call pass, or not."""
        if threading.get_ident() in self.spared:
            return send()
        if self.dead:
            raise KilledError
        service = _written(request)
        if not service:
            return send()
        if self.delay:
            time.sleep(self.rng.uniform(0, self.delay))
        with self.lock:
            self.writes += 1
            hit = self.writes == self.at or (self.kind is Kind.BROKEN and 0 < self.at < self.writes)
        if not hit:
            return send()
        if self.meanwhile is not None:
            do, self.meanwhile, self.at = self.meanwhile, None, 0
            do()
            return send()
        return self._happens(request, service, send)

    def _happens(self, request: Any, service: str, send: Callable[[], Any]) -> Any:
        match self.kind:
            case Kind.DENIED:
                return _answer(request, service, 403, "AccessDenied" if service == "s3" else "AccessDeniedException")
            case Kind.THROTTLED:
                code, status = ("SlowDown", 503) if service == "s3" else ("ThrottlingException", 400)
                return _answer(request, service, status, code)
            case Kind.ERROR | Kind.BROKEN:
                return _answer(
                    request, service, 500, "InternalError" if service == "s3" else "InternalServiceException"
                )
            case Kind.LOST:
                send()
                raise ConnectionClosedError(endpoint_url=request.url)
            case Kind.KILLED_AFTER:
                send()
        self.dead = True
        raise KilledError


@contextmanager
def faulty(**given: Any) -> Iterator[Faults]:
    """Put a fault into the calls within the block; botocore's pauses between attempts are left out."""
    faults, whole, client, lock = Faults(**given), BotocoreStubber.__call__, boto3.client, threading.Lock()

    def one_by_one(*args: Any, **more: Any) -> Any:
        with lock:  # boto3 makes clients of its default session in one thread at a time
            return client(*args, **more)

    def call(stubber: Any, event_name: str, request: Any, **more: Any) -> Any:
        return faults.passes(request, lambda: whole(stubber, event_name, request, **more))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BotocoreStubber, "__call__", call)
        patch.setattr(boto3, "client", one_by_one)
        patch.setattr("botocore.endpoint.time.sleep", lambda _: None)
        yield faults


def _written(request: Any) -> str:
    """Return the service that a call writes to; nothing for one that only reads, or writes elsewhere."""
    target = request.headers.get("X-Amz-Target", b"")
    action = (target.decode() if isinstance(target, bytes) else str(target)).rpartition(".")[2]
    if action:
        return "glue" if action in _GLUE_WRITES else ""
    return "s3" if request.method == "PUT" or (request.method == "POST" and "uploadId" in request.url) else ""


def _answer(request: Any, service: str, status: int, code: str) -> AWSResponse:
    body = (_XML if service == "s3" else _NO_XML).format(code=code).encode()
    return AWSResponse(request.url, status, {"x-amzn-errortype": code}, _Body(body))


class _Body(BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
