"""The names of what fails in a Lambda of the embedded AWS: those that it has on AWS."""

import traceback
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cli.embedded.standins.lambda_failures import named, with_names
from lakehouse.errors import InputError

UNNAMED = "Runtime.HandlerError"


def outcome(message: str, log: str) -> dict[str, Any]:
    """Return an outcome as MiniStack has it."""
    return {"error": True, "body": {"errorMessage": message, "errorType": UNNAMED}, "log": log}


def raised(error: Exception, said: str = "") -> dict[str, Any]:
    """Return the outcome of a handler that raises, after it has written something to its log."""
    try:
        raise error
    except type(error) as caught:
        return outcome(str(caught), "\n".join(filter(None, [said, traceback.format_exc()])))


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (InputError(["pedidos.csv: line 3"]), "InputError"),
        (ClientError({"Error": {"Code": "SlowDown", "Message": "Please: wait"}}, "PutObject"), "ClientError"),
        (KeyError("x"), "KeyError"),
        (ValueError(), "ValueError"),
        (RuntimeError("two\nlines: of it\n"), "RuntimeError"),
    ],
)
def test_an_exception_is_named_by_its_class(error: Exception, name: str) -> None:
    assert named(raised(error))["body"] == {"errorMessage": str(error), "errorType": name}


@given(message=st.text(), said=st.text())
def test_an_exception_is_named_by_its_class_whatever_it_says_and_was_logged(message: str, said: str) -> None:
    if message not in ("Worker process died", "Worker returned no response", "[Errno 32] Broken pipe"):
        assert named(raised(RuntimeError(message), said))["body"]["errorType"] == "RuntimeError"


@pytest.mark.parametrize("log", ["", "INFO: began\nanother line:\n", '{"level": "INFO"}'])
def test_a_process_that_ended_is_a_runtime_that_exited(log: str) -> None:
    for message in ("Worker process died", "Worker returned no response", "[Errno 32] Broken pipe"):
        body = named(outcome(message, "\n".join(filter(None, [log, message]))))["body"]
        assert body == {"errorType": "Runtime.ExitError", "errorMessage": "Runtime exited without providing a reason"}


def test_what_cannot_be_told_keeps_its_name_and_what_has_one_too() -> None:
    unknown = outcome("no idea", "")
    assert named(unknown) == unknown
    timed_out = {"error": True, "body": {"errorMessage": "Task timed out", "errorType": "Sandbox.Timedout"}, "log": ""}
    assert named(timed_out) == timed_out
    for succeeded in ({"body": {"errorType": UNNAMED}, "log": ""}, {"body": None}, {"error": True, "body": "text"}):
        assert named(succeeded) == succeeded


def test_an_invocation_is_given_what_it_was_and_its_failure_a_name() -> None:
    asked: list[tuple[Any, ...]] = []

    def invoke(*given_: Any, **also: Any) -> dict[str, Any]:
        asked.append((*given_, also))
        return raised(InputError(["x"]))

    assert with_names(invoke)("function", "event", request="1")["body"]["errorType"] == "InputError"
    assert asked == [("function", "event", {"request": "1"})]
