"""What `verify` says of a lake in which somebody did something behind the project's back."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest
from lakehouse_tables import EVERY_TABLE, FACT, PARTED
from layers import above
from published import publish
from small_lake import account, deploy, put
from typer.testing import CliRunner

from bronze.synthetic.company import accepted, generate
from cli.commands import verify as command
from cli.contents import verification
from cli.contents.opening import opened
from cli.contents.reports import audit_problems, governance_problems, governance_reports, quarantine_problems
from cli.contents.verification import Check, lagging, verified
from cli.errors import CliError, UsageError
from cli.main import app
from cli.running.changing import Changed
from cli.running.execution import Outcome
from cli.session import Aws
from lakehouse.contract.model import load
from lakehouse.contract.quarantine import SCHEMA
from lakehouse.engine.usual import LEAST_RUNS
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog, table_of
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.code import contract_sha256
from lakehouse.versions.crawled import Crawled, footer_fingerprint, note
from lakehouse.versions.version import Version
from publish.catalogue import register

pytestmark = pytest.mark.once
TABLE_INPUT = ("Name", "Description", "Owner", "TableType", "StorageDescriptor", "Parameters")


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """The tables of a small company, the cut ones in two parts."""
    bronze = {name: accepted(name, table).kept for name, table in generate(20, 1).items()}
    whole = bronze | above(bronze)
    return {name: halves(whole[name]) if name in {*PARTED, FACT} else whole[name] for name in EVERY_TABLE}


def halves(table: pa.Table) -> list[pa.Table]:
    middle = len(table) // 2
    return [table.slice(0, middle), table.slice(middle)]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        deploy(found)
        # The catalogue's own search is none of moto's.
        monkeypatch.setattr(verification, "entries", lambda _: [])
        yield found


@pytest.fixture
def lake(aws: Aws, made: dict[str, Any]) -> Lake:
    """Return a lake with two versions, the second of the fact alone, as the catalogue shows it."""
    lake = Lake(aws.bucket, aws.s3)
    for layer in layout.LAYERS:
        aws.client("glue").create_database(DatabaseInput={"Name": layout.database_of(layer)})
    governed(aws, publish(lake, made, "r1"))
    newest = publish(lake, {FACT: made[FACT]}, "r2", by="silver")
    governed(aws, newest)
    registered(aws, newest)
    return lake


def governed(aws: Aws, version: Version, *problems: str) -> None:
    put(aws, layout.governance_report_key(version.run), {"runs": version.runs, "problems": problems})


def registered(aws: Aws, version: Version) -> None:
    assert register(Catalog(aws.client("glue")), Lake(aws.bucket, aws.s3), version).lagging == {}


def checks(aws: Aws, number: int | None = None) -> dict[str, Check]:
    return {check.id: check for check in verified(aws, number)}


def wrong(aws: Aws, number: int | None = None) -> dict[str, str]:
    """Return what the checks found wrong, but for those that need state machines and lineage."""
    ignored = {"pipelines", "discovery", "lineage-observed"}
    return {
        name: check.detail for name, check in checks(aws, number).items() if not check.passed and name not in ignored
    }


def test_what_is_published_is_what_was_audited(aws: Aws, lake: Lake, made: dict[str, Any]) -> None:
    assert wrong(aws) == {}
    assert wrong(aws, 1) == {}
    rows = sum(len(each) for table in made.values() for each in (table if isinstance(table, list) else [table]))
    assert checks(aws)["files"].detail == f"16 files, {rows:,} rows"
    assert checks(aws)["versions"].detail == "2 versions"
    of_any = {
        "versions",
        "files",
        "lineage-declared",
        "lineage-observed",
        "lineage-edges",
        "drift",
        "quality",
        "personal",
        "columns",
        "anomalies",
    }
    assert set(checks(aws, 1)) == of_any
    assert list(checks(aws)) == [name for name in verification.CHECKS if name in checks(aws)]
    assert set(checks(aws)) == set(verification.CHECKS)


def test_the_docs_say_of_every_check_what_it_compares(aws: Aws, lake: Lake) -> None:
    page = (Path(__file__).parents[2] / "docs/governance.md").read_text("utf-8")
    _, _, section = page.partition("## What verify compares")
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    said = {row[0].strip("`"): row[1] for row in rows}
    assert list(said) == list(verification.CHECKS)
    for check in verified(aws):
        assert said[check.id].startswith(check.description), check.id


def test_without_a_version_there_is_nothing_to_verify(aws: Aws) -> None:
    with pytest.raises(CliError, match="nothing was published yet"):
        checks(aws)


def test_a_version_that_is_not_there_is_asked_wrongly(aws: Aws, lake: Lake) -> None:
    with pytest.raises(UsageError, match="there is no version 7"):
        checks(aws, 7)


PART = layout.run_key(FACT, "r2", 1, 2)


def emptied(aws: Aws, lake: Lake) -> None:
    put(aws, PART, "")


def flipped(aws: Aws, lake: Lake) -> None:
    content = bytearray(lake.read_bytes(PART))
    content[len(content) // 2] ^= 1
    lake.write_bytes(bytes(content), PART)


def exchanged(aws: Aws, lake: Lake) -> None:
    lake.write_bytes(lake.read_bytes(layout.run_key(FACT, "r2", 0, 2)), PART)


def deleted(aws: Aws, lake: Lake) -> None:
    aws.s3.delete_object(Bucket=aws.bucket, Key=PART)


def strange(aws: Aws, lake: Lake) -> None:
    put(aws, PART, "no Parquet")


@pytest.mark.parametrize(
    ("sabotage", "said"),
    [
        (emptied, f"{PART} was emptied"),
        (flipped, f"{PART} was changed or replaced"),
        (exchanged, f"{PART} was changed or replaced"),
        (deleted, f"{PART} is gone"),
        (strange, f"{PART} was changed or replaced: 10 bytes"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_file_that_is_not_what_was_audited_is_named(
    aws: Aws, lake: Lake, sabotage: Callable[[Aws, Lake], None], said: str
) -> None:
    sabotage(aws, lake)
    found = wrong(aws)
    assert set(found) == {"files"}
    assert found["files"].startswith(said)
    assert "./importau rollback" in found["files"]
    # The version before has another run's fact.
    assert wrong(aws, 1) == {}


@pytest.mark.parametrize("name", ["strange.txt", "FATO_PEDIDO_CORRELACIONADO-00002-of-00003.parquet", "sub/x.parquet"])
def test_a_file_that_was_added_is_named(aws: Aws, lake: Lake, name: str) -> None:
    put(aws, f"{layout.run_prefix(FACT, 'r2')}{name}", "x")
    assert wrong(aws)["files"].startswith(f"{layout.run_prefix(FACT, 'r2')}{name} was added")


def test_everything_of_a_table_may_be_gone(aws: Aws, lake: Lake) -> None:
    for each in list(lake.list(layout.run_prefix("cambio", "r1"))):
        aws.s3.delete_object(Bucket=aws.bucket, Key=each)
    assert set(wrong(aws)) == {"files", "drift"}
    assert wrong(aws)["drift"] == "cambio has no file that can be read"


# ---- the objects that say what is published --------------------------------------------------------------------------


def rewritten(aws: Aws, lake: Lake, key: str, change: Callable[[Any], Any]) -> None:
    content = lake.read_json(key)
    change(content)
    lake.write_json(content, key)


def entry(content: Any, table: str) -> Any:
    return next(each for each in content["tables"] if each["table"] == table)


def test_a_version_that_says_otherwise_of_a_file_is_named(aws: Aws, lake: Lake) -> None:
    def change(content: Any) -> None:
        entry(content, FACT)["files"][0]["rows"] += 1

    rewritten(aws, lake, layout.version_key(2), change)
    found = wrong(aws)
    assert "rows, and the version says" in found["files"]
    assert f"says otherwise of {FACT} (rows, files)" in found["quality"]


def test_a_version_and_a_file_that_were_changed_together_do_not_agree_with_the_audit(aws: Aws, lake: Lake) -> None:
    lake.write_bytes(lake.read_bytes(layout.run_key(FACT, "r2", 0, 2)), PART)
    now = lake.about(PART)
    assert now is not None

    def change(content: Any) -> None:
        file, other = entry(content, FACT)["files"][::-1]
        file |= {"etag": now.etag, "bytes": now.bytes, "rows": other["rows"]}

    rewritten(aws, lake, layout.version_key(2), change)
    assert "says otherwise" in wrong(aws)["quality"]


def test_a_version_that_leaves_out_a_part_is_named(aws: Aws, lake: Lake) -> None:
    rewritten(aws, lake, layout.version_key(2), lambda content: entry(content, FACT)["files"].pop())
    assert "was added" in wrong(aws)["files"]
    assert "is none of the 1 files of its run" in wrong(aws)["files"]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format": 1, "tables": 3}', '{"format": 2}'])
@pytest.mark.parametrize("number", [1, 2])
def test_a_version_that_cannot_be_read_is_named(aws: Aws, lake: Lake, number: int, content: str) -> None:
    put(aws, layout.version_key(number), content)
    found = wrong(aws)
    assert layout.version_key(number) in found["versions"]
    assert set(found) == ({"versions", "files"} if number == 2 else {"versions"})


def test_a_version_that_is_gone_is_named(aws: Aws, lake: Lake, made: dict[str, Any]) -> None:
    registered(aws, publish(lake, {FACT: made[FACT]}, "r3", by="silver"))
    aws.s3.delete_object(Bucket=aws.bucket, Key=layout.version_key(2))
    assert "version 2 is gone" in wrong(aws)["versions"]
    aws.s3.delete_object(Bucket=aws.bucket, Key=layout.version_key(3))
    found = wrong(aws)
    assert "cambio shows version 3, which is gone: the newest is 1" in found["catalogue"]


# ---- reports ---------------------------------------------------------------------------------------------------------

REPORT = layout.quality_key("r2", layout.SILVER)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is gone"),
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("[]", "is no report"),
        ("{}", "was changed after the version was published"),
    ],
)
def test_a_report_that_is_gone_or_no_report_is_named(aws: Aws, lake: Lake, content: str | None, said: str) -> None:
    aws.s3.delete_object(Bucket=aws.bucket, Key=REPORT)
    if content is not None:
        put(aws, REPORT, content)
    assert f"{REPORT} " in wrong(aws)["quality"]
    assert said in wrong(aws)["quality"]


@pytest.mark.parametrize(
    "change",
    [
        lambda its: its.update(passed=False),
        lambda its: its.update(run_id="r9"),
        lambda its: its["tables"].clear(),
        lambda its: its["tables"][0].update(quarantined=1),
        lambda its: its["tables"][0].update(rules=[{"rule": "r", "examples": ["another"]}]),
    ],
)
def test_a_report_that_was_changed_is_named(aws: Aws, lake: Lake, change: Callable[[Any], Any]) -> None:
    rewritten(aws, lake, REPORT, change)
    assert f"{REPORT} was changed after the version was published" in wrong(aws)["quality"]
    assert list(audit_problems(opened(aws, 1))) == []


def examined_by_governance(aws: Aws, number: int | None = None) -> list[str]:
    view = opened(aws, number)
    return governance_problems(view, governance_reports(view))


def test_a_version_that_governance_has_not_examined_is_told_and_so_is_what_it_found(
    aws: Aws, lake: Lake, made: dict[str, Any]
) -> None:
    version = publish(lake, {FACT: made[FACT]}, "r3", by="silver")
    (said,) = examined_by_governance(aws)
    assert "governance has not examined these runs together (bronze r1, silver r3, gold r1, forecast r1)" in said
    governed(aws, version, "a difference")
    assert examined_by_governance(aws) == ["a difference"]
    assert examined_by_governance(aws, 2) == []


def test_what_looks_personal_is_told_and_fails_where_a_contract_or_the_command_says_so(aws: Aws, lake: Lake) -> None:
    runs = opened(aws).runs
    report = {
        "runs": runs,
        "problems": [],
        "findings": ["produtos.observacoes: looks"],
        "personal": [{"strict": False}],
    }
    put(aws, layout.governance_report_key("r2"), report)
    told = checks(aws)["personal"]
    assert (told.passed, told.detail) == (True, "produtos.observacoes: looks")
    assert not {check.id: check for check in verified(aws, strict=True)}["personal"].passed
    put(aws, layout.governance_report_key("r2"), report | {"personal": [{"strict": True}]})
    assert not checks(aws)["personal"].passed
    put(aws, layout.governance_report_key("r2"), {"runs": runs, "problems": []})
    assert (checks(aws)["personal"].passed, checks(aws)["personal"].detail) == (True, "nothing")


# ---- rows set aside --------------------------------------------------------------------------------------------------

ASIDE = layout.quarantine_key("r1", layout.BRONZE, "cambio")


def of_two(aws: Aws, lake: Lake) -> list[str]:
    """Return what is wrong with the rows set aside, where the version says that they are two of `cambio`."""
    found = lake.about(ASIDE)
    kept = {"quarantined": 2, "quarantine_key": ASIDE, "quarantine_etag": found.etag if found else "e"}
    rewritten(aws, lake, layout.version_key(2), lambda content: entry(content, "cambio").update(kept))
    return list(quarantine_problems(opened(aws)))


def rows(count: int) -> pa.Table:
    return pa.table([["f"] * count, [1] * count, ["t"] * count, [["m"]] * count], schema=SCHEMA)


def test_the_rows_set_aside_are_as_many_as_the_version_says(aws: Aws, lake: Lake) -> None:
    assert of_two(aws, lake) == [f"{ASIDE} is gone"]
    put(aws, ASIDE, "")
    assert of_two(aws, lake) == [f"{ASIDE} was emptied"]
    put(aws, ASIDE, "no Parquet")
    assert of_two(aws, lake)[0].startswith(f"{ASIDE} cannot be read")
    lake.write_table(rows(1), ASIDE)
    assert of_two(aws, lake) == [f"{ASIDE} does not hold the 2 rows that were set aside"]
    lake.write_table(rows(2).drop_columns("motivos"), ASIDE)
    assert of_two(aws, lake) == [f"{ASIDE} does not hold the 2 rows that were set aside"]
    lake.write_table(rows(2), ASIDE)
    assert of_two(aws, lake) == []
    view = opened(aws)
    lake.write_table(pa.concat_tables([rows(1), rows(1)]).set_column(1, "linha", pa.array([8, 9])), ASIDE)
    assert list(quarantine_problems(view)) == [f"{ASIDE} was replaced: it is not what the audit counted"]


def test_rows_set_aside_of_which_the_version_knows_nothing_are_named(aws: Aws, lake: Lake) -> None:
    lake.write_table(rows(1), ASIDE)
    assert f"{ASIDE} was added" in wrong(aws)["quality"]


# ---- the catalogue ---------------------------------------------------------------------------------------------------


def test_every_table_that_lags_is_named_with_the_fix(aws: Aws, lake: Lake, made: dict[str, Any]) -> None:
    assert lagging(aws) == []
    governed(aws, publish(lake, {FACT: made[FACT]}, "r3", by="silver"))
    assert lagging(aws) == [f"{table} lags: it shows version 2, and the newest is 3" for table in EVERY_TABLE]
    assert "./importau verify --repair" in wrong(aws)["catalogue"]
    registered(aws, chain.read(lake, 3))
    assert lagging(aws) == []


def test_what_was_not_crawled_yet_is_said_and_what_a_crawler_found_otherwise_is_named(aws: Aws, lake: Lake) -> None:
    others = "not crawled yet as they are now, which `./importau run governance` does"
    assert checks(aws)["schemas"].detail == f"0 tables as discovered; {len(EVERY_TABLE)} {others}"
    glue, contract = cast("Any", aws.client("glue")), load("cambio")
    glue.create_database(DatabaseInput={"Name": layout.DISCOVERED_DATABASE})
    entry = table_of(contract, "s3://x/bronze/cambio/", {}).as_input()
    entry["PartitionKeys"] = [{"Name": "run", "Type": "string"}]
    entry["StorageDescriptor"]["Columns"][-1]["Type"] = "double"
    glue.create_table(DatabaseName=layout.DISCOVERED_DATABASE, TableInput=entry)
    glue.create_table(DatabaseName="importau_bronze", TableInput={"Name": "pedidos_1a2b"})
    form = (contract_sha256("cambio"), footer_fingerprint(lake.parquet(layout.run_key("cambio", "r1")).schema_arrow))
    note(lake, {"cambio": Crawled("r1", *form, "layout", discovered=True, at="")})
    detail = wrong(aws)["schemas"]
    assert f"cambio.{contract.columns[-1].name}: contrato " in detail
    assert ", descoberto double" in detail
    assert "importau_bronze.pedidos_1a2b: nenhum contrato conhece esta tabela" in detail
    assert "run governance --crawl" in detail


def test_a_table_that_shows_other_files_or_is_missing_is_named(aws: Aws, lake: Lake) -> None:
    glue = cast("Any", aws.client("glue"))
    found = glue.get_table(DatabaseName="importau_silver", Name=FACT)["Table"]
    changed = {name: found[name] for name in TABLE_INPUT}
    changed["StorageDescriptor"]["Location"] = lake.uri(layout.run_prefix(FACT, "r1"))
    glue.update_table(DatabaseName="importau_silver", TableInput=changed)
    glue.delete_table(DatabaseName="importau_bronze", Name="cambio")
    missing, moved = lagging(aws)
    assert missing == "importau_bronze.cambio is missing"
    assert moved.startswith(
        f"importau_silver.{FACT}.StorageDescriptor.Location: expected '{lake.uri(layout.run_prefix(FACT, 'r2'))}', "
        f"found '{lake.uri(layout.run_prefix(FACT, 'r1'))}' (last changed "
    )


def test_a_lineage_event_that_cannot_be_read_is_named(aws: Aws, lake: Lake) -> None:
    key = layout.run_event_key("r1", "StateMachine_DAG_bronze.WriteBronze.cambio", "0c1d", layout.COMPLETE)
    put(aws, key, "")
    assert f"{key} cannot be read" in checks(aws)["lineage-observed"].detail


# ---- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def connected(aws: Aws, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Aws:
    monkeypatch.setattr(command, "connect", lambda *_: aws)
    return aws


def test_the_command_names_what_failed_and_ends_with_one(connected: Aws, lake: Lake) -> None:
    deleted(connected, lake)
    ran = CliRunner().invoke(app, ["verify", "--json", "--version", "2"])
    assert ran.exit_code == 1
    found = {check["id"]: check for check in json.loads(ran.stdout)}
    assert found["files"]["passed"] is False
    assert "catalogue" not in found
    assert "checks failed: files, lineage-observed" in ran.stderr


def test_a_catalogue_that_lags_is_repaired_by_the_pipeline_first(
    connected: Aws, lake: Lake, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def change(aws: Aws, given: dict[str, Any]) -> Changed:
        asked.append(given)
        registered(aws, chain.read(lake, 3))
        return Changed("x", Outcome("pipeline", "SUCCEEDED", "", "", "", 1.0))

    monkeypatch.setattr("cli.running.changing.change", change)
    ran = CliRunner().invoke(app, ["verify", "--repair"])
    assert "there is nothing to repair" in ran.stderr
    assert asked == []
    publish(lake, {FACT: made[FACT]}, "r3", by="silver")
    ran = CliRunner().invoke(app, ["verify", "--repair", "--json"])
    assert asked == [{"only": "register"}]
    assert "cambio lags: it shows version 2, and the newest is 3" in ran.stderr
    assert {check["id"]: check["passed"] for check in json.loads(ran.stdout)}["catalogue"]


def test_only_the_newest_version_is_in_the_catalogue_to_be_repaired(connected: Aws) -> None:
    ran = CliRunner().invoke(app, ["verify", "--repair", "--version", "1"])
    assert ran.exit_code == 2
    assert "--repair takes no --version" in ran.stderr


def test_what_is_not_as_in_the_runs_before_is_told_and_fails_where_that_is_asked(
    aws: Aws, lake: Lake, made: dict[str, Any]
) -> None:
    few = checks(aws)["anomalies"]
    assert (few.passed, few.detail) == (True, "nothing to compare with yet")
    assert few.unchecked == ("12 tables: of 0 to 1 runs before is known, and 10 are needed",)
    for run in range(LEAST_RUNS):
        publish(lake, {"cambio": made["cambio"]}, f"c{run}", by="bronze")
    assert checks(aws)["anomalies"].detail.endswith(" as usual")
    publish(lake, {"cambio": made["cambio"].slice(0, 1)}, "odd", by="bronze")
    odd = checks(aws)["anomalies"]
    assert odd.passed
    assert f"cambio: 1 linha, esperado {len(made['cambio'])}" in odd.detail.replace(".", "")
    assert not {check.id: check for check in verified(aws, strict=True)}["anomalies"].passed
    assert checks(aws, 12)["anomalies"].detail.endswith(" as usual")
