"""The embedded AWS: it starts, stops, remembers, forgets, and keeps to itself."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from stand_ins import create

from cli.embedded import server as embedded
from cli.embedded.endpoint import ACCOUNT, REGION, EmbeddedAwsError, Endpoint
from cli.embedded.server import EmbeddedAws
from cli.session import _config


def s3(endpoint: Endpoint) -> Any:
    session = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
    return session.client("s3", endpoint_url=endpoint.url)


FAILS = """
import os, signal, time
class InputError(Exception): pass
def handler(event, context):
    if event == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if event == "raises":
        raise InputError("pedidos.csv: it is empty")
    if event == "takes too long":
        time.sleep(60)
    return os.getpid()
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def listening_addresses(port: int) -> set[str]:
    """Return the local addresses on which something listens on a port, from /proc/net (hexadecimal)."""
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, number = line.split()[1].split(":")
            if int(number, 16) == port and line.split()[3] == "0A":
                found.add(address)
    return found


def test_what_was_stored_is_still_there_after_a_restart_on_the_same_port(tmp_path: Path) -> None:
    aws = EmbeddedAws(tmp_path)
    with aws as endpoint:
        s3(endpoint).create_bucket(Bucket="lake")
        s3(endpoint).put_object(Bucket="lake", Key="a/b", Body=b"kept")
    assert aws.status() is None
    with EmbeddedAws(tmp_path) as again:
        assert again.port == endpoint.port
        assert s3(again).get_object(Bucket="lake", Key="a/b")["Body"].read() == b"kept"


def test_a_reset_forgets_everything_whether_it_runs_or_not(tmp_path: Path) -> None:
    aws = EmbeddedAws(tmp_path)
    with aws as endpoint:
        s3(endpoint).create_bucket(Bucket="lake")
        aws.reset()
        assert s3(endpoint).list_buckets()["Buckets"] == []
        s3(endpoint).create_bucket(Bucket="lake")
    aws.reset()
    with aws as endpoint:
        assert s3(endpoint).list_buckets()["Buckets"] == []


