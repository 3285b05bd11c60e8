"""A proxy before an AWS on this machine: every request waits as long as S3's do, and is counted."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit

# What S3 makes a request wait, at most times.
SECONDS: Final = 0.025
_LARGEST_HEAD: Final = 1 << 20
_HEAD_ENDS: Final = b"\r\n\r\n"
_NO_BODY: Final = frozenset({"204", "304"})


@dataclass
class Proxy:
    """The proxy, and what has passed it.

    Attributes
    ----------
    url : str
        The endpoint for clients.
    seconds : float
        How long each request waits.
    requests : Counter of str
        By operation: ``GetObject``, ``ListObjectsV2``, ``GetTable``.
    at_once, most_at_once : int
        How many requests are on their way, and the greatest number that were.
    """

    url: str
    seconds: float
    requests: Counter[str] = field(default_factory=Counter)
    at_once: int = 0
    most_at_once: int = 0

    def reset(self) -> None:
        """Count from here on."""
        self.requests.clear()
        self.most_at_once = self.at_once


@contextmanager
def proxied(target: str, seconds: float = SECONDS) -> Iterator[Proxy]:
    """Put a proxy on a free port of the loopback interface before the endpoint ``target``.

    Parameters
    ----------
    target : str
        ``http://host:port``.
    seconds : float
        How long each request waits before it is passed on.
    """
    to = urlsplit(target)
    assert to.hostname
    assert to.port
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    proxy = Proxy("", seconds)

    async def serve() -> asyncio.Server:
        return await asyncio.start_server(
            lambda reader, writer: _connection(proxy, (str(to.hostname), int(to.port or 0)), reader, writer),
            "127.0.0.1", 0, limit=_LARGEST_HEAD,
        )  # fmt: skip

    server = asyncio.run_coroutine_threadsafe(serve(), loop).result()
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:

        async def stop() -> None:
            server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _connection(
    proxy: Proxy, target: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Pass on the requests of one connection, one after the other, as HTTP/1.1 has them."""
    there_in, there_out = await asyncio.open_connection(*target, limit=_LARGEST_HEAD)
    try:
        # A client closes its connection when it has no more requests.
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(_HEAD_ENDS)
                if _field(head, "expect"):
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    head = _without(head, "expect")
                body = await _body(reader, head)
                proxy.requests[_operation(head)] += 1
                proxy.at_once += 1
                proxy.most_at_once = max(proxy.most_at_once, proxy.at_once)
                try:
                    await asyncio.sleep(proxy.seconds)
                    there_out.write(head + body)
                    answer = await there_in.readuntil(_HEAD_ENDS)
                    status = answer.split(b" ", 2)[1].decode()
                    has_body = not head.startswith(b"HEAD ") and status not in _NO_BODY
                    answer += await _body(there_in, answer) if has_body else b""
                finally:
                    proxy.at_once -= 1
                writer.write(answer)
                await writer.drain()
    finally:
        there_out.close()
        writer.close()


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """Return the body that follows a head, framed as it came."""
    if _field(head, "transfer-encoding").lower() == "chunked":
        parts = []
        while True:
            size = await reader.readuntil(b"\r\n")
            length = int(size.split(b";")[0], 16)
            parts += [size, await reader.readexactly(length + 2)]
            if not length:
                return b"".join(parts)
    return await reader.readexactly(int(_field(head, "content-length") or 0))


def _field(head: bytes, name: str) -> str:
    """Return the value of a header; empty where there is none."""
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.decode("latin-1").partition(":")
        if key.lower() == name:
            return value.strip()
    return ""


def _without(head: bytes, name: str) -> bytes:
    lines = head.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith(f"{name}:".encode()))


def _operation(head: bytes) -> str:
    """Return the operation that a request is of: by its target, or for S3 by its method and query."""
    if target := _field(head, "x-amz-target"):
        return target.rpartition(".")[2]
    method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    query = parse_qs(urlsplit(path).query, keep_blank_values=True)
    if "list-type" in query:
        return "ListObjectsV2"
    is_object = urlsplit(path).path.strip("/").count("/") > 0
    kind = "Object" if is_object else "Bucket"
    return f"{method.title()}{kind}" + "".join(sorted(f"?{name}" for name in ("uploads", "uploadId") if name in query))
