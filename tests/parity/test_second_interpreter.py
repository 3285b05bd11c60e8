"""A second interpreter of the states language takes the same way through the machines as the embedded AWS does."""

from collections.abc import Iterator
from typing import Any

import pytest
from lakehouse_tables import EVERY_TABLE
from machine_account import Account
from second_interpreter import second_account
from stand_ins import RULE

from lakehouse.lake import layout

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with second_account() as made:
        yield made


def test_the_pipeline_publishes_every_layer_in_one_version(account: Account) -> None:
    before = account.number
    execution = account.run("pipeline")
    assert execution["status"] == "SUCCEEDED", execution
    assert (account.number, set(account.newest["tables"])) == (before + 1, set(EVERY_TABLE))
    assert account.runs() == {layer: {execution["name"]} for layer in layout.LAYERS}
    entered = account.entered(execution)
    steps = {"Open", "Bronze", "Silver", "Gold", "Forecast", "Govern", "Publish", "Discover", "Finished"}
    assert [state for state in entered if state in steps] == [
        "Open", "Bronze", "Silver", "Gold", "Forecast", "Govern", "Publish", "Discover", "Finished",
    ]  # fmt: skip


FAILURES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "an audit that fails two machines below": (
        "pipeline", {"source": {"body": "bad ", "in": "bronze"}}, "AuditFailed", RULE,
    ),
    "an error of a Lambda": ("bronze", {"source": {"fault": "pedidos.csv: {no} \"header\""}}, "InputError",
                             "pedidos.csv: {no} \"header\""),
    "an error of the audit's Lambda": ("bronze", {"source": {"body": "torn "}}, "InputError", "the object is torn"),
    "a step that there is not": (
        "pipeline", {"only": "pubish"}, "UnknownStep",
        "only is pubish; leave it out, or give governance, publish, discard, rollback or register.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_a_failure_is_told_in_its_own_words(account: Account, what: str) -> None:
    machine, given, error, cause = FAILURES[what]
    execution = account.run(machine, **given)
    assert (execution["status"], execution["error"], execution["cause"]) == ("FAILED", error, cause)
    assert "publish/commit" not in account.calls(execution["name"])


def test_where_there_is_nothing_to_do_no_layer_is_run(account: Account) -> None:
    output = account.succeeded("pipeline", source={"same": True})
    assert (output["nothing_to_do"], output["why"]) == (True, "the same")
    assert account.calls(output["run_id"]) == ["publish/discover", "publish/open"]
