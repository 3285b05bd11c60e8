"""The embedded AWS: it starts, stops, remembers, forgets, and keeps to itself."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.embedded import server as embedded
from cli.embedded.endpoint import ACCOUNT, REGION, EmbeddedAwsError, Endpoint
from cli.embedded.server import EmbeddedAws


def s3(endpoint: Endpoint) -> Any:
    session = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
    return session.client("s3", endpoint_url=endpoint.url)


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
