"""The definitions that `check --deep` has AWS read: whole, and those that are deployed."""

import json

import pytest
from machines import MACHINES, rendered

from cli.account.permissions import EXAMPLE
from cli.building.definitions import definitions

MADE = definitions(EXAMPLE)


def test_there_is_one_of_every_machine() -> None:
    assert set(MADE) == {f"StateMachine_DAG_{name}" for name in MACHINES}


@pytest.mark.parametrize("name", MACHINES)
def test_nothing_is_left_to_substitute_and_all_else_is_as_deployed(name: str) -> None:
    text = MADE[f"StateMachine_DAG_{name}"]
    assert "${" not in text
    assert json.loads(text)["States"].keys() == json.loads(rendered(name))["States"].keys()


def test_arns_are_of_the_place() -> None:
    pipeline = json.loads(MADE["StateMachine_DAG_pipeline"])["States"]
    nested = pipeline["Bronze"]["Parameters"]["StateMachineArn"]
    assert nested == "arn:aws:states:us-east-1:123456789012:stateMachine:StateMachine_DAG_bronze"
    function = pipeline["Open"]["Parameters"]["FunctionName"]
    assert function == "arn:aws:lambda:us-east-1:123456789012:function:importau-publish"
    assert f'"{EXAMPLE.bucket}"' in MADE["StateMachine_DAG_silver"]
