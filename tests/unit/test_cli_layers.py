"""What the layers are built for: what is asked for, or else what is deployed."""

from typing import Any

import pytest

from cli.building.layers import built_for
from cli.errors import UsageError


def stack(status: str = "UPDATE_COMPLETE", **parameters: str) -> dict[str, Any]:
    listed = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    return {"StackStatus": status, "Parameters": listed}


def test_only_what_concerns_the_layers_is_told_to_the_build() -> None:
    assert built_for({"PythonVersion": "3.12", "LogLevel": "DEBUG"}, None) == {"PythonVersion": "3.12"}
    assert built_for({}, None) == {}


def test_a_deployed_stack_keeps_what_nobody_gives() -> None:
    deployed = stack(PythonVersion="3.12", Architecture="arm64", LogLevel="INFO")
    assert built_for({"PythonVersion": "3.13"}, deployed) == {"PythonVersion": "3.13", "Architecture": "arm64"}


def test_a_stack_that_was_never_made_has_nothing_to_keep() -> None:
    assert built_for({}, stack("REVIEW_IN_PROGRESS", PythonVersion="3.12")) == {}


def test_every_value_that_is_not_possible_is_named_at_once() -> None:
    with pytest.raises(UsageError) as raised:
        built_for({"PythonVersion": "3.10", "Architecture": "riscv", "LayerSource": "local"}, None)
    assert raised.value.message == (
        "PythonVersion=3.10 is not possible: 3.11, 3.12, 3.13; Architecture=riscv is not possible: x86_64, arm64; "
        "LayerSource=local is not possible: managed, bundled"
    )


def test_the_layer_that_lambdas_oldest_python_cannot_have_is_refused_whoever_asked_for_which_half() -> None:
    for given, deployed in (
        ({"PythonVersion": "3.11", "LayerSource": "bundled"}, None),
        ({"LayerSource": "bundled"}, stack(PythonVersion="3.11")),
    ):
        with pytest.raises(UsageError, match="Amazon Linux 2"):
            built_for(given, deployed)
