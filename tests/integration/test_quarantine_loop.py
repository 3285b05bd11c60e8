"""The quarantine as a loop, on S3 (moto): rows wait, are exported, mended, uploaded, and are in the next version."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from exports import SAMPLE
from lakehouse_tables import TABLES
from simulated_aws import make_databases, simulated_lake
from small_lake import BUCKET
from typer.testing import CliRunner, Result

import bronze.app
import publish.app
from cli.commands import quarantine as command
from cli.contents.quarantine import waiting
from cli.main import app
from lakehouse.errors import InputError
from lakehouse.lake import layout
from lakehouse.lake.layout import BRONZE
from lakehouse.lake.s3 import Lake
from lakehouse.versions.view import View
from tests import teste_bronze

ORDERS, LOANS = "pedidos", "emprestimos"
CONTEXT: Any = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1024, aws_request_id="1",
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:f",
)  # fmt: skip


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """A lake with the sample in its landing area, which is where the commands look."""
    with simulated_lake(BUCKET) as lake:
        make_databases()
        for table in TABLES[BRONZE]:
            lake.write_bytes(exported(table), layout.landing_key(table))
        monkeypatch.setattr(command, "connect", lambda *_: SimpleNamespace(bucket=BUCKET, s3=lake.client))
        yield lake


def exported(table: str) -> bytes:
    return (SAMPLE.folder / f"{table}.csv").read_bytes()


def land(lake: Lake, table: str, *changes: tuple[str, str], only: int | None = None) -> None:
    """Upload a CSV of the sample with changes, or its first lines alone."""
    text = exported(table).decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    lake.write_bytes("".join(text.splitlines(keepends=True)[:only]).encode(), layout.landing_key(table))


def runs(run: str, **source: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write and audit Bronze; return what both said."""
    event = {"run_id": run, "layer": BRONZE}
    staged = bronze.app.handler(event | {"source": {"type": "csv"} | source}, CONTEXT)
    return staged, teste_bronze.handler(event | {"tables": staged["tables"]}, CONTEXT)


def publishes(run: str, **source: Any) -> dict[str, dict[str, Any]]:
    """Write, audit and publish Bronze; return each table as it was staged."""
    staged, verdict = runs(run, **source)
    assert verdict["passed"], verdict["cause"]
    publish.app.handler({"run_id": run, "do": "commit", "layer": BRONZE}, CONTEXT)
    return {entry["table"]: entry for entry in staged["tables"]}


