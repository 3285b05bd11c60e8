"""A CSV with a new column, from Bronze to what is published, on S3 (moto): it is never left out in silence."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from exports import SAMPLE
from handlers import AUDIT, called, layer_of_run, publishes
from handlers import opens as opened
from lakehouse_tables import TABLES
from simulated_aws import make_databases, simulated_lake
from small_lake import BUCKET
from typer.testing import CliRunner

from alert.facts import _rules
from cli import ROOT
from cli.commands import contracts as command
from cli.contents import mending
from cli.contents.promised import contracts
from cli.contents.quarantine import waiting
from cli.contents.table_checks import left_out
from cli.contents.undeclared import is_declared
from cli.main import app
from cli.running import summary
from cli.session import Aws
from cli.versioning.replaying import source_of
from lakehouse.contract import layers
from lakehouse.contract.additions import TO_FILL_IN
from lakehouse.contract.choices import IGNORE, PROPOSE, STOP
from lakehouse.contract.model import load
from lakehouse.contract.semver import Level, raised
from lakehouse.errors import InputError
from lakehouse.lake import layout
from lakehouse.lake.layout import BRONZE
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain, code
from lakehouse.versions import contracts as kept
from lakehouse.versions.view import View

LOANS, NEW = "emprestimos", "contato_do_gerente"
# Its place in the file, and how its name is written: nobody knows its words.
SHOWN = "4 ('aaaaaaa_aa_aaaaaaa')"
EMAIL = "joana.souza@exemplo.com.br"
RULE = "colunas_do_csv_lidas"


@pytest.fixture
def lake() -> Iterator[Lake]:
    """A lake whose loans have a new column, with an address in it."""
    with simulated_lake(BUCKET) as lake:
        make_databases()
        lake.client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for table in TABLES[BRONZE]:
            lake.write_bytes((SAMPLE.folder / f"{table}.csv").read_bytes(), layout.landing_key(table))
        lines = [line.split(",") for line in (SAMPLE.folder / f"{LOANS}.csv").read_text("utf-8").splitlines()]
        rows = [[*row[:3], NEW if not n else EMAIL, *row[3:]] for n, row in enumerate(lines)]
        lake.write_bytes("\n".join(map(",".join, rows)).encode(), layout.landing_key(LOANS))
        yield lake


def source(choice: str | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "csv"} | ({"new_columns": choice} if choice else {}) | more


def opens(run: str, **given: Any) -> dict[str, Any]:
    return opened(run, BRONZE, source=source(**given))


def test_it_stops_with_one_message_where_nothing_else_is_chosen(lake: Lake) -> None:
    for run, choice in (("r1", None), ("r2", STOP)):
        with pytest.raises(InputError) as stopped:
            layer_of_run(lake, run, BRONZE, source(choice))
        (problem,) = stopped.value.problems
        assert problem.startswith(f"{LOANS}.csv, line 1: the header has unknown column {SHOWN}; run with --new-columns")
    assert not list(lake.list(layout.PROPOSALS_PREFIX)) + list(lake.list("bronze/"))


@pytest.mark.parametrize("parts", [1, 3])
def test_it_is_left_out_and_said_in_report_version_verify_alert_and_summary(lake: Lake, parts: int) -> None:
    ran = layer_of_run(lake, "r1", BRONZE, source(IGNORE, parts=parts), fanned_out=parts > 1)
    assert ran.verdict["passed"], ran.verdict["cause"]
    (entry,) = [each for each in ran.report["tables"] if each["table"] == LOANS]
    (rule,) = [each for each in entry["rules"] if each["rule"] == RULE]
    assert (rule["status"], rule["failed"], rule["examples"]) == ("warn", 1, [SHOWN])
    assert entry["new_columns"] == [SHOWN]
    assert [each for each in ran.report["tables"] if "new_columns" in each] == [entry]
    assert (LOANS, RULE) in {(each.table, each.rule) for each in _rules(ran.report, "warn")}
    told = summary.audited(BRONZE, ran.report, None)
    assert summary.left_out(told) == [f"{LOANS}.csv: left out what the contract does not have: column {SHOWN}"]
    publishes("r1", BRONZE)
    view = View.of_version(lake)
    assert NEW not in view.read_all(LOANS).column_names
    checks = [left_out(view, strict=strict) for strict in (False, True)]
    assert [each.passed for each in checks] == [True, False]
    assert checks[0].detail == f"{LOANS}.csv: {SHOWN} left out, in no contract"
    # An audit of the version says it again.
    audit = called(AUDIT[BRONZE], "a1", layer=BRONZE, of="published")
    assert RULE in json.dumps(lake.read_json(audit["report_key"]))


def test_the_choice_is_part_of_what_a_version_is_made_of(lake: Lake) -> None:
    layer_of_run(lake, "r1", BRONZE, source(IGNORE))
    publishes("r1", BRONZE)
    assert opens("r2", choice=IGNORE)["nothing_to_do"]
    assert not opens("r3")["nothing_to_do"]
    version = chain.newest(lake)
    assert version is not None
    assert version.source == {"type": "csv", "new_columns": IGNORE}
    assert source_of(lake, version)["new_columns"] == IGNORE


def test_a_choice_that_is_none_is_refused_when_the_run_is_opened(lake: Lake) -> None:
    with pytest.raises(InputError, match=r"source.new_columns is 'skip'; use stop, ignore, propose"):
        opens("r1", choice="skip")
    with pytest.raises(InputError, match="for exported CSVs"):
        opened("r1", BRONZE, source={"type": "synthetic", "orders": 3, "new_columns": IGNORE})


def test_rows_that_wait_are_exported_with_the_contracts_columns(lake: Lake, tmp_path: Path) -> None:
    layer_of_run(lake, "r1", BRONZE, source(IGNORE))
    publishes("r1", BRONZE)
    view = View.of_version(lake)
    loans = [each for each in waiting(lake, view) if each.table == LOANS]
    (file,) = mending.write(view, loans, tmp_path / "mend")
    header, row = file.read_text("utf-8").splitlines()
    assert NEW not in header
    assert EMAIL not in row
    assert header.count(",") == row.count(",")


# ---- proposals -------------------------------------------------------------------------------------------------------


@pytest.fixture
def proposed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Lake:
    ran = layer_of_run(lake, "r1", BRONZE, source(PROPOSE))
    assert ran.verdict["passed"], ran.verdict["cause"]
    publishes("r1", BRONZE)
    aws = SimpleNamespace(bucket=BUCKET, s3=lake.client)
    monkeypatch.setattr(command, "connect", lambda *_: aws)
    return lake


def test_a_change_is_proposed_that_git_applies_and_that_holds_no_value(proposed: Lake, tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["contracts", "proposed"])
    assert ran.exit_code == 0, ran.stderr
    path = f"glue/contracts/bronze/{LOANS}.odcs.yaml"
    copy = tmp_path / path
    copy.parent.mkdir(parents=True)
    copy.write_text((ROOT / path).read_text("utf-8"), "utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=ran.stdout.encode(), check=True)
    text = copy.read_text("utf-8")
    for said in (
        f"- name: {NEW}",
        "classification: PII",
        f"version: {raised(load(LOANS).version, Level.MINOR)}",
        f"description: {TO_FILL_IN}",
        "required: true",
    ):
        assert said in text
    kept = proposed.read_bytes(layout.proposal_key("r1", LOANS)).decode()
    for each in (text, kept, ran.stdout, ran.stderr):
        assert "joana" not in each
    assert json.loads(kept)["patch"] == ran.stdout
    assert f"{LOANS}.{NEW}" in ran.stderr


def test_it_is_written_to_a_file_and_told_as_json(proposed: Lake, tmp_path: Path) -> None:
    file = tmp_path / "change.patch"
    assert CliRunner().invoke(app, ["contracts", "proposed", "r1", "--write", str(file)]).exit_code == 0
    (told,) = json.loads(CliRunner().invoke(app, ["contracts", "proposed", "--json"]).stdout)
    assert told["patch"] == file.read_text("utf-8")
    (column,) = told["columns"]
    assert (column["name"], column["physical_type"], column["classification"]) == (NEW, "string", "PII")
    none = CliRunner().invoke(app, ["contracts", "proposed", "r0"])
    assert (none.exit_code, "run r0 proposes nothing" in none.stderr) == (1, True)


def test_a_proposal_is_declared_and_goes_with_its_run() -> None:
    key = layout.proposal_key("r1", LOANS)
    assert (layout.run_owning(key), layout.proposed(key)) == ("r1", ("r1", LOANS))
    assert is_declared(key, {"r1"})
    assert not is_declared(key, set())


# ---- contracts that were published under -----------------------------------------------------------------------------


def test_what_was_published_is_compared_with_what_is_here(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    layer_of_run(lake, "r1", BRONZE, source(IGNORE))
    publishes("r1", BRONZE)
    assert len(list(lake.list(layout.CONTRACTS_PREFIX))) == len(TABLES[BRONZE])
    version = chain.newest(lake)
    assert version is not None
    now = layers.text_of

    def changed(table: str) -> str:
        return (
            now(table).replace("      - name: finalidade\n", "      - name: objetivo\n")
            if table == LOANS
            else now(table)
        )

    code.contract_sha256.cache_clear()
    monkeypatch.setattr(layers, "text_of", changed)
    try:
        assert kept.kept(lake, version)[LOANS] == now(LOANS)
        aws = Aws(boto3.Session(region_name="us-east-1"), "importau")
        monkeypatch.setattr(command, "connect", lambda *_: aws)
        monkeypatch.setattr(Aws, "bucket", BUCKET)
        ran = CliRunner().invoke(app, ["contracts", "diff", "published", "--json"])
        assert ran.exit_code == 0, ran.stderr
        told = json.loads(ran.stdout)
        assert (told["since"], told["not_compared"]) == ("version 1 of the lake", [])
        (loans,) = [each for each in told["contracts"] if each["table"] == LOANS]
        assert (loans["class"], loans["needs"]) == ("breaking", "2.0.0")
        assert {"column": "finalidade", "what": "the column was renamed objetivo", "class": "breaking"} in loans[
            "changes"
        ]
        assert f"stays {load(LOANS).version}, and the changes are breaking: it needs 2.0.0 or later" in loans["problem"]

        said = "\n".join(contracts(lake, version).wrong)
        assert f"{LOANS}.finalidade: the column was renamed objetivo (breaking)" in said
        assert f"{LOANS}: its version stays {load(LOANS).version}" in said
    finally:
        code.contract_sha256.cache_clear()
