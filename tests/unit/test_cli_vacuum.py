"""`vacuum`: what it finds, what it asks and deletes, and what it says where S3 does not delete."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from lakehouse_tables import EVERY_TABLE
from small_lake import BUCKET, account, deploy, published, restored
from typer.testing import CliRunner, Result

from cli.commands import vacuum as command
from cli.errors import CliError
from cli.main import app
from cli.session import Aws
from cli.versioning import executions, vacuuming
from cli.versioning.executions import Execution
from cli.versioning.vacuuming import planned, vacuum
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import retention
from lakehouse.versions.wholeness import differing

pytestmark = pytest.mark.once

LATER = datetime.now(UTC) + timedelta(days=200)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        deploy(found)
        monkeypatch.setattr(command, "connect", lambda *_: found)
        monkeypatch.setattr(executions, "running", lambda _: [])
        yield found


@pytest.fixture
def lake(aws: Aws) -> Lake:
    return Lake(BUCKET, aws.s3)


def importau(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setattr(vacuuming, "planned", partial(planned, now=LATER))
    return CliRunner().invoke(app, ["vacuum", "--yes", *arguments])


def runs_with_files(lake: Lake) -> set[str | None]:
    return {layout.run_of_key(key) for layer in layout.LAYERS for key in lake.list(f"{layer}/")}


def test_what_no_kept_version_names_goes_and_the_kept_are_whole(
    aws: Aws, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = [published(aws, f"r{number}", pedidos=1) for number in range(1, 5)]
    result = importau(monkeypatch, "--keep", "2", "--days", "30")
    assert result.exit_code == 0, result.stderr
    assert "of 2 runs; 2 of 4 versions are kept" in result.stderr
    assert "nobody can go back to version 1, 2 afterwards" in result.stderr
    assert runs_with_files(lake) == {"r3", "r4"}
    for version in versions[2:]:
        assert differing(lake, version.tables.values()) == []
        named = [(table.report, table.quarantine_key) for table in version.tables.values()]
        assert all(lake.size(key) is not None for pair in named for key in pair if key)
    assert {layout.run_owning(key) for prefix in layout.OF_RUNS for key in lake.list(prefix)} == {"r3", "r4"}
    assert len(list(lake.list(layout.VERSIONS_PREFIX))) == 4
    assert "there is nothing to delete" in importau(monkeypatch, "--keep", "2", "--days", "30").stderr


def test_what_a_rollback_names_stays_whatever_its_age(aws: Aws, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 4):
        published(aws, f"r{number}")
    restored(aws, 1)
    found = json.loads(importau(monkeypatch, "--keep", "1", "--days", "1", "--json").stdout)
    assert (found["runs"], found["dropped_versions"]) == (["r2", "r3"], [2, 3])
    assert found["deleted"] == found["objects"] > 2 * len(EVERY_TABLE)
    assert runs_with_files(lake) == {"r1"}


def test_by_default_nothing_young_goes(aws: Aws, lake: Lake) -> None:
    for number in range(1, 15):
        published(aws, f"r{number}")
    assert planned(aws, lake, 10, 90).removal.objects == ()
    assert planned(aws, lake, 1, 0).removal.objects == ()


def test_what_is_at_work_stays_with_what_it_is_made_on_and_what_it_goes_back_to(
    aws: Aws, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 5):
        published(aws, f"r{number}")
    lake.write_json(
        {"run_id": "slow", "base": 1, "code": "", "source": {}, "inputs": [], "accept_volume": [], "at": ""},
        layout.opening_key("slow"),
    )
    lake.write_json({}, layout.quality_key("slow", layout.BRONZE))
    at_work = [Execution("bronze", "slow", "RUNNING", LATER), Execution("pipeline", "back", "RUNNING", LATER)]
    monkeypatch.setattr(executions, "running", lambda _: at_work)
    monkeypatch.setattr(executions, "inputs", lambda *_: [{}, {"only": "rollback", "version": 2}])
    plan = planned(aws, lake, 1, 0, now=LATER)
    assert plan.kept == (1, 2, 4)
    assert plan.removal.runs == ("r3",)


def test_a_missing_version_stops_it_as_nobody_knows_what_it_names(aws: Aws, lake: Lake) -> None:
    for number in range(1, 4):
        published(aws, f"r{number}")
    aws.s3.delete_object(Bucket=BUCKET, Key=layout.version_key(2))
    with pytest.raises(CliError, match="there is no version 2 of 1 to 3"):
        planned(aws, lake, 1, 0, now=LATER)


def test_a_governance_report_on_a_kept_version_stays_and_nothing_else_of_its_run(aws: Aws, lake: Lake) -> None:
    version = published(aws, "r1")
    for run, runs in (("on-it", version.runs), ("on-another", {"gold": "r0"})):
        lake.write_json({"runs": runs}, layout.governance_report_key(run))
        lake.write_json({}, layout.declared_event_key(run, "m.s.t"))
    gone = {each.key for each in planned(aws, lake, 1, 0, now=LATER).removal.objects}
    assert gone == {
        layout.governance_report_key("on-another"),
        *(layout.declared_event_key(run, "m.s.t") for run in ("on-it", "on-another")),
    }


def test_whoever_goes_back_meanwhile_keeps_the_files(aws: Aws, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 4):
        published(aws, f"r{number}")
    monkeypatch.setattr(vacuuming, "BATCH", 7)
    plan = planned(aws, lake, 1, 0, now=LATER)
    reported: list[str] = []
    version = restored(aws, 2)
    gone = vacuum(lake, plan, reported.append)
    assert gone.runs == ("r1",)
    assert differing(lake, version.tables.values()) == []
    assert reported[-1] == f"{len(gone.objects)} objects deleted"


def test_what_s3_does_not_delete_is_named_and_the_rest_can_be_tried_again(
    aws: Aws, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 4):
        published(aws, f"r{number}")
    really, denied = aws.s3.delete_objects, layout.quality_key("r1", layout.GOLD)

    def refuse(**asked: Any) -> Any:
        wanted = [each for each in asked["Delete"]["Objects"] if each["Key"] != denied]
        really(Bucket=BUCKET, Delete={"Objects": wanted})
        return {"Errors": [{"Key": denied, "Code": "AccessDenied", "Message": "Access Denied"}]}

    monkeypatch.setattr(aws.s3, "delete_objects", refuse)
    result = importau(monkeypatch, "--keep", "1", "--days", "0")
    assert result.exit_code == 1
    assert f"1 could not be deleted:\n  {denied}: Access Denied" in result.stderr
    assert lake.size(denied) is not None
    monkeypatch.setattr(aws.s3, "delete_objects", really)
    assert importau(monkeypatch, "--keep", "1", "--days", "0").exit_code == 0
    assert lake.size(denied) is None


def test_it_asks_before_it_deletes(aws: Aws) -> None:
    result = CliRunner().invoke(app, ["vacuum"])
    assert result.exit_code == 2
    assert "Say so beforehand: --yes" in result.stderr


def test_what_is_kept_by_default_is_what_the_retention_says() -> None:
    assert (command._KEEP, command._DAYS) == (retention.KEEP, retention.DAYS)
