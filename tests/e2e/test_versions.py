"""The life of versions on the embedded AWS: run, go back, hold, publish, discard, make again, tidy up."""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from deployed_lakehouse import Lakehouse
from deployment import deployed
from lakehouse_tables import EVERY_TABLE, FACT
from stages import everything, of, of_others

from cli import ROOT
from cli.session import Aws, at
from cli.versioning import held, vacuuming
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.wholeness import differing

pytestmark = pytest.mark.e2e
SAMPLE = ROOT / "csv_exports"


class Here:
    """A lakehouse of this file's own, and the command line for it, in processes as users start them."""

    def __init__(self, home: Path, deployment: Any) -> None:
        self._home, self.lakehouse = home, Lakehouse(deployment)
        self.aws: Aws = at(deployment.endpoint)
        self.lake = Lake(self.lakehouse.bucket, self.aws.s3)

    def types(self, *arguments: str, code: int = 0) -> Any:
        ran = subprocess.run(
            [ROOT / "importau", *arguments, "--local"],
            cwd=ROOT,
            env=os.environ | {"IMPORTAU_HOME": str(self._home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == code, (arguments, ran.stdout, ran.stderr)
        return SimpleNamespace(out=ran.stdout, err=ran.stderr)

    def asks(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.types(*arguments, "--json", code=code).out)

    @property
    def newest(self) -> Any:
        version = chain.newest(self.lake)
        assert version is not None
        return version

    def objects(self) -> dict[str, str]:
        """Return the ETag of every file of every table."""
        return {each.key: each.etag for layer in layout.LAYERS for each in self.lake.objects(f"{layer}/")}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """Return a lakehouse with two versions, of the same inputs."""
    home = tmp_path_factory.mktemp("importau")
    with deployed(home, "importau-lakehouse-versions") as made:
        found = Here(home, made)
        found.types("run", "--csv-dir", str(SAMPLE))
        found.types("run", "--force")
        yield found


def etags(version: Any) -> dict[str, list[str]]:
    return {name: [file.etag for file in table.files] for name, table in version.tables.items()}


def test_two_runs_of_the_same_inputs_are_two_versions_of_the_same_bytes(here: Here) -> None:
    found = here.asks("versions")
    assert [each["number"] for each in found["versions"]] == [2, 1]
    assert found["catalogue_behind"] == {}
    assert etags(chain.read(here.lake, 1)) == etags(chain.read(here.lake, 2))
    assert max(map(len, here.types("versions").out.splitlines())) <= 80


def test_a_whole_lake_where_nothing_happens_needs_nobody(here: Here) -> None:
    state = here.asks("status")
    assert (state["whole"], state["running"], state["needs_attention"]) == (True, [], False)


def test_a_rollback_copies_nothing_takes_less_than_three_seconds_and_moves_the_catalogue(here: Here) -> None:
    before, objects = here.newest, here.objects()
    target = before.number - 1
    found = here.asks("rollback", str(target), "--yes")
    assert (found["version"], found["restores"]) == (before.number + 1, target)
    assert found["seconds"] < 3
    assert here.objects() == objects
    assert here.newest.tables == chain.read(here.lake, target).tables
    glue = here.aws.client("glue")
    for name in EVERY_TABLE:
        table = glue.get_table(DatabaseName=layout.database_of(layout.layer_of(name)), Name=name)["Table"]
        run = here.newest.tables[name].run
        assert table["StorageDescriptor"]["Location"] == here.lake.uri(layout.run_prefix(name, run))
        assert table["Parameters"]["lake_version"] == str(here.newest.number)
    assert here.asks("status")["needs_attention"] is False


def test_a_rollback_on_an_older_state_than_the_newest_is_refused(here: Here) -> None:
    ended = here.lakehouse.run("pipeline", only="rollback", version=1, base=1)
    assert ended["status"] == "FAILED"
    assert "came between: nothing was rolled back" in ended["cause"]
    assert here.types("rollback", "99", "--yes", code=2).err.startswith("error: there is no version 99")
    failed = here.asks("status", code=1)["failed"]
    assert "came between" in failed[0]["cause"]


def waiting_run(here: Here) -> str:
    """Hold a run, and return its name."""
    here.types("run", "--force", "--hold")
    (waiting,) = held.waiting(here.lake)
    return waiting.run


def test_a_held_run_waits_until_it_is_published(here: Here) -> None:
    before = here.newest
    run = waiting_run(here)
    assert here.newest == before
    found = here.asks("publish", run, "--yes")
    assert (found["version"], here.newest.run) == (before.number + 1, run)
    state = here.asks("status")
    assert (state["waiting"], state["version"]) == ([], before.number + 1)
    assert f"run {run} is published already" in here.types("discard", run, "--yes", code=2).err


def test_a_held_run_that_is_discarded_is_never_published(here: Here) -> None:
    before = here.newest
    run = waiting_run(here)
    here.types("discard", run, "--yes")
    assert here.asks("status")["waiting"] == []
    assert f"run {run} was discarded" in here.types("publish", run, "--yes", code=2).err
    ended = here.lakehouse.run("pipeline", only="publish", run_id=run)
    assert "was discarded, so it is not published" in ended["cause"]
    assert here.newest == before


def test_a_version_is_made_again_to_the_byte_whatever_was_uploaded_since(here: Here) -> None:
    before = here.newest
    pedidos = (SAMPLE / "pedidos.csv").read_bytes().splitlines(keepends=True)
    here.lakehouse.upload(SAMPLE, pedidos=b"".join(pedidos[:-1]))
    try:
        found = here.asks("replay", "1")
    finally:
        here.lakehouse.upload(SAMPLE)
    assert found["identical"] is True
    assert [table["table"] for table in found["tables"]] == list(EVERY_TABLE)
    assert here.newest == before
    assert here.lake.size(layout.decision_key(found["run"])) is not None


def test_a_stage_beside_it_meets_nothing_of_it_and_goes_without_a_trace(here: Here) -> None:
    client = here.lakehouse.deployment.client
    before = everything(client)
    assert of("dev", before) == {}
    in_dev = ("--stage", "dev")
    here.types("deploy", "--yes", *in_dev)
    here.types("run", "--csv-dir", str(SAMPLE), *in_dev)
    beside = everything(client)
    assert of_others("dev", beside) == before
    # Whatever kind of thing this lakehouse has, the other has one as well.
    ours = {name for name in before if "importau" in name or "StateMachine_DAG" in name or name.startswith("layer")}
    kinds = {name.partition(" ")[0] for name in ours if "crm" not in name and "vendas" not in name}
    assert {name.partition(" ")[0] for name in of("dev", beside)} == kinds

    theirs = at(here.lakehouse.deployment.endpoint, stage="dev")
    version = chain.newest(Lake(theirs.bucket, theirs.s3))
    assert version is not None
    assert (version.number, here.asks("versions", *in_dev)["versions"][0]["number"]) == (1, 1)
    # The same files are the same tables, to the byte, whichever stage makes them.
    again = etags(here.newest) if here.newest.is_from_csv else {}
    assert {name: etag for name, etag in etags(version).items() if again.get(name) != etag} == {}
    assert here.asks("status", *in_dev)["stage"] == "dev"
    assert "importau-dev" in here.types("verify", *in_dev).err
    asked = f"SELECT count(*) AS linhas FROM importau_silver.{FACT}"
    assert here.asks("query", asked, *in_dev)["rows"] == here.asks("query", asked)["rows"]
    beside = everything(client)  # with the answers of Athena, in either bucket
    assert here.types("status", "--stack", "importau-dev").out.startswith("stage")
    assert "is of no stage" in here.types("status", "--stack", "importau", *in_dev, code=2).err

    here.types("run", "governance", "--crawl")
    after = everything(client)
    assert of_others("dev", after) != before
    assert of("dev", after) == of("dev", beside)
    here.types("destroy", "--yes", "--delete-data", *in_dev)
    gone = everything(client)
    assert of("dev", gone) == {}
    assert gone == of_others("dev", after)
    assert differing(here.lake, here.newest.tables.values()) == []


def test_a_vacuum_takes_what_no_kept_version_names_and_nobody_goes_back_to_it(here: Here) -> None:
    assert here.asks("vacuum", "--yes", "--keep", "1", "--days", "0")["objects"] == 0
    newest, later = here.newest, datetime.now(UTC) + timedelta(days=15)
    plan = vacuuming.planned(here.aws, here.lake, 1, 0, now=later)
    vacuuming.vacuum(here.lake, plan, lambda _: None)
    assert differing(here.lake, newest.tables.values()) == []
    assert {layout.run_of_key(key) for key in here.objects()} == {table.run for table in newest.tables.values()}
    assert vacuuming.planned(here.aws, here.lake, 1, 0, now=later).removal.objects == ()
    gone = plan.dropped[-1]
    assert f"version {gone} is not whole any more" in here.types("rollback", str(gone), "--yes", code=2).err
    ended = here.lakehouse.run("pipeline", only="rollback", version=gone, base=newest.number)
    assert ended["status"] == "FAILED"
    assert "is gone" in ended["cause"]
    assert here.newest == newest


def test_a_file_that_was_replaced_is_named_with_what_to_do(here: Here) -> None:
    file = here.newest.tables[FACT].files[0]
    content = here.lakehouse.bytes_of(file.key)
    here.lakehouse.put(file.key, b"another")
    try:
        state = here.asks("status", code=1)
        assert state["wrong"] == [f"{file.key} was replaced"]
        assert "`./importau verify" in state["next"][0]
    finally:
        here.lakehouse.put(file.key, content)
