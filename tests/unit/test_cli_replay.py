"""`replay`: what a run is given to make a version again, and what is said of what it made."""

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from lakehouse_tables import EVERY_TABLE, EXPORTED, FACT
from small_lake import BUCKET, account, deploy, published
from typer.testing import CliRunner, Result

from cli.commands import replay as command
from cli.errors import UsageError
from cli.main import app
from cli.session import Aws
from cli.versioning import replaying
from cli.versioning.replaying import compared, source_of
from lakehouse.errors import InputError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.code import code
from lakehouse.versions.opening import Opening, opened
from lakehouse.versions.version import Version

pytestmark = pytest.mark.once

FIRST, SECOND = EXPORTED[:2]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        deploy(found)
        monkeypatch.setattr(command, "connect", lambda *_: found)
        yield found


@pytest.fixture
def lake(aws: Aws) -> Lake:
    return Lake(BUCKET, aws.s3)


def keep_object_versions(lake: Lake) -> None:
    lake.client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def export(lake: Lake, content: bytes, *corrected: str) -> Opening:
    """Upload an export, and return what a run that begins now is opened with."""
    for table in EXPORTED:
        lake.write_bytes(content, layout.landing_key(table))
    for table in corrected:
        lake.write_bytes(content, layout.correction_key(table))
    return opened(lake, content.decode(), {"type": "csv"})


def version_of(aws: Aws, opening: Opening) -> Version:
    return replace(published(aws, "um"), source=opening.source, inputs=opening.inputs)


def test_a_replay_reads_the_very_objects_of_the_version_and_no_other_corrections(aws: Aws, lake: Lake) -> None:
    keep_object_versions(lake)
    then = export(lake, b"then", FIRST)
    export(lake, b"now", FIRST, SECOND)
    source = source_of(lake, version_of(aws, then))
    assert set(source["inputs"]) == set(EXPORTED)
    assert set(source["corrections"]) == {FIRST}
    again = opened(lake, "again", source)
    assert {each.identity for each in again.inputs} == {each.identity for each in then.inputs}
    assert again.source == {"type": "csv"}


def test_a_version_without_corrections_is_made_again_without(aws: Aws, lake: Lake) -> None:
    keep_object_versions(lake)
    then = export(lake, b"then")
    export(lake, b"now", FIRST)
    again = opened(lake, "again", source_of(lake, version_of(aws, then)))
    assert {each.identity for each in again.inputs} == {each.identity for each in then.inputs}
    assert opened(lake, "a run", {"type": "csv"}).inputs != again.inputs


def test_corrections_of_an_unknown_table_are_refused(lake: Lake) -> None:
    with pytest.raises(InputError, match=r"source\.corrections names nada"):
        opened(lake, "r", {"type": "csv", "corrections": {"nada": "1"}})


def test_synthetic_data_is_made_again_from_its_source(aws: Aws, lake: Lake) -> None:
    version = replace(published(aws, "um"), source={"type": "synthetic", "orders": 7, "seed": 1})
    assert source_of(lake, version) == {"type": "synthetic", "orders": 7, "seed": 1}


def test_a_bucket_that_keeps_no_versions_cannot_make_one_again(aws: Aws, lake: Lake) -> None:
    version = version_of(aws, export(lake, b"then"))
    with pytest.raises(UsageError, match="the bucket kept no versions of") as error:
        source_of(lake, version)
    assert all(layout.landing_key(table) in error.value.message for table in EXPORTED)


def test_an_input_that_is_gone_is_named(aws: Aws, lake: Lake) -> None:
    keep_object_versions(lake)
    then = export(lake, b"then")
    export(lake, b"now")
    gone = then.inputs[0]
    lake.client.delete_object(Bucket=BUCKET, Key=gone.key, VersionId=str(gone.version_id))
    with pytest.raises(UsageError, match=f"of {gone.key} the bucket has no longer"):
        source_of(lake, version_of(aws, then))


def under_todays_contracts(version: Version, opening: Opening, monkeypatch: pytest.MonkeyPatch) -> Version:
    monkeypatch.setattr(replaying, "contract_sha256", lambda _: "0" * 64)
    return replace(version, inputs=opening.inputs)


def test_the_same_files_are_identical_whatever_their_run_and_another_one_is_named(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, lake: Lake
) -> None:
    opening = export(lake, b"then")
    version = under_todays_contracts(published(aws, "um", parts={FACT: 2}), opening, monkeypatch)
    moved = {
        name: replace(t, files=tuple(replace(f, key=f.key.replace("run=um", "run=dois")) for f in t.files))
        for name, t in version.tables.items()
    }
    assert all(each.identical and not each.reasons for each in compared(version, moved, opening))
    files = moved[FACT].files
    moved[FACT] = replace(moved[FACT], files=(files[0], replace(files[1], etag="other")))
    found = {each.table: each for each in compared(version, moved, opening)}
    assert found[FACT].differing == (layout.file_name(FACT, 1, 2),)
    assert not found[FACT].reasons


def test_other_code_contracts_or_inputs_are_named_as_reasons(aws: Aws, lake: Lake) -> None:
    opening = export(lake, b"then")
    version = published(aws, "um")
    (reasons,) = {each.reasons for each in compared(version, {}, replace(opening, code="other"))}
    assert reasons == (
        "the inputs are not those of the version",
        f"the code was {code()}, and is other",
        "its contract was another one",
    )


# ---- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def again(aws: Aws, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Have the pipeline make a version whose files are those of the newest one; return what it was asked for."""
    asked: dict[str, Any] = {"discarded": []}

    def change(_: Aws, given: dict[str, Any], *, run_id: str = "", what: str = "") -> Any:
        if "only" in given:
            asked["discarded"].append((given["only"], given["run_id"]))
        else:
            asked["input"] = given
            opened(lake, run_id, given["source"])
        return SimpleNamespace(run_id=run_id, outcome=SimpleNamespace(seconds=1.0))

    version = published(aws, "um")
    monkeypatch.setattr(replaying, "change", change)
    monkeypatch.setattr(
        replaying, "candidate", lambda _, __, layer: {n: t for n, t in version.tables.items() if t.layer == layer}
    )
    return asked


def importau(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["replay", *arguments])


def test_a_replay_is_held_and_forced_and_discarded_at_its_end(again: dict[str, Any]) -> None:
    result = importau("1")
    assert result.exit_code == 0, result.stderr
    assert again["input"] == {"source": {"type": "synthetic"}, "force": True, "hold": True}
    ((only, run),) = again["discarded"]
    assert only == "discard"
    assert result.stdout.count("identical") == len(EVERY_TABLE)
    assert max(map(len, result.stdout.splitlines())) <= 80
    found = json.loads(importau("1", "--json").stdout)
    assert (found["version"], found["identical"]) == (1, True)
    assert found["run"] != run


def test_other_bytes_without_a_reason_are_a_failure(again: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "candidate", lambda *_: {})
    monkeypatch.setattr(replaying, "contract_sha256", lambda _: "0" * 64)
    result = importau("1")
    assert result.exit_code == 1
    assert "is not identical, although inputs, code and contracts are" in result.stderr
    assert len(again["discarded"]) == 1


def test_other_bytes_of_another_contract_are_no_fault(again: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "candidate", lambda *_: {})
    result = importau("1")
    assert result.exit_code == 0
    assert "its contract was another one" in result.stdout
    assert "with other bytes for the reasons above" in result.stderr


def test_a_version_there_is_not_cannot_be_made_again(again: dict[str, Any]) -> None:
    assert importau("9").exit_code == 2
    assert "input" not in again
