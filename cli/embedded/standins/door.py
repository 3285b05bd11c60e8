"""Who is let in: signed requests of this machine's programs, and no web page.

MiniStack answers every origin, also its PUT and DELETE, and whoever signs nothing. On AWS a request without a signature
is refused, in the words of the service that it is for, and a page of another origin is answered by no service that this
project uses. Here more than that is refused, as a browser on this machine reaches what is on its loopback interface:

- what a page sends (`Origin`, and `Sec-Fetch-Site`, which no script can set or leave out), but for a presigned link to
  an object of S3 that somebody opens;
- what is addressed to a name that is not this machine's: a page whose own name was pointed here meanwhile (DNS
  rebinding) is of the same origin to its browser, and sends neither.

Whether a signature is the right one is asked where policies are enforced (``AUTH=true``), by MiniStack.
"""

import ipaddress
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# This machine's name in a container; RFC 6761 keeps `localhost` and what is below it from ever being asked of a DNS.
_NAMES: Final = ("localhost", "host.docker.internal")
_HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^:\[\]]+)(:\d+)?")
# Asked by who waits for the server, and says nothing but that it is up.
_READY: Final = ("GET", "/_ministack/ready")
_READS: Final = frozenset({"GET", "HEAD"})
# What clients of the older services send: CloudFormation, IAM, SNS, STS.
_FORM: Final = "application/x-www-form-urlencoded"
# S3's and the others' errors for it, as MiniStack names them where it enforces IAM.
_UNSIGNED, _OTHERWISE_SIGNED = "MissingAuthenticationToken", "UnsupportedSignature"
_DENIED: Final = "AccessDenied"
_PAGE: Final = "The embedded AWS answers no web page."
_REBOUND: Final = "The embedded AWS answers to the names of this machine only; the request names another host."


def refusal(method: str, path: str, headers: Mapping[str, str], query: Mapping[str, list[str]]) -> tuple[str, str]:
    """Return why a request is refused.

    Parameters
    ----------
    method, path : str
    headers : mapping of str to str
        With their names in lower case.
    query : mapping of str to list of str

    Returns
    -------
    tuple of str
        AWS's error code and a message; two empty texts where it is let in.
    """
    if not is_of_this_machine(headers.get("host", "")):
        return _DENIED, _REBOUND
    if "origin" in headers or (headers.get("sec-fetch-site") and not _is_link(method, path, headers, query)):
        return _DENIED, _PAGE
    if (method, path) == _READY:
        return "", ""
    return _unsigned(headers, query), "Request is missing Authentication Token"


def is_of_this_machine(host: str) -> bool:
    """Return whether a request's `Host` is a loopback address or a name that only this machine has.

    >>> [is_of_this_machine(host) for host in ("127.0.0.1:4566", "[::1]:1", "lake.localhost:1", "lake.example:1", "")]
    [True, True, True, False, False]
    """
    found = _HOST.fullmatch(host.strip().lower())
    if found is None:
        return False
    name = found["name"].strip("[]").removesuffix(".")
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return any(name == own or name.endswith(f".{own}") for own in _NAMES)


def _is_link(method: str, path: str, headers: Mapping[str, str], query: Mapping[str, list[str]]) -> bool:
    """Return whether a browser opens a presigned object of S3: a page that is shown, not one that is read."""
    from ministack.core.router import detect_service

    return (
        method in _READS
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
        and not path.startswith("/_")
        and _scope_of(query) == "s3"
        and detect_service(method, path, dict(headers), dict(query)) == "s3"
    )


def _scope_of(query: Mapping[str, list[str]]) -> str:
    """Return the service of a presigned request's credential; nothing where there is none."""
    scope = query.get("X-Amz-Credential", [""])[0].split("/")
    return scope[3] if len(scope) == 5 else ""


def _unsigned(headers: Mapping[str, str], query: Mapping[str, list[str]]) -> str:
    """Return the error code of a request that has no signature of version 4; nothing where it has one."""
    header = headers.get("authorization", "")
    if header.startswith("AWS4-"):
        return "" if "Credential=" in header and "Signature=" in header else "IncompleteSignature"
    if header.startswith("AWS ") or {"AWSAccessKeyId", "Signature"} <= query.keys():
        return _OTHERWISE_SIGNED
    return "" if _scope_of(query) and query.get("X-Amz-Signature") else _UNSIGNED


def guarded(answer: Application) -> Application:
    """Return an ASGI application that answers who is let in, and no other; no answer of it lets a page read it."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await answer(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        method = scope.get("method", "GET")
        code, why = refusal(method, scope["path"], headers, query)
        if not code:
            await answer(scope, receive, _without_leave(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refuse(send, _said(method, scope["path"], headers, query, code, why))

    return application


def _without_leave(send: Send) -> Send:
    """Return what sends an answer without the headers by which a browser hands it to a page."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [each for each in message["headers"] if not each[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return sent


def _said(
    method: str, path: str, headers: Mapping[str, str], query: Mapping[str, list[str]], code: str, why: str
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of a refusal, in the form of the service that was asked."""
    from ministack.core.iam_actions import access_denied_response
    from ministack.core.router import detect_service

    service = detect_service(method, path, dict(headers), dict(query))
    if headers.get("content-type", "").startswith(_FORM):
        service = "sts"  # which service a form without a signature is for stands in its body: all answer in one form
    status, fields, body = access_denied_response(
        service, "", "", str(uuid.uuid4()), error_code=code, message=why, headers=dict(headers)
    )
    return status, fields, body


async def _refuse(send: Send, said: tuple[int, dict[str, str], bytes]) -> None:
    status, fields, body = said
    # What is refused is not read: its connection cannot be used again.
    fields = fields | {"Content-Length": str(len(body)), "Connection": "close"}
    headers = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _complete(presigned: Callable[[str], str]) -> Callable[[str], str]:
    """Return what makes the link to a function's code, which MiniStack leaves without a credential."""

    def link(function: str) -> str:
        from ministack.core.responses import get_account_id, get_region

        scope = f"{get_account_id()}%2F20000101%2F{get_region()}%2Fs3%2Faws4_request"
        return f"{presigned(function)}&X-Amz-Credential={scope}"

    return link


def install() -> None:
    """Put it before everything that MiniStack answers."""
    from ministack import app
    from ministack.services import lambda_svc

    app.app = guarded(app.app)
    lambda_svc._presigned_code_url = _complete(lambda_svc._presigned_code_url)
