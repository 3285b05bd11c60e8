"""The Bronze Lambda on S3 (moto): what it stages, what it sets aside, and what it refuses."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from compressed import archive, zipped
from exports import EVERY, SAMPLE, Export
from lakehouse_tables import TABLES
from simulated_aws import simulated_lake

from bronze import app
from lakehouse.contract.model import load
from lakehouse.errors import InputError, LakehouseError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.opening import opened
from lakehouse.versions.source import checked

BUCKET, RUN = "lake", "r1"
EXPORTED = TABLES[layout.BRONZE]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lake() -> Iterator[Lake]:
    """An empty lake, and the environment of a Lambda."""
    with simulated_lake(BUCKET) as lake:
        yield lake


def landing(lake: Lake, export: Export) -> Lake:
    """Put an export into a lake's landing area."""
    for table in EXPORTED:
        lake.write_bytes((export.folder / f"{table}.csv").read_bytes(), layout.landing_key(table))
    return lake


@pytest.fixture
def landed(lake: Lake) -> Lake:
    """A lake with the sample in its landing area."""
    return landing(lake, SAMPLE)


def call(run: str = RUN, **event: Any) -> dict[str, Any]:
    context = SimpleNamespace(
        function_name="importau-bronze", memory_limit_in_mb=3008, aws_request_id="1",
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:importau-bronze",
    )  # fmt: skip
    return app.handler({"run_id": run, "layer": layout.BRONZE, **event}, context)


def written(lake: Lake) -> list[str]:
    """What is in the lake beside its landing area, what the run was opened with, and the lineage of failures."""
    others = (layout.LANDING_PREFIX, layout.RUNS_PREFIX, "governance/lineage/")
    return [key for key in lake.list("") if not key.startswith(others)]


@pytest.mark.parametrize("export", EVERY)
def test_an_export_is_staged_with_one_row_in_quarantine(lake: Lake, export: Export) -> None:
    landed = landing(lake, export)
    result = call(source={"type": "csv"})
    rows, aside = export.of_table, {"emprestimos": 1}
    assert [(t["table"], t["rows_read"], t["rows"], t["quarantined"]) for t in result["tables"]] == [
        (table, rows[table] + aside.get(table, 0), rows[table], aside.get(table, 0)) for table in EXPORTED
    ]
    assert (result["run_id"], result["layer"], result["parts"], result["parts_prefix"]) == (RUN, "bronze", 1, "")
    for entry in result["tables"]:
        table = entry["table"]
        assert entry["staged_key"] == layout.run_key(table, RUN)
        assert entry["source_keys"] == [layout.landing_key(table)]
        content = (export.folder / f"{table}.csv").read_bytes()
        assert entry["inputs"] == [{"key": layout.landing_key(table), "sha256": sha256(content).hexdigest()}]
        assert entry["bytes"] == len(landed.read_bytes(entry["staged_key"]))
        rows = landed.read_table(entry["staged_key"])
        assert rows.schema.equals(load(table).schema)
        assert len(rows) == entry["rows"]
    assert [t["quarantine_key"] for t in result["tables"]] == [None] * 6 + ["quarantine/bronze/emprestimos/r1.parquet"]
    assert landed.read_table("quarantine/bronze/emprestimos/r1.parquet")["linha"].to_pylist() == [export.line]
    assert len(json.dumps(result)) < 32_000


@pytest.mark.parametrize("pack", [gzip.compress, zipped])
def test_a_compressed_export_gives_the_same_tables_and_its_landed_bytes_are_its_sha256(
    landed: Lake, pack: Callable[[bytes], bytes]
) -> None:
    plain = call("r1")
    for table in ("pedidos", "emprestimos"):
        packed = pack(landed.read_bytes(layout.landing_key(table)))
        landed.write_bytes(packed, layout.landing_key(table))
    compressed = call("r2")
    for one, other in zip(plain["tables"], compressed["tables"], strict=True):
        for key in ("staged_key", "quarantine_key"):
            assert one[key] is None or landed.read_bytes(one[key]) == landed.read_bytes(other[key])
    assert compressed["tables"][-1]["inputs"][0]["sha256"] == sha256(packed).hexdigest()


