"""A person of the sample erased from a real deployment: interrupted and typed again, and every sum is the same."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from deployed_lakehouse import Lakehouse
from deployment import deployed

from cli import ROOT
from cli.session import Aws, at
from cli.versioning import executions, held
from lakehouse.contract import layers
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain, erasure
from lakehouse.versions.version import Version
from lakehouse.versions.view import View

pytestmark = pytest.mark.e2e
SAMPLE = ROOT / "csv_exports"
WHO = "fabio.moraes"
PATIENCE = 300


class Here:
    """A lakehouse of this file's own, and the command line for it, in processes as users start them."""

    def __init__(self, home: Path, deployment: Any) -> None:
        self._environment = os.environ | {"IMPORTAU_HOME": str(home)}
        self.lakehouse = Lakehouse(deployment)
        self.aws: Aws = at(deployment.endpoint)
        self.lake = Lake(self.lakehouse.bucket, self.aws.s3)

    def begins(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [ROOT / "importau", *arguments, "--local"], cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def types(self, *arguments: str, code: int = 0) -> Any:
        with self.begins(*arguments) as process:
            out, err = process.communicate()
        assert process.returncode == code, (arguments, out, err)
        return SimpleNamespace(out=out, err=err)

    def asks(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.types(*arguments, "--json", code=code).out)

    def version(self, number: int) -> Version:
        return chain.read(self.lake, number)

    def holds(self, value: str) -> list[str]:
        """Return the objects that have some bytes in any version of theirs, read without any code of the project's."""
        pages = self.aws.s3.get_paginator("list_object_versions").paginate(Bucket=self.lake.bucket)
        found = []
        for each in (each for page in pages for each in page.get("Versions", ())):
            body = self.aws.s3.get_object(Bucket=self.lake.bucket, Key=each["Key"], VersionId=each["VersionId"])["Body"]
            if value.encode() in body.read():
                found.append(each["Key"])
        return found


def until(condition: Callable[[], Any]) -> Any:
    """Wait until something is so, and return it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"it is not so after {PATIENCE} s")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """Return a lakehouse with two versions that have the person, and an upload that nobody has published yet."""
    home = tmp_path_factory.mktemp("importau")
    with deployed(home, "importau-lakehouse-person") as made:
        found = Here(home, made)
        found.types("run", "--csv-dir", str(SAMPLE))
        found.types("run", "--force")
        orders = (SAMPLE / "pedidos.csv").read_bytes()
        found.lakehouse.put(
            layout.landing_key("pedidos"), orders + orders.splitlines()[-1].replace(b"PED", b"PEX") + b"\n"
        )
        yield found


@pytest.fixture(scope="module")
def erased(here: Here) -> Any:
    """Erase the person: the first time the command is killed while its run goes on, the second time it is done."""
    assert here.asks("person", WHO)["rows"] == {"table": 176, "export": 124}
    assert here.holds(WHO) != []
    with here.begins("person", WHO, "--erase", "--yes") as process:
        until(lambda: any(each.run for each in erasure.erasures(here.lake)) and executions.running(here.aws))
        os.killpg(process.pid, signal.SIGKILL)
    assert "something is going on" in here.types("person", WHO, "--erase", "--yes", code=2).err
    until(lambda: not executions.running(here.aws))
    assert [each.run for each in held.waiting(here.lake)] == [erasure.erasures(here.lake)[0].run]
    assert chain.newest_number(here.lake) == 2
    assert "not done" in here.types("status", code=1).out
    return here.asks("person", WHO, "--erase", "--yes")


def test_the_person_is_in_no_version_of_no_object(here: Here, erased: Any) -> None:
    assert (erased["version"], erased["left"]) == (3, 0)
    nobody = here.asks("person", WHO, code=1)
    assert (nobody["places"], nobody["searched"]["unread"]) == (0, {})
    assert here.holds(WHO) == []
    # Others are where they were.
    assert here.asks("person", "bruno.lima")["rows"]["table"] > 0


def test_every_sum_every_row_and_every_other_column_is_the_same(here: Here, erased: Any) -> None:
    before, after = here.version(2), here.version(3)
    for name, table in after.tables.items():
        old = before.tables[name]
        assert (table.rows, table.rows_read, table.quarantined, table.superseded) == (
            old.rows, old.rows_read, old.quarantined, old.superseded,
        )  # fmt: skip
        if table.layer != layers.BRONZE:
            assert [file.etag for file in table.files] == [file.etag for file in old.files]
    assert erased["changed"] == {
        "pedidos": {"usuario_criacao": 36}, "pagamentos": {"usuario_aprovacao": 49},
        "emprestimos": {"usuario_responsavel": 3},
    }  # fmt: skip
    users = View.of_version(here.lake, 3).read_all("pedidos", ["usuario_criacao"])["usuario_criacao"]
    assert users.null_count == 36


def test_what_is_published_verifies_and_nothing_needs_attention(here: Here, erased: Any) -> None:
    assert all(check["passed"] for check in here.asks("verify"))
    state = here.asks("status")
    assert (state["whole"], state["waiting"], state.get("erasing_since")) == (True, [], None)


def test_a_later_upload_stays_on_top_without_the_person_and_is_not_published(here: Here, erased: Any) -> None:
    landed = here.lakehouse.bytes_of(layout.landing_key("pedidos"))
    original = (SAMPLE / "pedidos.csv").read_bytes()
    assert landed.count(b"\n") == original.count(b"\n") + 1
    assert landed.startswith(original.replace(WHO.encode(), b"")[:5_000])
    assert here.version(3).tables["pedidos"].rows == here.version(2).tables["pedidos"].rows


def test_each_command_says_in_a_sentence_why_an_older_version_is_no_more(here: Here, erased: Any) -> None:
    listed = {each["number"]: each["erased"] for each in here.asks("versions")["versions"]}
    assert listed[3] is None
    assert listed[1].startswith("erased for LGPD on 20")
    assert listed[1].endswith(", 88 rows")
    for arguments in (
        ("rollback", "1", "--yes"), ("replay", "2"), ("diff", "1", "3"), ("verify", "--version", "2"),
        ("audit", "--version", "1"), ("export", "--version", "1", "nowhere"),
    ):  # fmt: skip
        assert "was erased for LGPD on" in here.types(*arguments, code=1).err
    ended = here.lakehouse.run("pipeline", only="rollback", version=1, base=3)
    assert ended["status"] == "FAILED"
    assert "version 1 was erased for LGPD on" in ended["cause"]


def test_what_is_kept_of_it_names_nobody(here: Here, erased: Any) -> None:
    (kept,) = erasure.erasures(here.lake)
    assert kept.is_whole
    assert WHO not in json.dumps(kept.as_json())
    assert kept.versions == {"1": 88, "2": 88}


def test_a_person_of_whom_nothing_is_held_is_no_erasure(here: Here, erased: Any) -> None:
    assert "nothing found" in here.types("person", WHO, "--erase", "--yes", code=1).err
    assert chain.newest_number(here.lake) == 3
