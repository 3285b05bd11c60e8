"""Bronze in ranges on S3 (moto): byte for byte what one call makes of the same files, and what it refuses."""

import gzip
import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from compressed import zipped
from exports import SAMPLE
from lakehouse_tables import PARTED, TABLES
from simulated_aws import simulated_lake

from bronze import app
from cli.person.content import holding
from cli.person.value import Sought
from lakehouse.errors import InputError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.opening import opened

EXPORTED = TABLES[layout.BRONZE]
RANGES = (1, 7, 64)
PARTS = 3


@pytest.fixture
def lake() -> Iterator[Lake]:
    with simulated_lake("lake") as lake:
        for table in EXPORTED:
            lake.write_bytes((SAMPLE.folder / f"{table}.csv").read_bytes(), layout.landing_key(table))
        yield lake


def call(run: str, **event: Any) -> dict[str, Any]:
    context = SimpleNamespace(
        function_name="importau-bronze", memory_limit_in_mb=1024, aws_request_id="1",
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:importau-bronze",
    )  # fmt: skip
    return app.handler({"run_id": run, "layer": layout.BRONZE, **event}, context)


def made(lake: Lake, run: str, **source: Any) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """What a run says of its tables but for where they are, and the bytes of every file of theirs."""
    result = call(run, source={"type": "csv", "parts": PARTS, **source})
    entries, content = [], {}
    for entry in result["tables"]:
        table = entry["table"]
        keys = [layout.run_key(table, run, part, entry["parts"]) for part in range(entry["parts"])]
        keys += [entry["quarantine_key"]] if entry["quarantine_key"] else []
        content |= {key.replace(run, "RUN"): lake.read_bytes(key) for key in keys}
        entries.append({name: value for name, value in entry.items() if not name.endswith("_key")})
    assert sum(entry["parts"] > 1 for entry in result["tables"]) == len(PARTED)
    return entries, content


def put(lake: Lake, table: str, rows: list[str]) -> None:
    """Append rows to a table's export."""
    content = lake.read_bytes(layout.landing_key(table)).decode()
    lake.write_bytes((content + "\n".join(rows) + "\n").encode(), layout.landing_key(table))


def spoil(lake: Lake) -> None:
    """Give every table rows that repeat others, some that are strange, and some with several lines."""
    for table in EXPORTED:
        lines = lake.read_bytes(layout.landing_key(table)).decode().splitlines()
        fields = lines[1].count(",")
        strange = ['a,"b' + "," * (fields - 1), "x" * 10, "", '"two\nlines"' + "," * fields, "a,b\x07"]
        put(lake, table, [lines[3], lines[1].upper(), *strange, *lines[5:9], lines[2] + ",1", *lines[5:7]])


def test_ranges_give_what_one_call_makes(lake: Lake) -> None:
    assert made(lake, "r7", ranges=7) == made(lake, "whole")


def test_repeated_keys_and_strange_rows_are_set_aside_alike_in_any_number_of_ranges(lake: Lake) -> None:
    spoil(lake)
    expected = made(lake, "whole")
    assert all(entry["quarantined"] for entry in expected[0])
    for ranges in RANGES:
        assert made(lake, f"r{ranges}", ranges=ranges) == expected


