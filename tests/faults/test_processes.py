"""Processes that end in the middle of a run on the embedded AWS: a stopped execution, Ctrl-C, a server that ends."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from deployed_lakehouse import Lakehouse
from deployment import Deployment, deployed
from lakehouse_tables import EVERY_TABLE

from cli import ROOT
from cli.embedded.server import EmbeddedAws
from cli.session import at
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.view import View
from lakehouse.versions.wholeness import differing

pytestmark = pytest.mark.e2e
SAMPLE = ROOT / "csv_exports"
BUCKET = "importau-lakehouse-faults"


def _hear_ctrl_c() -> None:
    """Let a process be interrupted though who started the tests is not, as programs in the background are not."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Here:
    """A lakehouse that can lose its server."""

    def __init__(self, home: Path, deployment: Deployment) -> None:
        self.home = home
        self.connect(deployment)

    def connect(self, deployment: Deployment) -> None:
        self.deployment, self.lakehouse = deployment, Lakehouse(deployment)
        self.aws = at(deployment.endpoint)
        self.lake = Lake(BUCKET, self.aws.s3)

    def command(self, *arguments: str) -> "subprocess.Popen[str]":
        # A process group of its own, as a terminal gives it: Ctrl-C reaches it alone.
        return subprocess.Popen(
            [ROOT / "importau", *arguments, "--local"],
            cwd=ROOT, env=os.environ | {"IMPORTAU_HOME": str(self.home)}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
            preexec_fn=_hear_ctrl_c,  # noqa: PLW1509 - it is one call of the C library
        )  # fmt: skip

    def run(self, *arguments: str) -> str:
        process = self.command("run", *arguments)
        out, err = process.communicate()
        assert process.returncode == 0, (out, err)
        return out + err

    def runs(self) -> list[str]:
        return [layout.run_of_opening(key) for key in self.lake.list(layout.RUNS_PREFIX)]

    def begun(self, process: "subprocess.Popen[str]", table: str) -> None:
        """Wait until a run that a command has started has written a table."""
        known = set(self.runs())
        while process.poll() is None:
            for run in set(self.runs()) - known:
                if list(self.lake.list(layout.run_prefix(table, run))):
                    return
        raise AssertionError(f"the command ended before it wrote {table}: {process.communicate()}")

    def is_whole(self) -> bool:
        return all(not list(differing(self.lake, version.ordered)) for version in chain.after(self.lake, 0))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    home = tmp_path_factory.mktemp("importau")
    with deployed(home, BUCKET) as made:
        found = Here(home, made)
        found.run("--csv-dir", str(SAMPLE))
        yield found


def etags(lake: Lake) -> dict[str, list[str]]:
    return {name: [file.etag for file in table.files] for name, table in View.of_version(lake).tables.items()}


def test_an_execution_that_is_stopped_publishes_nothing_and_the_next_run_makes_the_same_bytes(here: Here) -> None:
    before, newest = etags(here.lake), chain.newest_number(here.lake)
    process = here.command("run", "--force")
    here.begun(process, "pedidos")
    arn = here.aws.state_machine("pipeline")
    (running,) = here.aws.states.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
    here.aws.states.stop_execution(executionArn=running["executionArn"], error="Stopped", cause="by a test")
    _, err = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in err
    assert chain.newest_number(here.lake) == newest
    assert here.is_whole()
    here.run("--force")
    assert etags(here.lake) == before


def test_ctrl_c_ends_the_command_and_the_run_itself_goes_on_to_a_whole_version(here: Here) -> None:
    newest = chain.newest_number(here.lake)
    process = here.command("run", "--force")
    here.begun(process, "pedidos")
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "the run itself goes on" in err
    arn = here.aws.state_machine("pipeline")
    while here.aws.states.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]:
        assert here.is_whole()
    assert chain.newest_number(here.lake) == newest + 1
    assert here.is_whole()


def test_what_a_reader_of_the_catalogue_can_see_of_two_versions_is_a_moment(
    here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: dict[str, set[str]] = {}
    over = threading.Event()
    glue = here.aws.client("glue")
    mixed = []

    def look() -> None:
        while not over.is_set():
            tables: list[Any] = [
                table
                for layer in layout.LAYERS
                for table in glue.get_tables(DatabaseName=layout.database_of(layer))["TableList"]
            ]
            shown = {table["Parameters"]["lake_version"] for table in tables if table["Name"] in EVERY_TABLE}
            mixed.append(len(shown) > 1)
            view = View.of_version(here.lake)
            seen.setdefault(str(view.number), set()).update(view.runs.values())

    looking = threading.Thread(target=look)
    looking.start()
    for _ in range(2):
        process = here.command("rollback", "--yes", "--json")
        out, err = process.communicate()
        assert process.returncode == 0, (out, err)
    over.set()
    looking.join()
    assert all(len(runs) == 1 for runs in seen.values())
    with capsys.disabled():
        print(f"\nthe catalogue showed two versions at {sum(mixed)} of {len(mixed)} looks during 2 rollbacks")


def test_after_a_server_that_ended_in_the_middle_of_a_run_the_lake_is_whole_and_can_be_run_on(here: Here) -> None:
    before, newest = etags(here.lake), chain.newest_number(here.lake)
    process = here.command("run", "--force")
    here.begun(process, "pedidos")
    server = EmbeddedAws(here.home / "aws")
    assert server.stop()
    _, err = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in err
    # The execution is gone with its server; what it had written is in no version.
    here.connect(replace(here.deployment, endpoint=server.start()))
    assert here.is_whole()
    assert (etags(here.lake), chain.newest_number(here.lake)) == (before, newest)
    here.run("--force", "--csv-dir", str(SAMPLE))
    assert etags(here.lake) == before
    assert here.is_whole()
