"""What `run` and `audit` ask for, and what they say of what came of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lakehouse_tables import EXPORTED, TABLES
from small_lake import account, deploy, published, put, report
from typer.testing import CliRunner, Result

from cli.commands import audit as auditing
from cli.commands import run as running
from cli.errors import RunFailedError
from cli.main import app
from cli.running import changing, machines, perform, telling
from cli.running.execution import Outcome
from cli.running.source import exported_files
from cli.session import Aws
from lakehouse.lake import layout


class Asked(SimpleNamespace):
    """What was started, and how it ends."""

    started: list[tuple[str, dict[str, Any]]]
    output: dict[str, Any]
    status: str


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        deploy(found)
        yield found


@pytest.fixture
def asked(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Stand in for Step Functions: a run writes its reports, and returns what a test says."""
    asked = Asked(started=[], output={"version": 4}, status="SUCCEEDED")

    def start(_: Aws, machine: str, execution_input: dict[str, Any], run_id: str) -> str:
        asked.started.append((machine, execution_input))
        if "only" not in execution_input and not asked.output.get("nothing_to_do"):
            for layer in layout.LAYERS:
                put(aws, layout.quality_key(run_id, layer), report(layer, run_id))
                put(aws, layout.published_audit_key(run_id, layer), report(layer, run_id) | {
                    "version": execution_input.get("version"), "published_by": "r1",
                })  # fmt: skip
        return f"arn:{run_id}"

    def follow(_: Aws, machine: str, *__: Any) -> Outcome:
        failed = asked.status != "SUCCEEDED"
        return Outcome(machine, asked.status, "", "E" if failed else "", "why", 1.0, (), {} if failed else asked.output)

    monkeypatch.setattr(machines, "start", start)
    monkeypatch.setattr(machines, "new_run_id", lambda **_: "r9")
    for module in (perform, auditing, changing):
        monkeypatch.setattr(module, "follow", follow)
    monkeypatch.setattr(telling, "tell", lambda *_: None)
    monkeypatch.setattr(perform, "stop_command", lambda *_: "")
    for module in (running, auditing):
        monkeypatch.setattr(module, "connect", lambda *_: aws)
    return asked


