"""What lets a function in a container reach the embedded AWS; `docker` is a stand-in that says what Docker would."""

import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.embedded import containers, docker_bridge
from cli.embedded.containers import bridge, hand_over
from cli.embedded.endpoint import ACCOUNT, REGION
from cli.embedded.server import EmbeddedAws
from cli.errors import CliError

# As good as the address of Docker's bridge, and on every Linux machine.
BRIDGE = "127.0.0.77"
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the whole of 127.0.0.0/8")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(then: str) -> None:
        program = tmp_path / "bin/docker"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{then}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    monkeypatch.setattr(containers.sys, "platform", "linux")
    return install


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ('[{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.9"}]', "172.17.0.9"),
        ('[{"Subnet":"172.18.0.0/16"}]', "172.18.0.1"),
    ],
)
def test_the_address_of_the_bridge_is_what_docker_says_or_the_first_of_its_network(
    docker: Any, said: str, address: str
) -> None:
    docker(f"echo '{said}'")
    assert bridge() == address


def test_docker_desktop_needs_no_bridge(docker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    docker("echo '[{}]'")
    monkeypatch.setattr(containers.sys, "platform", "darwin")
    assert bridge() is None


def test_a_docker_that_does_not_answer_is_said_with_what_it_says(docker: Any) -> None:
    docker("echo 'Cannot connect to the Docker daemon.' >&2; exit 1")
    with pytest.raises(CliError, match="Docker does not answer: Cannot connect to the Docker daemon"):
        bridge()


def test_without_docker_it_is_said_too(docker: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CliError, match="`docker` was not found"):
        bridge()


def test_connections_are_passed_on_both_ways_until_the_listener_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                asked = b"".join(iter(lambda: connection.recv(65536), b""))
                connection.sendall(asked.upper())

        threading.Thread(target=answer, daemon=True).start()
        listener = docker_bridge.listen("127.0.0.1", 0, server.getsockname()[1])
        with socket.create_connection(listener.getsockname(), timeout=10) as client:
            client.sendall(b"a" * 300_000)
            client.shutdown(socket.SHUT_WR)
            assert b"".join(iter(lambda: client.recv(65536), b"")) == b"A" * 300_000
        listener.close()


def test_a_connection_to_nobody_is_closed_and_the_next_one_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = server.getsockname()[1]
    listener = docker_bridge.listen("127.0.0.1", 0, nobody)
    for _ in range(2):
        with socket.create_connection(listener.getsockname(), timeout=10) as client:
            assert client.recv(1) == b""
    listener.close()


@on_linux
def test_a_server_answers_containers_as_well_only_when_it_was_told_to_and_keeps_what_it_held(tmp_path: Path) -> None:
    def s3(address: str, port: int) -> Any:
        session = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
        return session.client("s3", endpoint_url=f"http://{address}:{port}")

    alone = EmbeddedAws(tmp_path)
    try:
        first = alone.start()
        s3("127.0.0.1", first.port).create_bucket(Bucket="lake")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((BRIDGE, first.port), timeout=10)
        bridged = EmbeddedAws(tmp_path, bridge=BRIDGE)
        second = bridged.start()
        assert (second.port, second.pid != first.pid) == (first.port, True)
        for address in ("127.0.0.1", BRIDGE):
            assert [bucket["Name"] for bucket in s3(address, second.port).list_buckets()["Buckets"]] == ["lake"]
        assert bridged.start().pid == second.pid, "it is left as it is"
        assert EmbeddedAws(tmp_path).start().pid == second.pid, "more than is asked for is no reason to restart"
    finally:
        EmbeddedAws(tmp_path).stop()
        alone.stop()


def test_an_address_that_is_not_this_machines_is_said_when_the_server_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(CliError, match=r"192\.0\.2\.1, Docker's bridge, is not an address of this machine"):
        EmbeddedAws(tmp_path, bridge="192.0.2.1").start()


def test_a_function_is_told_where_the_embedded_aws_is_and_whose_bucket_it_has(tmp_path: Path) -> None:
    server = EmbeddedAws(tmp_path / "state/aws")
    server.home.mkdir(parents=True)
    file = hand_over(server, containers.Endpoint(port=4321, pid=1), "lake")
    assert file == tmp_path / "state/docker.json"
    assert json.loads(file.read_text()) == {
        "Parameters": {
            "AWS_ENDPOINT_URL": "http://host.docker.internal:4321",
            "LAKE_ACCOUNT": ACCOUNT,
            "LAKE_BUCKET": "lake",
        }
    }
