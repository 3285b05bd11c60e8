"""How long calls of AWS wait, told by a clock that counts round trips: the same on every machine, however busy it is.

Each thread has a time of its own, which a request moves on by one round trip. Work that is handed to a thread begins
when it was handed over, or when a thread of the pool is free, whichever is later; whoever takes its result goes on when
it is there. So the time at the end is how many round trips there were one after the other. Of the threads of a pool
always the one that is free first takes what comes next, whichever of them the operating system lets run.
"""

import heapq
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.endpoint import Endpoint


@dataclass
class RoundTrips:
    """What was counted.

    Attributes
    ----------
    requests : Counter of str
        By ``service.Operation``.
    spans : list of (int, int)
        When each request began and ended.
    moved : int
        The bytes of all bodies, there and back, of S3 alone.
    """

    requests: Counter[str] = field(default_factory=Counter)
    spans: list[tuple[int, int]] = field(default_factory=list)
    moved: int = 0
    _own: threading.local = field(default_factory=threading.local)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def now(self) -> int:
        """The time of this thread: how many round trips it has waited for, one after the other."""
        return int(getattr(self._own, "now", 0))

    @now.setter
    def now(self, time: int) -> None:
        self._own.now = time

    @property
    def most_at_once(self) -> int:
        """The greatest number of requests that were on their way at the same time."""
        changes = sorted([(begun, 1) for begun, _ in self.spans] + [(ended, -1) for _, ended in self.spans])
        most = at_once = 0
        for _, change in changes:
            at_once += change
            most = max(most, at_once)
        return most

    def passed(self, size: int) -> None:
        """Count the bytes of a request and its answer."""
        with self._lock:
            self.moved += size

    def asked(self, what: str) -> None:
        """Count a request of this thread."""
        begun = self.now
        self.now = begun + 1
        with self._lock:
            self.requests[what] += 1
            self.spans.append((begun, begun + 1))


def _size(body: Any) -> int:
    """Return the bytes of a request's body, which may be a file, or one with its checksum around it."""
    if body is None or isinstance(body, str | bytes | bytearray):
        return len(body or b"")
    file = getattr(body, "_raw", body)
    here = file.tell()
    end = file.seek(0, 2)
    file.seek(here)
    return int(end)


@contextmanager
def counted() -> Iterator[RoundTrips]:
    """Count the round trips of boto3's calls within the block; its time begins at 0."""
    trips = RoundTrips()
    send, submit, result = Endpoint._send_request, ThreadPoolExecutor.submit, Future.result
    lock = threading.Lock()

    def counting(endpoint: Any, request_dict: Any, operation: Any) -> Any:
        service = operation.service_model.service_name
        trips.asked(f"{service}.{operation.name}")
        answer, parsed = send(endpoint, request_dict, operation)
        if service == "s3" and operation.http["method"] != "HEAD":
            trips.passed(_size(request_dict.get("body")) + int(answer.headers.get("content-length") or 0))
        return answer, parsed

    def handing_over(pool: Any, work: Callable[..., Any], /, *args: Any, **more: Any) -> Any:
        handed = trips.now
        with lock:
            free = vars(pool).setdefault("_free_at", [0] * pool._max_workers)

        def working() -> Any:
            with lock:
                begun = max(handed, heapq.heappop(free))
            trips.now = begun
            try:
                return work(*args, **more)
            finally:
                future.__dict__["_ended_at"] = trips.now
                with lock:
                    heapq.heappush(free, trips.now)

        future: Future[Any]
        ready = threading.Event()

        def waiting_for_its_name() -> Any:
            ready.wait()
            return working()

        future = submit(pool, waiting_for_its_name)
        ready.set()
        return future

    def taking(future: Any, timeout: float | None = None) -> Any:
        try:
            return result(future, timeout)
        finally:
            trips.now = max(trips.now, vars(future).get("_ended_at", 0))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Endpoint, "_send_request", counting)
        patch.setattr(ThreadPoolExecutor, "submit", handing_over)
        patch.setattr(Future, "result", taking)
        yield trips
