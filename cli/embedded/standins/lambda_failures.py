"""A Lambda's failure has the name that it has on AWS.

MiniStack calls each of them ``Runtime.HandlerError``. On AWS an exception has the name of its class, and a process that
ended is a ``Runtime.ExitError``: by these names a state machine tells what it tries again.
"""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_UNNAMED: Final = "Runtime.HandlerError"
_ENDED: Final = "Runtime.ExitError"
_ENDED_MESSAGE: Final = "Runtime exited without providing a reason"
# What MiniStack says of a process that is gone before it has answered, or when it is asked.
_GONE: Final = re.compile(r"Worker process died|Worker returned no response|\[Errno 32\] Broken pipe")
# How a traceback ends, before the exception's message.
_RAISED: Final = re.compile(r"^(?:\w+\.)*(?P<name>\w+)(?::\s*)?\Z", re.MULTILINE)

Invocation = Callable[..., dict[str, Any]]


def named(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outcome of an invocation as MiniStack has it, with the name that its failure has on AWS.

    Parameters
    ----------
    outcome : mapping
        ``error`` is true of a failure; ``body`` then has ``errorType`` and ``errorMessage``, and ``log`` ends with the
        traceback, where there is one.
    """
    body = outcome.get("body")
    if not outcome.get("error") or not isinstance(body, dict) or body.get("errorType") != _UNNAMED:
        return dict(outcome)
    message, log = str(body.get("errorMessage", "")), str(outcome.get("log", ""))
    if _GONE.fullmatch(message):
        return {**outcome, "body": body | {"errorType": _ENDED, "errorMessage": _ENDED_MESSAGE}}
    raised = _RAISED.search(log.rstrip("\n").removesuffix(message.rstrip("\n")))
    return {**outcome, "body": body | {"errorType": raised["name"] if raised else _UNNAMED}}


def with_names(invoke: Invocation) -> Invocation:
    """Return a function that invokes as another one does, and names what fails."""

    @functools.wraps(invoke)
    def invoked(*given: Any, **named_ones: Any) -> dict[str, Any]:
        return named(invoke(*given, **named_ones))

    return invoked


def install() -> None:
    """Name the failures of MiniStack's Lambdas."""
    from ministack.services import lambda_svc

    lambda_svc._execute_function_warm = with_names(lambda_svc._execute_function_warm)