def importau(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def lines_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as content:
        return list(csv.reader(content))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_what_waits_is_exported_mended_uploaded_and_in_the_next_version(lake: Lake, tmp_path: Path) -> None:
    clean = publishes("r1")
    land(lake, ORDERS, ("PED002,2024-01-08", "PED002,08/01/2024"), ("PED003,2024-01-11,", "PED003,2024-01-11"))
    publishes("r2")
    assert importau("quarantine", "export", str(tmp_path / "mend")).exit_code == 0
    file = tmp_path / "mend/pedidos.csv"
    _, broken, short = lines_of(file)
    assert (broken[:2], len(short)) == (["PED002", "08/01/2024"], len(broken) - 1)
    assert [row[:3] for row in lines_of(tmp_path / "mend/pedidos.reasons.csv")[1:]] == [
        ["1", "pedidos.csv", "3"], ["2", "pedidos.csv", "4"],
    ]  # fmt: skip
    change(file, "08/01/2024", "2024-01-08")
    change(file, "2024-01-11", "2024-01-11,")
    fixed = importau("quarantine", "fix", str(file))
    assert fixed.exit_code == 0, fixed.output
    again = publishes("r3")
    entry = again[ORDERS]
    assert lake.read_bytes(entry["staged_key"]) == lake.read_bytes(clean[ORDERS]["staged_key"])
    assert (entry["rows_read"], entry["rows"], entry["quarantined"], entry["superseded"]) == (242, 240, 0, 2)
    assert entry["source_keys"] == [layout.landing_key(ORDERS), layout.correction_key(ORDERS)]
    assert [each["key"] for each in entry["inputs"]] == entry["source_keys"]
    version = View.of_version(lake).version
    assert version is not None
    assert version.tables[ORDERS].superseded == 2
    assert {each.key: each.sha256 for each in version.inputs if each.table == ORDERS} == {
        each["key"]: each["sha256"] for each in entry["inputs"]
    }


def test_corrections_are_read_from_the_landing_asset_in_the_lineage(lake: Lake) -> None:
    lake.write_bytes(b"\n".join(exported(ORDERS).splitlines()[:2]), layout.correction_key(ORDERS))
    publishes("r1")
    events = [lake.read_json(key) for key in lake.list(layout.lineage_prefix("r1")) if key.endswith("COMPLETE.json")]
    inputs = [event["inputs"] for event in events if "pedidos" in event["job"]["name"] and event["outputs"]]
    assert [[each["name"] for each in read] for read in inputs if read] == [[layout.landing_key(ORDERS)]]


def test_rows_wait_since_the_first_version_in_which_they_do(lake: Lake) -> None:
    publishes("r1")
    land(lake, ORDERS, ("PED002,2024-01-08", "PED002,08/01/2024"))
    publishes("r2")
    publishes("r3")
    tables = {
        each.table: each
        for each in waiting(lake, View.of_version(lake), datetime.now(UTC) + timedelta(days=3, hours=1))
    }
    assert {table: (each.since.version, each.since.run) for table, each in tables.items()} == {
        ORDERS: (2, "r2"), LOANS: (1, "r1"),
    }  # fmt: skip
    assert [each.since.days for each in tables.values()] == [3, 3]
    assert tables[ORDERS].reasons == {"data_pedido: '...' não é uma data (esperado: AAAA-MM-DD)": 1}


def test_the_list_names_no_value_of_a_row(lake: Lake) -> None:
    land(lake, ORDERS, ("PED002,2024-01-08", "PED002,SEGREDO"))
    publishes("r1")
    listed, machine = importau("quarantine", "list"), importau("quarantine", "list", "--json")
    assert listed.exit_code == machine.exit_code == 0
    told = json.loads(machine.stdout)
    assert [(table["table"], table["rows"]) for table in told["tables"]] == [(ORDERS, 1), (LOANS, 1)]
    (row,) = told["tables"][0]["waiting"]
    assert (row["file"], row["line"], row["since"]["run"]) == ("pedidos.csv", 3, "r1")
    assert "data_pedido: '...'" in listed.stdout
    assert "SEGREDO" not in listed.output + machine.output
    assert "bruno" not in listed.output + machine.output


def test_nothing_is_uploaded_as_long_as_a_row_of_any_file_is_invalid(lake: Lake, tmp_path: Path) -> None:
    publishes("r1")
    good, bad, other = (tmp_path / f"{name}.csv" for name in (LOANS, ORDERS, "vendas"))
    header, first, second = exported(ORDERS).decode().splitlines()[:3]
    bad.write_text("\n".join([header, first, second.replace("2024-01-08", "SEGREDO"), first, "PED9"]))
    good.write_bytes(b"\n".join(exported(LOANS).splitlines()[:2]))
    other.write_text("x\n1\n")
    result = importau("quarantine", "fix", str(good), str(bad), str(other))
    assert result.exit_code == 2
    for problem in (
        "pedidos.csv, line 3: data_pedido: '...' não é uma data",
        "pedidos.csv, line 4: pedido_id: the same key as line 2",
        "pedidos.csv, line 5: registro: tem 1 campo", "vendas.csv: the name of the file has to be that of a table",
    ):  # fmt: skip
        assert problem in result.output
    assert "SEGREDO" not in result.output
    assert list(lake.list(layout.CORRECTIONS_PREFIX)) == []


def test_newer_corrections_win_and_the_others_stay(lake: Lake, tmp_path: Path) -> None:
    publishes("r1")
    header, first, second, third = exported(ORDERS).decode().splitlines()[:4]
    broken = third.replace("PED003,2024", "PED003,x2024")
    lake.write_bytes("\n".join([header, first, second, broken]).encode(), layout.correction_key(ORDERS))
    file = tmp_path / "pedidos.csv"
    file.write_text(f"{header}\n{second.replace('FORN017', 'FORN001')}\n")
    assert importau("quarantine", "fix", str(file)).exit_code == 0
    rows = list(csv.reader(lake.read_bytes(layout.correction_key(ORDERS)).decode().splitlines()))
    assert sorted((row[0], row[2]) for row in rows[1:]) == [
        ("PED001", "FORN011"), ("PED002", "FORN001"), ("PED003", third.split(",")[2]),
    ]  # fmt: skip
    entry = publishes("r2")[ORDERS]
    assert (entry["rows"], entry["quarantined"], entry["superseded"]) == (240, 1, 2)


def test_of_two_people_who_mend_at_once_one_is_told_to_try_again(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishes("r1")
    header, first, second = exported(ORDERS).decode().splitlines()[:3]
    file, others = tmp_path / "pedidos.csv", f"{header}\n{second}\n".encode()
    file.write_text(f"{header}\n{first}\n")
    put = Lake.put_over

    def late(lake: Lake, *arguments: Any) -> bool:
        lake.write_bytes(others, layout.correction_key(ORDERS))
        return put(lake, *arguments)

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(Lake, "put_over", late)
            result = importau("quarantine", "fix", str(file))
        assert result.exit_code == 1
        assert "changed by somebody else at the same time" in result.output
        assert lake.read_bytes(layout.correction_key(ORDERS)) == others
        others += b"\n"
    assert importau("quarantine", "fix", str(file)).exit_code == 0
    assert len(lake.read_bytes(layout.correction_key(ORDERS)).splitlines()) == 3


def test_a_correction_with_a_new_key_is_warned_about(lake: Lake, tmp_path: Path) -> None:
    publishes("r1")
    file = tmp_path / "pedidos.csv"
    file.write_text("\n".join(exported(ORDERS).decode().splitlines()[:2]).replace("PED001", "PED999"))
    assert "1 row of pedidos with a key that no row has" in importau("quarantine", "fix", str(file)).output
    assert publishes("r2")[ORDERS]["rows"] == 241


def test_half_mended_files_are_not_replaced_by_an_export(lake: Lake, tmp_path: Path) -> None:
    publishes("r1")
    assert importau("quarantine", "export", str(tmp_path)).exit_code == 0
    change(tmp_path / f"{LOANS}.csv", SAMPLE.loan, "MINE")
    again = importau("quarantine", "export", str(tmp_path))
    assert again.exit_code == 2
    assert "perhaps half mended" in again.output
    assert "MINE" in (tmp_path / f"{LOANS}.csv").read_text()


@pytest.mark.parametrize("command_line", [("list",), ("export", "x")])
def test_before_anything_was_published_nothing_waits(lake: Lake, command_line: tuple[str, ...]) -> None:
    result = importau("quarantine", *command_line)
    assert (result.exit_code, "nothing was published yet" in result.output) == (1, True)


def test_synthetic_rows_cannot_be_mended(lake: Lake, tmp_path: Path) -> None:
    publishes("r1", type="synthetic", orders=60, seed=3)
    result = importau("quarantine", "export", str(tmp_path / "x"))
    assert (result.exit_code, "synthetic" in result.output) == (1, True)
    assert not (tmp_path / "x").exists()


def test_exports_without_rows_stop_the_run_unless_that_is_right(lake: Lake) -> None:
    land(lake, ORDERS, only=1)
    lake.write_bytes(exported(LOANS).splitlines()[0] + b"\r\n\r\n \n", layout.landing_key(LOANS))
    lake.write_bytes(b"moeda\n", layout.landing_key("cambio"))
    with pytest.raises(InputError) as caught:
        runs("r1")
    problems = caught.value.problems
    assert [problem.split(".csv")[0] for problem in problems] == ["cambio", ORDERS, LOANS]
    assert problems[1] == (
        "pedidos.csv: there is no row below the header; export it again or, if the table is to be empty, run with "
        "--accept-volume pedidos"
    )
    assert list(lake.list("bronze/")) == []
    lake.write_bytes(exported("cambio"), layout.landing_key("cambio"))
    staged, verdict = runs("r2", accept_volume=[ORDERS, LOANS])
    assert [staged["tables"][number]["rows"] for number in (0, -1)] == [0, 0]
    assert verdict["passed"], verdict["cause"]


def test_an_export_cut_off_in_the_middle_fails_its_audit_unless_that_is_right(lake: Lake) -> None:
    publishes("r1")
    publishes("r2", type="synthetic", orders=60, seed=3)
    land(lake, ORDERS, only=120)
    _, verdict = runs("r3")
    assert not verdict["passed"]
    assert "pedidos: rule 'volume_da_tabela' failed 121 of 240" in verdict["cause"]
    assert "119 rows, 240 before; where that is right, run with --accept-volume pedidos" in verdict["cause"]
    land(lake, ORDERS, only=121)
    assert runs("r4")[1]["passed"]
    land(lake, ORDERS, only=120)
    _, accepted = runs("r5", accept_volume=[ORDERS])
    assert accepted["passed"]
    (rule,) = [
        rule
        for table in lake.read_json(accepted["report_key"])["tables"]
        for rule in table["rules"]
        if rule["examples"] and rule["rule"] == "volume_da_tabela"
    ]
    assert (rule["status"], rule["examples"]) == ("pass", ["accepted by the run: 119 rows, 240 before"])


def test_an_export_that_is_mostly_unreadable_fails_its_audit(lake: Lake) -> None:
    publishes("r1")
    text = exported(ORDERS).decode().replace(",2024-", ",24-")
    lake.write_bytes(text.encode(), layout.landing_key(ORDERS))
    _, verdict = runs("r2", parts=3)
    assert not verdict["passed"]
    assert "rule 'volume_da_quarentena' failed" in verdict["cause"]


def test_a_published_version_is_held_against_no_other(lake: Lake) -> None:
    publishes("r1")
    land(lake, ORDERS, only=100)
    publishes("r2", accept_volume=[ORDERS])
    verdict = teste_bronze.handler({"run_id": "a1", "layer": BRONZE, "of": "published"}, CONTEXT)
    assert verdict["passed"], verdict["cause"]


def test_a_table_that_bronze_does_not_have_cannot_be_accepted(lake: Lake) -> None:
    with pytest.raises(InputError, match=r"source\.accept_volume names vendas; use pedidos"):
        runs("r1", accept_volume=["vendas"])