def importau(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def csvs(tmp_path: Path) -> str:
    for name in exported_files():
        (tmp_path / name).write_text(name)
    return str(tmp_path)


def test_a_run_reads_the_very_files_that_were_uploaded_for_it(aws: Aws, asked: Asked, csvs: str) -> None:
    aws.s3.put_bucket_versioning(Bucket=aws.bucket, VersioningConfiguration={"Status": "Enabled"})
    assert importau("run", "--csv-dir", csvs).exit_code == 0
    ((machine, given),) = asked.started
    assert machine == "pipeline"
    assert set(given) == {"source"}
    assert set(given["source"]["inputs"]) == set(EXPORTED)


def test_a_bucket_without_object_versions_has_none_to_be_read(asked: Asked, csvs: str) -> None:
    assert importau("run", "bronze", "--csv-dir", csvs).exit_code == 0
    assert asked.started == [("bronze", {"source": {"type": "csv"}})]


def test_the_version_that_a_run_published_is_said(asked: Asked) -> None:
    ran = importau("run", "--orders", "5")
    assert ran.exit_code == 0
    assert "version 4 published" in ran.stderr
    assert "cambio" in ran.stdout


def test_a_run_that_finds_nothing_to_do_says_why_and_shows_no_tables(asked: Asked) -> None:
    asked.output = {"run_id": "r9", "nothing_to_do": True, "why": "version 3 was made of these inputs", "version": 3}
    ran = importau("run", "--orders", "5")
    assert ran.exit_code == 0
    assert "nothing to do: version 3 was made of these inputs; --force runs it all the same" in ran.stderr
    assert "published" not in ran.stderr.replace("these inputs", "")
    assert ran.stdout == ""


CRAWLED = {
    "crawlers": ["importau-gold"], "why": "gold: another contract of agregado_fluxo_de_caixa_mensal",
    "differences": ["importau_descoberta.pedidos_1a2b: nenhum contrato conhece esta tabela"],
}  # fmt: skip
AS_CRAWLED = {"crawlers": [], "why": "contracts, schemas and layout are those that were crawled of run r1"}


@pytest.mark.parametrize("what", ["pipeline", "governance"])
def test_what_was_crawled_is_said_with_what_differs_and_why_nothing_was(asked: Asked, what: str) -> None:
    for discovery, said in (
        (CRAWLED, [f"crawled {CRAWLED['why']}", f"! {CRAWLED['differences'][0]}"]),
        (AS_CRAWLED, [f"nothing new to discover: {AS_CRAWLED['why']}", "`./importau run governance --crawl`"]),
    ):
        asked.output = {"version": 4, "discovery": discovery | {"differences": discovery.get("differences", [])}}
        ran = importau("run", what, *(["--orders", "5"] if what == "pipeline" else []))
        assert ran.exit_code == 0
        assert all(each in " ".join(ran.stderr.split()) for each in said)


@pytest.mark.parametrize(("what", "given"), [("pipeline", {"force": True}), ("governance", {"only": "governance"})])
def test_a_crawl_is_asked_for_where_crawlers_run(asked: Asked, what: str, given: dict[str, Any]) -> None:
    options = ["--orders", "5", "--force"] if what == "pipeline" else []
    assert importau("run", what, "--crawl", *options).exit_code == 0
    ((_, execution_input),) = asked.started
    assert {name: value for name, value in execution_input.items() if name != "source"} == given | {"crawl": True}


def test_a_run_that_is_held_says_how_it_is_published_or_discarded(asked: Asked) -> None:
    asked.output = {"run_id": "r9", "held": True, "base": 3}
    ran = importau("run", "--orders", "5", "--hold", "--force")
    assert ran.exit_code == 0
    ((_, given),) = asked.started
    assert (given["hold"], given["force"]) == (True, True)
    said = " ".join(ran.stderr.split())
    assert "./importau publish r9" in said
    assert "./importau discard r9" in said


def test_the_tables_whose_volume_is_right_are_told_once_each(asked: Asked) -> None:
    ran = importau("run", "bronze", "--orders", "5", *["--accept-volume", "cambio"] * 2, "--accept-volume", "pedidos")
    assert ran.exit_code == 0
    ((_, given),) = asked.started
    assert given["source"]["accept_volume"] == ["cambio", "pedidos"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--accept-volume", "cambios", "--accept-volume", "x"], ["no exported table cambios", "no exported table x"]),
        (["silver", "--accept-volume", "cambio"], ["silver reads no export, so it takes no --accept-volume"]),
        (["silver", "--new-columns", "ignore"], ["silver reads no export, so it takes no --new-columns"]),
        (["--orders", "5", "--new-columns", "ignore"], ["generated data have no other columns"]),
        (["gold", "--hold"], ["only the whole pipeline can be held, and not gold"]),
        (["governance", "--force", "--hold"], ["only the whole pipeline can be held", "it takes no --force"]),
        (["silver", "--crawl"], ["the crawlers run in the pipeline and in governance, so silver takes no --crawl"]),
        (["--hold", "--crawl"], ["--hold takes no --crawl"]),
    ],
)
def test_a_run_that_is_asked_wrongly_is_told_everything_and_starts_nothing(
    asked: Asked, arguments: list[str], said: list[str]
) -> None:
    ran = importau("run", *arguments)
    assert ran.exit_code == 2
    assert all(each in ran.stderr for each in said)
    assert asked.started == []


def test_an_audit_is_of_one_version_in_all_layers(aws: Aws, asked: Asked) -> None:
    for run in ("r1", "r2"):
        published(aws, run)
    ran = importau("audit", "--json")
    assert ran.exit_code == 0
    assert asked.started == [(f"teste_{layer}", {"version": 2}) for layer in TABLES]
    assert [each["version"] for each in json.loads(ran.stdout)] == [2] * len(layout.LAYERS)
    assert importau("audit", "silver", "--version", "1").exit_code == 0
    assert asked.started[-1] == ("teste_silver", {"version": 1})


def test_an_audit_of_a_version_that_is_not_there_starts_nothing(aws: Aws, asked: Asked) -> None:
    assert "nothing was published yet" in importau("audit").stderr
    published(aws, "r1")
    ran = importau("audit", "--version", "3")
    assert ran.exit_code == 2
    assert "there is no version 3" in ran.stderr
    assert asked.started == []


def test_a_change_of_what_is_published_goes_through_the_pipeline(aws: Aws, asked: Asked) -> None:
    assert changing.change(aws, {"only": "register"}).outcome.output == {"version": 4}
    assert asked.started == [("pipeline", {"only": "register"})]
    asked.status = "FAILED"
    with pytest.raises(RunFailedError, match="why"):
        changing.change(aws, {"only": "register"})


def test_a_run_warns_of_what_looks_personal_and_of_the_first_ten_anomalies(capsys: pytest.CaptureFixture[str]) -> None:
    perform._tell_warnings({"findings": ["looks like a CPF"], "anomalies": [f"anomaly {at}" for at in range(12)]})
    said = capsys.readouterr().err
    assert "looks like a CPF" in said
    assert [f"anomaly {at}" in said for at in range(12)] == [True] * 10 + [False] * 2
    assert "and 2 more anomalies; the report has all" in said
    perform._tell_warnings({"findings": []})
    assert capsys.readouterr().err == ""