def test_a_compressed_file_that_cannot_be_read_is_one_problem_among_others(landed: Lake) -> None:
    landed.write_bytes(gzip.compress(b"pedido_id\n")[:-3], layout.landing_key("pedidos"))
    landed.write_bytes(archive({"a.csv": b"", "b.csv": b""}), layout.landing_key("cambio"))
    landed.write_bytes(gzip.compress("raz\u00e3o\n".encode("latin-1")), layout.landing_key("fornecedores"))
    with pytest.raises(InputError) as caught:
        call()
    assert sorted(problem.partition(",")[0].partition(";")[0] for problem in caught.value.problems) == [
        "cambio.csv: the zip holds 2 files", "fornecedores.csv",
        "pedidos.csv: the compressed file is damaged or cut off",
    ]  # fmt: skip
    assert written(landed) == []


def test_a_file_that_is_there_by_the_name_of_a_compressed_one_is_said_to_be(landed: Lake) -> None:
    landed.client.delete_object(Bucket=BUCKET, Key=layout.landing_key("pedidos"))
    landed.write_bytes(gzip.compress(b"pedido_id\n"), "landing/csv_exports/pedidos.csv.gz")
    with pytest.raises(InputError) as caught:
        call()
    uri = "s3://lake/landing/csv_exports/pedidos.csv"
    assert caught.value.problems == (
        f"pedidos.csv is missing: {uri} does not exist; aws s3 mv {uri}.gz {uri}, compressed as it is, or run on "
        "synthetic data",
    )


def test_nothing_but_the_runs_own_files_and_its_quarantine_is_written(landed: Lake) -> None:
    result = call()
    keys = [entry["staged_key"] for entry in result["tables"]] + ["quarantine/bronze/emprestimos/r1.parquet"]
    assert written(landed) == sorted(keys)


@pytest.mark.parametrize("source", [{"type": "csv"}, {"type": "synthetic", "orders": 50, "seed": 7}])
def test_a_rerun_gives_the_same_bytes(landed: Lake, source: dict[str, Any]) -> None:
    first, second = call("r1", source=source), call("r2", source=source)
    for one, other in zip(first["tables"], second["tables"], strict=True):
        for key in ("staged_key", "quarantine_key"):
            assert one[key] is None or landed.read_bytes(one[key]) == landed.read_bytes(other[key])


def test_the_problems_of_all_files_are_told_before_anything_is_written(landed: Lake) -> None:
    landed.client.delete_object(Bucket=BUCKET, Key=layout.landing_key("pedidos"))
    landed.client.delete_object(Bucket=BUCKET, Key=layout.landing_key("emprestimos"))
    landed.write_bytes(b"", layout.landing_key("cambio"))
    landed.write_bytes("razão_social\n".encode("latin-1"), layout.landing_key("fornecedores"))
    landed.write_bytes(b"pagamento_id,valor\n", layout.landing_key("pagamentos"))
    with pytest.raises(InputError) as caught:
        call()
    assert sorted(problem.split(".csv")[0] for problem in caught.value.problems) == [
        "cambio", "emprestimos", "fornecedores", "pagamentos", "pagamentos", "pedidos"
    ]  # fmt: skip
    (missing,) = [problem for problem in caught.value.problems if problem.startswith("pedidos")]
    assert missing == (
        "pedidos.csv is missing: s3://lake/landing/csv_exports/pedidos.csv does not exist; upload it there, or run on "
        "synthetic data"
    )
    assert str(caught.value) == "\n".join(caught.value.problems)
    assert written(landed) == []


