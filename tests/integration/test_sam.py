"""How the SAM CLI is called, with a stand-in for it that says how it was."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.building import sam
from cli.embedded.endpoint import Endpoint
from cli.errors import CliError

STAND_IN = """#!/bin/sh
echo "arguments: $*" && echo && echo "endpoint: $AWS_ENDPOINT_URL profile: $AWS_PROFILE telemetry: $SAM_CLI_TELEMETRY"
{then}
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(then: str = "exit 0") -> None:
        program = tmp_path / "sam"
        program.write_text(STAND_IN.format(then=then))
        program.chmod(0o755)
        monkeypatch.setattr(sam, "_SAM", program)
        monkeypatch.setattr(Endpoint, "make_bucket", lambda _self, _name: None)
        monkeypatch.setenv("AWS_PROFILE", "customer")

    return install


def test_for_an_account_the_callers_environment_and_the_default_configuration_hold(stand_in: Any) -> None:
    stand_in()
    said: list[str] = []
    sam.build(progress=said.append)
    assert "arguments: build --config-file" in said[0]
    assert "--config-env default" in said[0]
    assert said[1].endswith(" profile: customer telemetry: 0")


def test_for_the_embedded_aws_no_profile_of_the_callers_interferes(stand_in: Any) -> None:
    stand_in()
    said: list[str] = []
    sam.build(Endpoint(port=1, pid=1), progress=said.append)
    assert "--config-env local" in said[0]
    assert said[1] == "endpoint: http://127.0.0.1:1 profile:  telemetry: 0"


def test_parameters_add_to_those_of_samconfig_and_win_over_them(stand_in: Any) -> None:
    stand_in()
    said: list[str] = []
    sam.deploy({"BucketName": "lake", "LayerSource": "managed"}, Endpoint(port=1, pid=1), progress=said.append)
    overrides = said[0].split("--parameter-overrides ")[1].split()
    assert "LayerSource=managed" in overrides
    assert "BucketName=lake" in overrides
    assert any(override.startswith("ExecutionRoleArn=") for override in overrides)


def test_the_build_of_an_account_is_told_what_its_layers_are_for(stand_in: Any) -> None:
    stand_in()
    said: list[str] = []
    sam.build(progress=said.append, parameters={"PythonVersion": "3.12", "Architecture": "arm64"})
    assert said[0].endswith("--parameter-overrides PythonVersion=3.12 Architecture=arm64")


def test_without_make_an_account_has_no_layer_and_the_embedded_aws_needs_none(
    stand_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(CliError, match="`make` was not found"):
        sam.build()
    sam.build(Endpoint(port=1, pid=1))


def test_a_failure_ends_with_what_sam_said_last(stand_in: Any) -> None:
    stand_in("i=0; while [ $i -lt 60 ]; do echo line $i; i=$((i+1)); done; echo 'Error: no bucket' >&2; exit 3")
    with pytest.raises(sam.SamError) as raised:
        sam.deploy({})
    assert raised.value.message.startswith("`sam deploy` failed with exit code 3; it said last:")
    assert raised.value.message.endswith("line 59\n  Error: no bucket")
    assert "line 3\n" not in raised.value.message


def test_ctrl_c_ends_sam_too(stand_in: Any, tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    stand_in(f"trap 'echo ended > {ended}; exit 1' TERM; echo started; while :; do sleep 0.05; done")

    def interrupt(line: str) -> None:
        if line == "started":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sam.build(progress=interrupt)
    assert ended.read_text() == "ended\n"


def test_every_sample_event_is_of_a_function_and_is_json() -> None:
    events = {path.stem for path in (sam.ROOT / "events").glob("*.json")}
    assert events >= {"bronze", "silver", "gold", "teste_bronze", "teste_silver", "teste_gold"}
    for name in events:
        event = json.loads((sam.ROOT / f"events/{name}.json").read_text())
        assert event["detail"]["name"] if name == "alert" else event["run_id"]