def test_what_many_ranges_leave_is_gathered_and_gives_the_same(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(lake)
    correct(lake)
    expected = made(lake, "whole")
    monkeypatch.setattr("bronze.ranges.plan.READ_DIRECTLY", 10)
    monkeypatch.setattr("bronze.ranges.plan.MERGED_AT_ONCE", 4_000)
    for ranges in (3, 11):
        assert made(lake, f"r{ranges}", ranges=ranges) == expected
        assert list(lake.list(layout.gathered_key(f"r{ranges}", "pedidos", "rows", 1, 0)))
        assert list(lake.list(layout.gathered_key(f"r{ranges}", "pedidos", "keys", 0, 2)))


def correct(lake: Lake) -> None:
    """Correct orders and loans: rows that are kept, that are set aside, that repeat, whose key is wrong, or new."""
    for table in ("pedidos", "emprestimos"):
        header, *lines = lake.read_bytes(layout.landing_key(table)).decode().splitlines()
        kept, twice, wrong, also_wrong = ([line.split(",")[0], line.partition(",")[2]] for line in lines[4:8])
        put(lake, table, [f",{wrong[1]}", f",{also_wrong[1]}", f"{twice[0]},{wrong[1]}", f"{twice[0]},x"])
        mended = [f"NOVO1,{wrong[1]}", f"NOVO2,{also_wrong[1]}", f"NOVO3,{kept[1]}", f"{twice[0]},{twice[1]}", "x"]
        content = "\n".join([header, *mended, f"{kept[0]},{also_wrong[1]}", ""])
        lake.write_bytes(content.encode(), layout.correction_key(table))


def test_corrections_take_the_same_places_in_ranges(lake: Lake) -> None:
    spoil(lake)
    correct(lake)
    expected = made(lake, "whole")
    assert all(entry["superseded"] > 2 for entry in expected[0] if entry["table"] in {"pedidos", "emprestimos"})
    assert made(lake, "r7", ranges=7) == expected


def test_compressed_exports_are_expanded_and_read_in_ranges(lake: Lake) -> None:
    expected = made(lake, "whole")
    for table, pack in (("pedidos", gzip.compress), ("emprestimos", zipped)):
        lake.write_bytes(pack(lake.read_bytes(layout.landing_key(table))), layout.landing_key(table))
    whole, ranged = made(lake, "packed"), made(lake, "r5", ranges=5)
    assert ranged == whole
    assert ranged[1] == expected[1]


def test_new_columns_are_proposed_alike(lake: Lake) -> None:
    header, *lines = lake.read_bytes(layout.landing_key("cambio")).decode().splitlines()
    rows = [f"{header},origem", *(f"{line},{n}" for n, line in enumerate(lines))]
    lake.write_bytes("\n".join([*rows, ""]).encode(), layout.landing_key("cambio"))
    assert made(lake, "whole", new_columns="propose") == made(lake, "r7", new_columns="propose", ranges=7)
    one, other = (lake.read_json(layout.proposal_key(run, "cambio")) for run in ("whole", "r7"))
    assert one == other | {"run_id": "whole"}


def problems(run: str, **source: Any) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        call(run, source={"type": "csv", **source})
    return caught.value.problems


@pytest.mark.parametrize("ranges", RANGES)
def test_rows_that_cannot_be_read_are_told_with_their_lines_before_anything_is_published(
    lake: Lake, ranges: int
) -> None:
    put(lake, "pedidos", ["x"])
    latin = lake.read_bytes(layout.landing_key("pedidos")) + "a\nn\u00e3o\n\u00e3\n".encode("latin-1")
    lake.write_bytes(latin, layout.landing_key("pedidos"))
    header = lake.read_bytes(layout.landing_key("cambio")).splitlines()[0]
    lake.write_bytes(header + b"\n\n\n", layout.landing_key("cambio"))
    found = problems("r", ranges=ranges)
    assert found == problems("whole")
    assert [each.partition(":")[0] for each in found] == [
        f"pedidos.csv, line {latin.count(chr(10).encode()) - 1}, column 2", "cambio.csv"
    ]  # fmt: skip
    assert not [key for key in lake.list("") if key.startswith(("bronze/", "quarantine/"))]


def test_files_that_are_missing_damaged_or_have_wrong_headers_are_told_of_together(lake: Lake) -> None:
    lake.client.delete_object(Bucket="lake", Key=layout.landing_key("pedidos"))
    lake.write_bytes(gzip.compress(b"emprestimo_id\n")[:-3], layout.landing_key("emprestimos"))
    lake.write_bytes(b"moeda,valor\n1,2\n", layout.landing_key("cambio"))
    lake.write_bytes(b"", layout.landing_key("produtos"))
    lake.write_bytes(b"x\n1\n", layout.correction_key("fornecedores"))
    found = problems("r", ranges=3)
    assert sorted(found) == sorted(problems("whole"))
    assert len(found) > 4


def test_an_upload_meanwhile_is_noticed_where_the_bucket_keeps_no_versions(lake: Lake) -> None:
    opened(lake, "r", {"type": "csv", "ranges": 3})
    lake.write_bytes(lake.read_bytes(layout.landing_key("pedidos")) + b"\n", layout.landing_key("pedidos"))
    with pytest.raises(InputError, match=r"pedidos\.csv: it was uploaded again after this run began"):
        call("r", source={"type": "csv", "ranges": 3}, origin={})


def through_maps(lake: Lake, run: str, source: dict[str, Any], fail: str = "") -> tuple[dict[str, Any], list[str]]:
    """Call as the state machine does: what Bronze lists is done by calls of their own, then it is called again."""
    done: list[str] = []
    while not (result := call(run, source=source, maps=True, origin={}))["tables"]:
        keys = list(lake.list(result["parts_prefix"]))
        assert len(keys) == result["parts"]
        for key in keys:
            if key.endswith(fail) and fail:
                with pytest.raises(StorageError):
                    unreadable(lake, run, key)
            assert call(run, part_key=key, origin={})["run_id"] == run
            done.append(key)
    return result, done


def unreadable(lake: Lake, run: str, key: str) -> None:
    """Call for a task while the file that it reads is not there."""
    exported = layout.landing_key(lake.read_json(key)["cut"]["file"]["table"])
    content = lake.read_bytes(exported)
    lake.client.delete_object(Bucket="lake", Key=exported)
    try:
        call(run, part_key=key, origin={})
    finally:
        lake.write_bytes(content, exported)


def test_the_maps_do_every_task_once_and_give_the_same(lake: Lake) -> None:
    spoil(lake)
    lake.write_bytes(gzip.compress(lake.read_bytes(layout.landing_key("cambio"))), layout.landing_key("cambio"))
    lake.write_bytes(gzip.compress(lake.read_bytes(layout.landing_key("produtos"))), layout.landing_key("produtos"))
    source = {"type": "csv", "parts": PARTS, "ranges": 4}
    result, done = through_maps(lake, "maps", source, fail=layout.task_key("maps", "bronze", "read", 1, 35))
    steps = [found[2] for key in done if (found := layout.task_of(key))]
    assert list(dict.fromkeys(steps)) == ["expand", "read", "compare", "merge"]
    assert len(done) == len(set(done))
    expected, content = made(lake, "whole")
    entries, ranged = made(lake, "maps", parts=PARTS, ranges=4)
    assert (entries, ranged) == (expected, content)
    assert [entry["rows"] for entry in result["tables"]] == [entry["rows"] for entry in expected]


def test_a_task_that_has_no_record_is_done_by_the_call_that_puts_the_layer_together(lake: Lake) -> None:
    expected = made(lake, "whole")
    source = {"type": "csv", "parts": PARTS, "ranges": 4}
    result = call("unfinished", source=source, maps=True, origin={})
    *others, _ = lake.list(result["parts_prefix"])
    for key in others:
        call("unfinished", part_key=key, origin={})
    made_by = {key: lake.last_modified(key) for key in lake.list(layout.range_prefix("unfinished", "pedidos"))}
    assert made(lake, "unfinished", ranges=4) == expected
    assert made_by == {key: lake.last_modified(key) for key in made_by}


@pytest.mark.parametrize(
    "key", ["bronze/pedidos/pedidos-00001-of-00004.parquet", layout.task_key("x", "gold", "a", 0, 1), 7]
)
def test_what_is_no_task_of_the_run_is_refused(lake: Lake, key: Any) -> None:
    with pytest.raises(InputError, match=r"part_key is .*; Bronze takes the keys of the tasks of its run"):
        call("x", part_key=key)


def test_small_exports_are_read_by_one_call_and_large_ones_in_ranges(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("small", source={"type": "csv"}, maps=True, origin={})["tables"]
    monkeypatch.setattr("bronze.ranges.rounds._SMALL", 1)
    monkeypatch.setattr("bronze.ranges.plan.READ_AT_ONCE", 1)
    waiting = call("large", source={"type": "csv"}, maps=True, origin={})
    assert waiting["tables"] == []
    assert waiting["parts_prefix"] == layout.tasks_prefix("large", "bronze", "read")


def test_another_file_under_the_same_run_by_hand_is_read_anew(lake: Lake) -> None:
    def rows_read() -> int:
        tables = call("hand", source={"type": "csv", "ranges": 2})["tables"]
        return next(int(entry["rows_read"]) for entry in tables if entry["table"] == "cambio")

    before = rows_read()
    put(lake, "cambio", ["x"])
    assert rows_read() == before + 1


def test_whoever_is_in_what_ranges_leave_is_found_there(lake: Lake) -> None:
    call("r", source={"type": "csv", "ranges": 2})
    key = layout.range_key("r", "fornecedores", 0)
    content = lake.read_bytes(key)
    somebody = lake.read_table(layout.run_key("fornecedores", "r"))["contato_email"][0].as_py()
    found = holding(Sought(somebody), key, io.BytesIO(content))
    assert ([place.column for place in found.places], found.rows, found.unread) == (["contato_email"], 1, "")
    assert holding(Sought(somebody), key, io.BytesIO(content[:-1])).unread.startswith("it has no sections")
