"""The clients of AWS's services, one of each a process, and work that waits for their answers, done at once.

Making a client reads the service's model (0.1 to 0.3 s), and a new one has no open connection: a warm Lambda, and a
thread, use the one that there is.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from threading import Lock
from typing import Any, Final, TypeVar

import boto3
from botocore.config import Config

# How many answers are waited for at once; a client keeps as many connections open, so that none is opened anew.
AT_ONCE: Final = 32
# How many results may be finished and not yet taken, for each thread.
_AHEAD: Final = 2

_clients: Final[dict[str, Any]] = {}
_lock: Final = Lock()

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def client_of(service: str) -> Any:
    """Return this process's client of a service, made from the environment (``AWS_ENDPOINT_URL`` included)."""
    return once(service, lambda: boto3.client(service, config=_config()))  # type: ignore[call-overload]


def once(name: str, make: Callable[[], Any]) -> Any:
    """Return what has been made under a name in this process; make it where nothing was. Threads wait for one."""
    if name not in _clients:
        with _lock:
            if name not in _clients:
                _clients[name] = make()
    return _clients[name]


def forget() -> None:
    """Forget every client, for a process whose environment changes: only tests have one."""
    with _lock:
        _clients.clear()


def together(work: Callable[[_Item], _Result], items: Iterable[_Item], at_once: int = AT_ONCE) -> Iterator[_Result]:
    """Yield the result of work that waits for each item, in their order, with a bounded number at work or ready.

    Work that is done together must not do more together itself: the threads would multiply, and not the connections.

    Parameters
    ----------
    work : callable
        Takes an item; it may be called in any thread.
    items : iterable
    at_once : int
        How many threads there are at the most.
    """
    rest = iter(items)
    first = list(islice(rest, at_once * _AHEAD))
    if len(first) <= 1:
        yield from map(work, first)
        return
    with ThreadPoolExecutor(min(at_once, len(first))) as threads:
        waiting: deque[Future[_Result]] = deque(threads.submit(work, item) for item in first)
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(threads.submit(work, item) for item in islice(rest, 1))
                yield result
        finally:
            for each in waiting:
                each.cancel()


def _config() -> Config:
    """Return the settings of every client.

    Path-style addressing where S3 is not AWS's: no host is called ``bucket.host.docker.internal``.
    """
    config = Config(max_pool_connections=AT_ONCE)
    own = os.environ.get("AWS_ENDPOINT_URL")
    return config.merge(Config(s3={"addressing_style": "path"})) if own else config
