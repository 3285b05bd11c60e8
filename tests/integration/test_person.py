"""A person in a bucket that keeps versions (moto): found wherever they are, written out of uploads, and deleted."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_lake import BUCKET, account, deploy, published, put
from typer.testing import CliRunner, Result

from cli.commands import person as command
from cli.contents import object_versions
from cli.contents.keeping import retention_of
from cli.errors import CliError, UsageError
from cli.main import app
from cli.person import erasing, plan
from cli.person.search import Search, Searched
from cli.person.uploads import Uploads
from cli.person.value import ERASED, Sought
from cli.session import Aws
from cli.versioning import executions, held, reading, vacuuming
from cli.versioning.executions import Execution
from lakehouse.contract.model import load
from lakehouse.contract.quarantine import SCHEMA
from lakehouse.lake import layout
from lakehouse.lake.retention import Retention
from lakehouse.lake.s3 import Lake
from lakehouse.versions import erasure
from lakehouse.versions.erasure import Erasure
from lakehouse.versions.version import Input, Version

ORDERS = "pedidos"
ANA = "ana.souza"
HEADER = ",".join(load(ORDERS).schema.names)
KEY = layout.landing_key(ORDERS)


def row(number: int, user: str, note: str = "") -> str:
    return f"P{number},2024-01-05,F1,10.00,ENTREGUE,PIX,0,,{user},{note}"


def export(*users: str) -> str:
    return "\n".join([HEADER, *(row(number, user) for number, user in enumerate(users, 1))]) + "\n"


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        deploy(found)
        found.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        monkeypatch.setattr(command, "connect", lambda *_: found)
        monkeypatch.setattr(executions, "running", lambda _: [])
        yield found


@pytest.fixture
def lake(aws: Aws) -> Lake:
    return Lake(BUCKET, aws.s3)


def everywhere(aws: Aws, lake: Lake) -> Version:
    """Leave the person in every kind of object; the newest version has them only in what it was made from."""
    version = published(aws, "r1", pedidos=1)
    table = pa.table({"pedido_id": ["P1", "P2", "P3"], "usuario_criacao": [ANA, "bob.lima", "Ana.Souza"]})
    lake.write_bytes(parquet(table), layout.run_key(ORDERS, "r1"))
    aside = pa.table([[f"{ORDERS}.csv"], [9], [row(9, ANA)], [[f"status: '{ANA}' não é permitido"]]], schema=SCHEMA)
    lake.write_bytes(parquet(aside), layout.quarantine_key("r1", layout.BRONZE, ORDERS))
    put(aws, KEY, export(ANA, "bob.lima", ANA))
    put(aws, KEY, export("bob.lima"))
    put(aws, layout.correction_key(ORDERS), export("ANA.SOUZA"))
    put(aws, layout.quality_key("r0", layout.GOLD), {"examples": [f"P1/{ANA}"], "rows": 3})
    put(aws, layout.declared_event_key("r0", "m.s.t"), {"note": ANA.upper()})
    put(aws, layout.PORTAL_KEY, f'<script id="lakehouse" type="application/json">["{ANA}"]</script>')
    put(aws, f"{layout.ATHENA_PREFIX}x.csv", f'"n","quem"\n"1","{ANA}"\n')
    put(aws, f"{layout.STAGING_PREFIX}r0/bronze/parts/write-00000-of-00002.json", {"a": [{"b": f"por {ANA},"}]})
    gone = layout.run_key(ORDERS, "r0")
    lake.write_bytes(parquet(table), gone)
    aws.s3.delete_object(Bucket=BUCKET, Key=gone)
    put(aws, "landing/csv_exports/packed.csv.gz", "\x1f")
    lake.write_bytes(b"\x1f\x8b\x08", "landing/csv_exports/packed.csv.gz")
    put(aws, "landing/other.csv", f"quem\n{ANA}\n")
    put(aws, "elsewhere/other.csv", f"quem\n{ANA}\n")
    return version


def searched(lake: Lake, value: str = ANA) -> Searched:
    return Search(lake, Sought(value)).run(reading.every(lake))


def importau(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["person", *arguments])


def test_it_is_found_in_every_kind_of_object_and_in_every_version_of_it(aws: Aws, lake: Lake) -> None:
    everywhere(aws, lake)
    found = searched(lake)
    places = {(each.object.key, each.object.is_newest): each for each in found.found}
    assert {(key, newest): each.holding.rows for (key, newest), each in places.items()} == {
        (layout.run_key(ORDERS, "r1"), True): 2,
        (layout.run_key(ORDERS, "r0"), False): 2,
        (layout.quarantine_key("r1", layout.BRONZE, ORDERS), True): 1,
        (KEY, False): 2,
        (layout.correction_key(ORDERS), True): 1,
        (layout.quality_key("r0", layout.GOLD), True): 1,
        (layout.declared_event_key("r0", "m.s.t"), True): 1,
        (layout.PORTAL_KEY, True): 1,
        (f"{layout.ATHENA_PREFIX}x.csv", True): 1,
        (f"{layout.STAGING_PREFIX}r0/bronze/parts/write-00000-of-00002.json", True): 1,
        ("landing/other.csv", True): 1,
    }
    assert places[layout.run_key(ORDERS, "r1"), True].versions == (1,)
    assert {each.column: each.lines for each in places[KEY, False].holding.places} == {"usuario_criacao": (2, 4)}
    aside = places[layout.quarantine_key("r1", layout.BRONZE, ORDERS), True]
    assert [each.column for each in aside.holding.places] == ["texto_original", "motivos"]
    assert list(found.unread) == ["landing/csv_exports/packed.csv.gz"]
    assert searched(lake, "carla.nunes").found == ()


def test_the_command_says_where_and_never_whom_and_its_code_says_whether(aws: Aws, lake: Lake) -> None:
    everywhere(aws, lake)
    told = [importau("-"), importau(ANA), importau(ANA, "--json")]
    told[0] = CliRunner().invoke(app, ["person", "-"], input=f"{ANA}\n")
    assert [each.exit_code for each in told] == [0, 0, 0]
    for each in told:
        assert ANA not in each.output.casefold()
        assert "a**.s****" in each.output
    content = json.loads(told[2].stdout)
    assert content["places"] == 12
    assert content["searched"]["object_versions"] > 11
    nobody = importau("carla.nunes", "--json")
    assert (nobody.exit_code, json.loads(nobody.stdout)["places"]) == (1, 0)
    assert "nothing found: 0 places" in nobody.stderr
    assert importau("ab").exit_code == 2
    assert importau(ANA, "--yes").exit_code == 2
    assert importau(ANA, "--erase").exit_code == 2  # there is no terminal to ask


def test_all_of_it_is_deleted_but_the_uploads_that_are_written_again(aws: Aws, lake: Lake) -> None:
    everywhere(aws, lake)
    search = Search(lake, Sought(ANA))
    found = search.run(reading.every(lake))
    noted: dict[str, str] = {}
    uploads = Uploads(search, {}, noted.__setitem__)
    for each in found.found:
        if each.object.kind in object_versions.UPLOADED and each.object.is_newest:
            uploads.write_without(each.object)
    assert noted.keys() == {layout.correction_key(ORDERS), "landing/other.csv"}
    assert noted == {key: lake.about(key).etag for key in noted}  # type: ignore[union-attr]
    there = object_versions.listed(lake)
    wanted = plan.to_delete(found, there)
    # Every version of the table's file that was deleted, its mark too; of the export the one that has the person.
    assert sum(each.key == layout.run_key(ORDERS, "r0") for each in wanted) == 2
    assert sum(each.key == KEY for each in wanted) == 1
    object_versions.delete(lake, wanted)
    assert search.run(reading.every(lake)).found == ()
    assert lake.read_bytes(KEY).decode() == export("bob.lima")
    assert lake.read_bytes(layout.correction_key(ORDERS)).decode() == export("")
    assert lake.read_bytes("landing/other.csv") == b"quem\n\n"
    assert lake.read_bytes("elsewhere/other.csv").decode() == f"quem\n{ANA}\n"


def test_a_run_reads_what_the_newest_version_was_made_from_and_a_later_upload_stays_on_top(
    aws: Aws, lake: Lake
) -> None:
    put(aws, KEY, export(ANA, "bob.lima"))
    pinned = lake.about(KEY)
    assert pinned is not None
    put(aws, KEY, export(ANA, "bob.lima", "carla.nunes"))
    version = replace(
        published(aws, "r1"), source={"type": "csv", "parts": 2},
        inputs=(Input(ORDERS, KEY, pinned.etag, pinned.bytes, pinned.version_id, ""),),
    )  # fmt: skip
    search = Search(lake, Sought(ANA))
    for _ in range(2):  # the second time as after an interruption
        there = object_versions.listed(lake)
        holding = frozenset(each.object for each in search.run([version]).found)
        source = Uploads(search, {}, lambda *_: None).source_without(version, there, holding)
        assert (source["type"], source["parts"], source["corrections"]) == ("csv", 2, {})
        read = lake.open(KEY, version_id=source["inputs"][ORDERS]).read().decode()
        assert read == export("", "bob.lima")
        assert lake.read_bytes(KEY).decode() == export("", "bob.lima", "carla.nunes")


def test_an_upload_in_the_same_moment_is_not_overwritten(aws: Aws, lake: Lake) -> None:
    put(aws, KEY, export(ANA))
    search = Search(lake, Sought(ANA))
    (found,) = search.run([]).found
    put(aws, KEY, export("carla.nunes"))
    with pytest.raises(CliError, match="changed by somebody else"):
        Uploads(search, {}, lambda *_: None).write_without(found.object)
    assert lake.read_bytes(KEY).decode() == export("carla.nunes")


def test_what_a_key_hangs_on_what_is_synthetic_and_what_is_gone_is_refused_by_name(aws: Aws, lake: Lake) -> None:
    version = everywhere(aws, lake)
    keyed = searched(lake, "Ana.Souza")
    with pytest.raises(UsageError, match="version 1 is of synthetic data"):
        plan.planned(keyed, version, object_versions.listed(lake), {})
    lost = replace(version, source={"type": "csv"}, inputs=(Input(ORDERS, KEY, "e", 1, "v", ""),))
    with pytest.raises(UsageError, match="not in the bucket any more as version 1 was made from it"):
        plan.planned(keyed, lost, object_versions.listed(lake), {})
    lake.write_bytes(parquet(pa.table({"pedido_id": ["ana.souza"]})), layout.run_key(ORDERS, "r1"))
    with pytest.raises(UsageError, match=r"pedidos\.pedido_id has it in 1 row: a key, a rule or an amount hangs"):
        plan.planned(searched(lake), replace(version, source={"type": "csv"}), object_versions.listed(lake), {})
    assert erasure.erasures(lake) == []


def test_nothing_is_erased_while_something_runs_or_waits(aws: Aws, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere(aws, lake)
    busy = Execution("pipeline", "slow", "RUNNING", datetime.now(UTC))
    monkeypatch.setattr(executions, "running", lambda _: [busy])
    refused = importau(ANA, "--erase", "--yes")
    assert refused.exit_code == 2
    assert "run slow of pipeline" in refused.stderr
    monkeypatch.setattr(executions, "running", lambda _: [])
    monkeypatch.setattr(held, "waiting", lambda _: [held.Held("idle", "2026-11-30T00:00:00+00:00", 1)])
    assert "run idle waits" in importau(ANA, "--erase", "--yes").stderr
    # What an erasure that was interrupted left waiting is its own.
    erasure.keep(lake, Erasure("e", "arn", "2026-11-30T00:00:00+00:00", run="idle"))
    erasing.refuse_where_something_is_at_work(aws, lake)


def test_what_is_in_no_version_any_more_is_erased_without_a_run_and_the_versions_that_had_it_say_so(
    aws: Aws, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    everywhere(aws, lake)
    newest = published(aws, "r2")
    done = importau(ANA, "--erase", "--yes", "--json")
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert (content["version"], content["versions"], content["left"]) == (None, {"1": 3}, 0)
    assert importau(ANA).exit_code == 1
    (kept,) = erasure.erasures(lake)
    assert kept.is_whole
    assert ANA not in json.dumps(kept.as_json())
    assert kept.by.startswith("arn:")
    assert reading.newest(lake) == newest
    with pytest.raises(CliError, match=r"version 1 was erased for LGPD on 20\d\d-\d\d-\d\d, 3 rows: it is no longer"):
        reading.named(lake, 1)
    assert reading.named(lake, 2) == newest
    assert importau(ANA, "--erase", "--yes").exit_code == 1  # there is nothing left to do


def test_interrupted_between_what_it_deletes_the_same_command_brings_it_to_its_end(
    aws: Aws, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    everywhere(aws, lake)
    published(aws, "r2")
    really = object_versions.delete

    def half(lake: Lake, wanted: Any) -> None:
        really(lake, wanted[: len(wanted) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(object_versions, "delete", half)
    assert importau(ANA, "--erase", "--yes").exit_code != 0
    (kept,) = erasure.erasures(lake)
    assert not kept.is_whole
    with pytest.raises(CliError, match="version 1 was being erased for LGPD since"):
        reading.named(lake, 1)
    monkeypatch.setattr(object_versions, "delete", really)
    again = importau(ANA, "--erase", "--yes")
    assert again.exit_code == 0, again.output
    (ended,) = erasure.erasures(lake)
    assert ended.is_whole
    assert set(kept.objects) <= set(ended.objects)
    assert ended.versions["1"] == 3
    assert searched(lake).found == ()


def test_a_vacuum_takes_for_good_what_is_kept_too_long_and_never_what_is_newest(aws: Aws, lake: Lake) -> None:
    deploy(aws, Retention="VersionRetentionDays=1 VersionsKept=9 QuarantineRetentionDays=20 ReportRetentionDays=30 "
           "LandingRetentionDays=5 DeletedRetentionDays=40")  # fmt: skip
    assert retention_of(aws) == Retention(1, 9, 20, 30, 5, 40)
    published(aws, "r1", pedidos=1)
    newest = published(aws, "r2", pedidos=1)
    put(aws, KEY, export(ANA))
    put(aws, KEY, export("bob.lima"))
    put(aws, f"{layout.ATHENA_PREFIX}x.csv", "a\n")

    def kept_too_long(days: int) -> tuple[set[str], set[str]]:
        later = datetime.now(UTC) + timedelta(days=days, minutes=1)
        found = vacuuming.planned(aws, lake, 9, 1, later, retention_of(aws))
        assert found.removal.objects == ()
        return {each.key for each in found.expired.objects}, {each.key for each in found.replaced}

    aside = layout.quarantine_key("r1", layout.BRONZE, ORDERS)
    reports = {layout.quality_key("r1", layer) for layer in layout.LAYERS}
    assert kept_too_long(4) == (set(), set())
    assert kept_too_long(6) == (set(), {KEY})
    assert kept_too_long(15) == (set(), {KEY, f"{layout.ATHENA_PREFIX}x.csv"})
    assert kept_too_long(21)[0] == {aside}
    assert kept_too_long(31)[0] == {aside, *reports}
    later = datetime.now(UTC) + timedelta(days=50)
    assert vacuuming.drop(lake, vacuuming.planned(aws, lake, 9, 1, later, retention_of(aws))) == 3 + len(reports)
    assert lake.read_bytes(KEY).decode() == export("bob.lima")
    assert len([each for each in object_versions.listed(lake, (f"{layout.LANDING}/",)) if each.key == KEY]) == 1
    assert lake.size(aside) is None
    assert lake.size(newest.tables[ORDERS].quarantine_key or "") is not None


def test_a_required_word_is_no_persons(aws: Aws, lake: Lake) -> None:
    put(aws, KEY, export(ERASED))
    assert searched(lake).found == ()
