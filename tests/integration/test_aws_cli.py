"""The locked AWS CLI: what it answers, what it refuses, and what it could not ask."""

import os
import shlex
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from cli import ROOT
from cli.account.aws_cli import AwsCli
from cli.account.identity import who_am_i
from cli.embedded.endpoint import REGION, Endpoint
from cli.embedded.server import EmbeddedAws
from cli.errors import CliError, explain


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Take AWS out of the environment; return the home folder that is left."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path


@pytest.fixture
def credentials(shell: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def test_an_answer_is_parsed(endpoint: Endpoint) -> None:
    aws_cli = AwsCli(endpoint=endpoint)
    assert who_am_i(aws_cli).kind == "root"
    assert aws_cli.run("s3api", "create-bucket", "--bucket", "importau-answers") == {"Location": "/importau-answers"}
    assert aws_cli.run("s3api", "put-bucket-versioning", "--bucket", "importau-answers",
                       "--versioning-configuration", "Status=Enabled") is None  # fmt: skip


def test_a_refusal_is_boto3_s_and_the_next_command_still_runs(endpoint: Endpoint) -> None:
    aws_cli = AwsCli(endpoint=endpoint)
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            aws_cli.run("glue", "get-table", "--database-name", "importau", "--name", "x")
        assert caught.value.response["Error"]["Code"] == "EntityNotFoundException"
        assert caught.value.operation_name == "GetTable"
    assert who_am_i(aws_cli).account


def test_a_command_that_is_none_is_said_to_be_so(endpoint: Endpoint) -> None:
    aws_cli = AwsCli(endpoint=endpoint)
    with pytest.raises(CliError, match=r"`aws s3api put-object` failed: .*--key"):
        aws_cli.run("s3api", "put-object", "--bucket", "x")
    assert who_am_i(aws_cli).account


def test_a_shown_command_is_one_that_a_person_can_run(endpoint: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    aws_cli = AwsCli(endpoint=endpoint, show_commands=True)
    aws_cli.run("s3api", "create-bucket", "--bucket", "importau-shown")
    shown = capsys.readouterr().err.strip().removeprefix("$ ")
    typed = shlex.split(shown.replace("create-bucket --bucket importau-shown", "list-buckets"))
    ran = subprocess.run(
        [str(ROOT / ".venv-sam/bin/aws"), *typed[1:]],
        env=endpoint.process_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.startswith("aws s3api create-bucket --bucket importau-shown")
    assert "importau-shown" in ran.stdout


def test_region_and_profile_are_part_of_the_command() -> None:
    assert AwsCli(profile="lab", region="us-west-2").command("sts", "get-caller-identity") == (
        "aws sts get-caller-identity --region us-west-2 --profile lab"
    )


def unasked(*arguments: str, **given: Any) -> Exception:
    with pytest.raises((BotoCoreError, ClientError)) as caught:
        AwsCli(**given).run(*(arguments or ("glue", "get-databases")))
    return caught.value


@pytest.mark.usefixtures("shell")
def test_without_credentials() -> None:
    assert isinstance(unasked(region=REGION), NoCredentialsError)


@pytest.mark.usefixtures("credentials")
def test_without_a_region() -> None:
    assert isinstance(unasked(), NoRegionError)
    with pytest.raises(NoRegionError):
        _ = AwsCli().region_in_use


@pytest.mark.usefixtures("shell")
def test_with_half_of_the_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    assert isinstance(unasked(region=REGION), PartialCredentialsError)


@pytest.mark.usefixtures("credentials")
def test_with_a_profile_that_is_not_there() -> None:
    assert isinstance(unasked(region=REGION, profile="nobody"), ProfileNotFound)


@pytest.mark.usefixtures("credentials")
def test_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    error = unasked(region=REGION)
    assert isinstance(error, EndpointConnectionError)
    assert "http://127.0.0.1:9" in explain(error).message


class _Refusing(BaseHTTPRequestHandler):
    """An AWS that says to everybody that the session has expired."""

    def do_POST(self) -> None:
        body = (
            b"<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The security token included in the request is "
            b"expired</Message></Error></ErrorResponse>"
        )
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.mark.usefixtures("credentials")
def test_an_expired_session_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), _Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        error = unasked("sts", "get-caller-identity", region=REGION)
        server.shutdown()
    assert isinstance(error, ClientError)
    assert explain(error).message == "the AWS session has expired"


def test_the_region_comes_from_the_option_the_environment_or_the_profile(
    shell: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shell / ".aws").mkdir()
    (shell / ".aws/config").write_text("[default]\nregion = sa-east-1\n[profile lab]\nregion = us-west-2\n")
    assert AwsCli().region_in_use == "sa-east-1"
    assert AwsCli(profile="lab").region_in_use == "us-west-2"
    assert AwsCli(region="eu-west-1").region_in_use == "eu-west-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert AwsCli().region_in_use == "us-east-1"


def test_the_version_is_the_locked_one() -> None:
    locked = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line.startswith("awscli==")]
    assert locked == [f"awscli=={AwsCli().version} \\"]


def test_its_process_ends_with_it(endpoint: Endpoint) -> None:
    aws_cli = AwsCli(endpoint=endpoint)
    who_am_i(aws_cli)
    process = aws_cli._process
    assert process.poll() is None
    del aws_cli
    assert process.poll() is not None


def test_a_process_that_ends_early_is_an_error_and_no_traceback(endpoint: Endpoint) -> None:
    aws_cli = AwsCli(endpoint=endpoint)
    aws_cli._process.kill()
    with pytest.raises(CliError, match="the AWS CLI ended"):
        who_am_i(aws_cli)