def test_synthetic_data_needs_no_file_and_names_no_source(lake: Lake) -> None:
    result = call(source={"type": "synthetic", "orders": 60, "seed": 3})
    assert result["tables"][0]["rows"] == 60
    assert [entry["source_keys"] for entry in result["tables"]] == [[]] * 7
    assert all(entry["rows_read"] == entry["rows"] + entry["quarantined"] for entry in result["tables"])
    assert result["tables"][-1]["quarantined"] > 0
    assert call("r2", source={"type": "synthetic"})["tables"][0]["rows"] == app.DEFAULT_ORDERS


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ({"type": "synthetic", "orders": 0}, "source.orders is 0; use a whole number from 1 up"),
        ({"type": "synthetic", "orders": "9"}, "source.orders is '9'; use a whole number from 1 up"),
        ({"type": "synthetic", "orders": True}, "source.orders is True; use a whole number from 1 up"),
        ({"type": "synthetic", "seed": -1}, "source.seed is -1; use a whole number from 0 up"),
        ({"type": "csv", "parts": 0}, "source.parts is 0; use a whole number from 1 up"),
        ({"type": "synthetic", "parts": 1_000_001}, "source.parts is 1000001; a table has up to 1000000 parts"),
        (
            {"type": "excel"},
            'source is {\'type\': \'excel\'}; use {"type": "csv"} or {"type": "synthetic", "orders": 1000, "seed": 42}',
        ),
        ("csv", "source is 'csv'; use"),
    ],
)
def test_a_source_that_cannot_be_used_says_what_can(lake: Lake, source: Any, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        call(source=source)
    assert caught.value.problems[0].startswith(problem)
    assert written(lake) == []


def test_all_that_is_wrong_with_a_source_is_said_at_once(lake: Lake) -> None:
    with pytest.raises(InputError) as caught:
        call(source={"type": "synthetic", "orders": 0, "seed": -1, "parts": "9"})
    assert [problem.partition(";")[0] for problem in caught.value.problems] == [
        "source.orders is 0",
        "source.seed is -1",
        "source.parts is '9'",
    ]
    right = {"type": "synthetic", "parts": 1_000_000, "orders": 1, "seed": 0}
    assert checked(right) == right


def upload(lake: Lake, table: str, content: bytes) -> None:
    lake.write_bytes(content, layout.landing_key(table))


def keep_versions(lake: Lake) -> None:
    lake.client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def test_an_upload_after_the_run_was_opened_changes_nothing(lake: Lake) -> None:
    keep_versions(lake)
    landing(lake, SAMPLE)
    opened(lake, RUN, {"type": "csv"})
    upload(lake, "pedidos", b"pedido_id\n")
    result = call(origin={})
    assert result["tables"][0]["rows"] == SAMPLE.of_table["pedidos"]


def test_a_run_can_name_the_uploads_that_it_reads(lake: Lake) -> None:
    keep_versions(lake)
    landing(lake, SAMPLE)
    found = lake.about(layout.landing_key("pedidos"))
    assert found is not None
    upload(lake, "pedidos", b"pedido_id\n")
    result = call(source={"type": "csv", "inputs": {"pedidos": found.version_id}})
    assert result["tables"][0]["rows"] == SAMPLE.of_table["pedidos"]


def test_an_upload_meanwhile_stops_the_run_where_the_bucket_keeps_no_versions(landed: Lake) -> None:
    opened(landed, RUN, {"type": "csv"})
    upload(landed, "pedidos", b"pedido_id\n")
    with pytest.raises(InputError, match=r"pedidos\.csv: it was uploaded again after this run began"):
        call(origin={})
    assert written(landed) == []


def test_without_the_right_to_read_versions_the_newest_one_is_read_if_it_is_what_was_pinned(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_versions(lake)
    landing(lake, SAMPLE)
    whole = Lake.open

    def refusing(lake: Lake, key: str, *, etag: str | None = None, version_id: str | None = None) -> Any:
        if version_id is not None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")
        return whole(lake, key, etag=etag)

    monkeypatch.setattr(Lake, "open", refusing)
    assert call()["tables"][0]["rows"] == SAMPLE.of_table["pedidos"]


def test_a_run_called_by_hand_begins_again_when_the_missing_file_is_there(landed: Lake) -> None:
    content = landed.read_bytes(layout.landing_key("pedidos"))
    landed.client.delete_object(Bucket=BUCKET, Key=layout.landing_key("pedidos"))
    with pytest.raises(InputError):
        call()
    upload(landed, "pedidos", content)
    assert call()["tables"][0]["rows"] == SAMPLE.of_table["pedidos"]


def test_the_files_of_a_run_are_never_replaced(landed: Lake) -> None:
    first = call()
    assert call() == first | {"lineage": call()["lineage"]}
    lines = landed.read_bytes(layout.landing_key("fornecedores")).splitlines(keepends=True)
    upload(landed, "fornecedores", b"".join(lines[:2]))
    with pytest.raises(StorageError, match="written once; run again under another run id"):
        call()


def test_a_full_disk_says_what_to_raise(landed: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bronze.csv.landed.fetch", full)
    with pytest.raises(LakehouseError, match="raise EphemeralStorage"):
        call()


def test_the_sample_event_is_understood(landed: Lake) -> None:
    event = json.loads((ROOT / "events/bronze.json").read_text())
    assert call(event["run_id"], source=event["source"])["run_id"] == event["run_id"]


def test_the_function_imports_nothing_that_the_managed_layer_leaves_out() -> None:
    code = (
        "import sys; sys.path[:0] = ['functions', 'functions/common', 'glue']\n"
        "for name in ('_s3fs', '_orc', '_flight', '_gcsfs', '_azurefs'): sys.modules['pyarrow.' + name] = None\n"
        "import bronze.app\n"
        "assert not {'awswrangler', 'moto'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