def test_starting_one_that_runs_already_changes_nothing(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as endpoint:
        assert EmbeddedAws(tmp_path).start() == endpoint
        assert EmbeddedAws(tmp_path).status() == endpoint


def test_two_that_start_the_same_one_at_once_get_the_same_server(tmp_path: Path) -> None:
    found: list[Endpoint] = []
    starts = [threading.Thread(target=lambda: found.append(EmbeddedAws(tmp_path).start())) for _ in range(3)]
    try:
        for start in starts:
            start.start()
        for start in starts:
            start.join()
        assert len(found) == 3
        assert len(set(found)) == 1
    finally:
        EmbeddedAws(tmp_path).stop()


def test_several_run_side_by_side_and_know_nothing_of_each_other(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path / "one") as one, EmbeddedAws(tmp_path / "two") as two:
        s3(one).create_bucket(Bucket="lake")
        assert s3(two).list_buckets()["Buckets"] == []


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc/net")
def test_it_listens_on_the_loopback_interface_only(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as endpoint:
        assert listening_addresses(endpoint.port) == {"0100007F"}


def test_stopping_ends_the_server_and_its_temporary_files(tmp_path: Path) -> None:
    aws = EmbeddedAws(tmp_path)
    endpoint = aws.start()
    assert (tmp_path / "tmp").is_dir()
    assert aws.stop() is True
    assert not is_alive(endpoint.pid)
    assert not (tmp_path / "tmp").exists()
    assert aws.stop() is False


def test_a_server_that_was_killed_is_seen_to_be_gone_and_started_anew(tmp_path: Path) -> None:
    aws = EmbeddedAws(tmp_path)
    killed = aws.start()
    os.kill(killed.pid, signal.SIGKILL)
    with EmbeddedAws(tmp_path) as endpoint:
        assert endpoint.pid != killed.pid
        assert endpoint.answers()


def test_a_process_that_was_given_the_servers_old_number_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (tmp_path / "server.json").write_text(f'{{"port": 1, "pid": {other.pid}}}')
        aws = EmbeddedAws(tmp_path)
        assert aws.status() is None
        assert aws.stop() is False
        assert other.poll() is None
        other.communicate(b"\n")


def test_a_port_that_was_taken_in_the_meantime_is_not_insisted_on(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "server.json").write_text(f'{{"port": {port}, "pid": null}}')
        with EmbeddedAws(tmp_path) as endpoint:
            assert endpoint.port != port


def test_a_server_that_dies_while_starting_is_reported_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'no module named ministack'\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(embedded.sys, "executable", str(broken))
    with pytest.raises(EmbeddedAwsError, match="ended with exit code 3 while starting") as raised:
        EmbeddedAws(tmp_path / "home").start()
    assert "no module named ministack" in raised.value.message
    assert "server.log" in raised.value.fix


def test_ctrl_c_while_it_starts_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_endpoint: Endpoint) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(Endpoint, "answers", interrupt)
    aws = EmbeddedAws(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        aws.start()
    monkeypatch.undo()
    assert aws.status() is None
    assert not (tmp_path / "tmp").exists()


def test_the_shells_aws_settings_reach_neither_the_server_nor_those_who_talk_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strays = {
        "AWS_PROFILE": "customer",
        "AWS_SESSION_TOKEN": "secret",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_CA_BUNDLE": "/nowhere.pem",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "SAM_CLI_DEBUG": "1",
        "LAKE_BUCKET": "other",
        "PYTHONPATH": "/nowhere",
        "LAMBDA_EXECUTOR": "docker",
    }
    for name, value in strays.items():
        monkeypatch.setenv(name, value)
    with EmbeddedAws(tmp_path) as endpoint:
        environment = Path(f"/proc/{endpoint.pid}/environ")
        if environment.exists():
            served = dict(line.split("=", 1) for line in environment.read_text().split("\0") if line)
            assert {name for name, value in strays.items() if served.get(name) == value} == set()
        child = endpoint.process_environment()
        assert {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "SAM_CLI_DEBUG"} & child.keys() == set()
        assert child["AWS_ENDPOINT_URL"] == endpoint.url
        listed = subprocess.run(
            [sys.executable, "-c", "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"],
            env=child,
            capture_output=True,
            text=True,
            check=True,
        )
        assert listed.stdout.strip() == ACCOUNT


@pytest.mark.parametrize("bridge", [None, "127.0.0.2"])
def test_what_fails_in_a_lambda_has_the_name_that_it_has_on_aws(tmp_path: Path, bridge: str | None) -> None:
    names = {"is killed": "Runtime.ExitError", "raises": "InputError", "takes too long": "Sandbox.Timedout"}
    with EmbeddedAws(tmp_path, bridge=bridge) as endpoint:
        session = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
        lambdas = session.client("lambda", endpoint_url=endpoint.url)
        create(lambdas, "fails", FAILS, seconds=2)
        for event, name in names.items():
            answer = lambdas.invoke(FunctionName="fails", Payload=json.dumps(event).encode())
            assert json.loads(answer["Payload"].read())["errorType"] == name
            # The next call finds a process that works.
            answer = lambdas.invoke(FunctionName="fails", Payload=b"null")
            assert json.loads(answer["Payload"].read()) > 0


# ---- who is let in ---------------------------------------------------------------------------------------------------

PAGE = {"Origin": "https://evil.example"}
# What a browser says of itself by itself, for an image, a form or a script of another page's.
BROWSER = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
OPENED = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with EmbeddedAws(tmp_path_factory.mktemp("guarded")) as endpoint:
        s3(endpoint).create_bucket(Bucket="lake")
        s3(endpoint).put_object(Bucket="lake", Key="a", Body=b"kept")
        yield endpoint


def asked(
    endpoint: Endpoint, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Send a request as it is written here, and return status, headers (names in lower case) and body."""
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=30)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def signed(endpoint: Endpoint, method: str, path: str, service: str, body: bytes = b"", **headers: str) -> Any:
    """Send a signed request with headers that are not part of what was signed."""
    request = AWSRequest(method, endpoint.url + path, data=body)
    SigV4Auth(Credentials(ACCOUNT, "test"), service, REGION).add_auth(request)
    return asked(endpoint, method, path, body, **(dict(request.headers.items()) | headers))


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "HEAD", "PUT", "DELETE", "POST"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000", "http://127.0.0.1:4566"])
def test_a_web_page_gets_nothing_signed_or_not(guarded: Endpoint, method: str, origin: str) -> None:
    preflight = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
    for status, headers, body in (
        asked(guarded, method, "/lake/a", **preflight),
        signed(guarded, method, "/lake/a", "s3", **preflight),
    ):
        assert status == 403
        assert b"kept" not in body
        assert [name for name in headers if name.startswith("access-control-")] == []
    assert s3(guarded).get_object(Bucket="lake", Key="a")["Body"].read() == b"kept"


def test_a_page_that_sends_no_origin_is_known_by_what_its_browser_says(guarded: Endpoint) -> None:
    assert signed(guarded, "GET", "/lake/a", "s3", **BROWSER)[0] == 403
    assert asked(guarded, "GET", "/_ministack/ready", **BROWSER)[0] == 403
    stack = "/?Action=DeleteStack&StackName=any&X-Amz-Credential=1%2F2%2F3%2Fcloudformation%2F4&X-Amz-Signature=5"
    assert asked(guarded, "GET", stack, **OPENED)[0] == 403
    assert asked(guarded, "GET", stack.replace("cloudformation", "s3"), **OPENED | PAGE)[0] == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4566", "localhost.evil.example", "192.168.0.7", "0.0.0.0", ""]
)
def test_a_name_that_was_pointed_here_is_not_answered(guarded: Endpoint, host: str) -> None:
    for path in ("/lake/a", "/_ministack/ready"):
        status, _, body = signed(guarded, "GET", path, "s3", Host=host)
        assert (status, b"<Code>AccessDenied</Code>" in body) == (403, True)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "lake.localhost", "127.0.0.1", "[::1]", "host.docker.internal"]
)
def test_every_name_of_this_machine_is_answered(guarded: Endpoint, host: str) -> None:
    assert asked(guarded, "GET", "/_ministack/ready", Host=f"{host}:{guarded.port}")[0] == 200


@pytest.mark.parametrize(
    ("service", "call", "code", "status"),
    [
        ("s3", lambda aws: aws.get_object(Bucket="lake", Key="a"), "AccessDenied", 403),
        ("s3", lambda aws: aws.put_object(Bucket="lake", Key="a", Body=b"other"), "AccessDenied", 403),
        ("glue", lambda aws: aws.get_databases(), "MissingAuthenticationTokenException", 400),
        ("stepfunctions", lambda aws: aws.list_state_machines(), "MissingAuthenticationTokenException", 400),
        ("lambda", lambda aws: aws.list_functions(), "MissingAuthenticationTokenException", 403),
        ("cloudformation", lambda aws: aws.describe_stacks(), "MissingAuthenticationToken", 403),
        ("sts", lambda aws: aws.get_caller_identity(), "MissingAuthenticationToken", 403),
    ],
)
def test_who_signs_nothing_is_refused_as_on_aws(
    guarded: Endpoint, service: str, call: Any, code: str, status: int
) -> None:
    client = boto3.client(  # type: ignore[call-overload]
        service, region_name=REGION, endpoint_url=guarded.url, config=Config(signature_version=UNSIGNED)
    )
    with pytest.raises(ClientError) as raised:
        call(client)
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert s3(guarded).get_object(Bucket="lake", Key="a")["Body"].read() == b"kept"


def test_what_is_internal_asks_for_a_signature_too(guarded: Endpoint) -> None:
    for method, path in (("POST", "/_ministack/reset"), ("POST", "/_ministack/config"), ("GET", "/_ministack/health")):
        assert asked(guarded, method, path)[0] == 403
    assert s3(guarded).list_buckets()["Buckets"]


def test_a_link_to_an_object_is_opened_in_a_browser_and_read_by_no_page(guarded: Endpoint) -> None:
    client = boto3.client(
        "s3", REGION, endpoint_url=guarded.url, aws_access_key_id=ACCOUNT, aws_secret_access_key="test",
        config=_config("s3", loopback=True),
    )  # fmt: skip
    link = urlsplit(client.generate_presigned_url("get_object", Params={"Bucket": "lake", "Key": "a"}))
    for said in ({}, OPENED, OPENED | {"Sec-Fetch-Site": "cross-site"}):
        status, headers, body = asked(guarded, "GET", f"{link.path}?{link.query}", **said)
        assert (status, body) == (200, b"kept")
        assert [name for name in headers if name.startswith("access-control-")] == []
    for said in (PAGE, BROWSER, OPENED | PAGE, OPENED | {"Sec-Fetch-Dest": "iframe"}):
        assert asked(guarded, "GET", f"{link.path}?{link.query}", **said)[0] == 403


def test_a_link_signed_the_old_way_is_refused_as_a_new_bucket_refuses_it(guarded: Endpoint) -> None:
    status, _, body = asked(guarded, "GET", "/lake/a?AWSAccessKeyId=000000000000&Signature=a%3D&Expires=9999999999")
    assert (status, b"Please use AWS4-HMAC-SHA256" in body) == (400, True)


def test_the_link_to_a_functions_code_is_followed(guarded: Endpoint) -> None:
    session = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
    lambdas = session.client("lambda", endpoint_url=guarded.url)
    create(lambdas, "fails", FAILS, seconds=2)
    link = lambdas.get_function(FunctionName="fails")["Code"]["Location"]
    with urllib.request.urlopen(link) as answer:
        assert answer.read(2) == b"PK"
    assert asked(guarded, "GET", urlsplit(link).path)[0] == 403
