"""What the commands do with the bucket and the stack, on an AWS in this process."""

import json
import webbrowser
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws
from typer.testing import CliRunner

from cli.errors import CliError, NotDeployedError, UsageError
from cli.export import claim, download, published_runs
from cli.main import app
from cli.portal import command
from cli.session import Aws
from cli.source import FILES
from cli.summary import Asset, assets
from cli.upload import landed, upload
from lakehouse import layout

TABLES = [table for tables in layout.TABLES.values() for table in tables]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        session = boto3.Session("AKIA", "secret", region_name="us-east-1")
        found = Aws(session, "importau")
        found.s3.create_bucket(Bucket="lake")
        yield found


@pytest.fixture
def stack(aws: Aws) -> Iterator[Stubber]:
    """What CloudFormation answers; moto's own needs more packages than the rest of this project."""
    with Stubber(aws.cloudformation) as answers:
        yield answers
        answers.assert_no_pending_responses()


def deployed(status: str = "UPDATE_COMPLETE", **outputs: str) -> dict[str, Any]:
    return {
        "Stacks": [
            {
                "StackName": "importau",
                "StackStatus": status,
                "CreationTime": datetime(2025, 1, 1, tzinfo=UTC),
                "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
            }
        ]
    }


def deploy(aws: Aws, **outputs: str) -> None:
    vars(aws)["outputs"] = outputs


def put(aws: Aws, key: str, content: Any) -> None:
    aws.s3.put_object(Bucket="lake", Key=key, Body=content if isinstance(content, str) else json.dumps(content))


def report(layer: str, run: str, passed: bool = True, **quarantined: int) -> dict[str, Any]:
    return {
        "run_id": run,
        "passed": passed,
        "tables": [
            {
                "table": table, "verdict": "warn", "rows": 30, "quarantined": quarantined.get(table, 0),
                "rules": [{"status": "pass"}, {"status": "warn"}, {"status": "warn"}, {"status": "fail"}],
            }
            for table in layout.TABLES[layer]
        ],
    }  # fmt: skip


def files_in(directory: Path) -> dict[str, str]:
    return {str(file.relative_to(directory)): file.read_text() for file in directory.rglob("*") if file.is_file()}


def test_the_stacks_outputs_say_where_everything_is_and_are_asked_for_once(aws: Aws, stack: Stubber) -> None:
    stack.add_response(
        "describe_stacks", deployed(BucketName="lake", StateMachineGoldArn="arn:x"), {"StackName": "importau"}
    )
    assert aws.bucket == "lake"
    assert aws.state_machine("gold") == "arn:x"


def test_a_stack_that_is_not_deployed_is_one_line_and_its_fix(aws: Aws, stack: Stubber) -> None:
    stack.add_client_error("describe_stacks", "ValidationError", "Stack with id importau does not exist", 400)
    with pytest.raises(NotDeployedError, match="the stack importau is not deployed in us-east-1") as caught:
        aws.bucket  # noqa: B018
    assert "./importau deploy" in caught.value.fix


def test_on_the_embedded_aws_the_fix_is_the_demo(aws: Aws) -> None:
    local = Aws(aws.session, "importau", "http://127.0.0.1:1")
    with Stubber(local.cloudformation) as answers:
        answers.add_client_error("describe_stacks", "ValidationError", "Stack with id importau does not exist", 400)
        with pytest.raises(NotDeployedError, match="on the embedded AWS") as caught:
            local.bucket  # noqa: B018
    assert "./importau demo" in caught.value.fix


@pytest.mark.parametrize("status", ["DELETE_COMPLETE", "ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_a_stack_that_came_to_nothing_is_not_deployed(aws: Aws, stack: Stubber, status: str) -> None:
    stack.add_response("describe_stacks", deployed(status))
    with pytest.raises(NotDeployedError):
        aws.bucket  # noqa: B018


def test_a_refusal_is_not_taken_for_a_missing_stack(aws: Aws, stack: Stubber) -> None:
    stack.add_client_error("describe_stacks", "ExpiredToken", "expired", 403)
    with pytest.raises(ClientError, match="ExpiredToken"):
        aws.bucket  # noqa: B018


def test_an_output_of_a_later_template_is_named_when_it_is_missing(aws: Aws, stack: Stubber) -> None:
    stack.add_response("describe_stacks", deployed(BucketName="lake"))
    with pytest.raises(NotDeployedError, match="has no output StateMachineGoldArn"):
        aws.state_machine("gold")


def test_the_seven_files_are_uploaded_to_the_landing_area(aws: Aws, tmp_path: Path) -> None:
    deploy(aws, BucketName="lake")
    for name in FILES:
        (tmp_path / name).write_text(f"content of {name}")
    (tmp_path / "other.csv").write_text("not ours")
    upload(aws, tmp_path)
    assert sorted(landed(aws)) == sorted(layout.landing_key(table) for table in layout.TABLES["bronze"])
    body = aws.s3.get_object(Bucket="lake", Key=layout.landing_key("cambio"))["Body"].read()
    assert body == b"content of cambio.csv"


def test_a_file_that_cannot_be_read_is_named(aws: Aws, tmp_path: Path) -> None:
    deploy(aws, BucketName="lake")
    with pytest.raises(CliError, match=r"pedidos\.csv cannot be read: No such file"):
        upload(aws, tmp_path)


def test_the_summary_is_read_from_the_audit_reports_of_the_run(aws: Aws) -> None:
    deploy(aws, BucketName="lake")
    put(aws, layout.quality_key("r", "bronze"), report("bronze", "r", emprestimos=1))
    put(aws, layout.quality_key("older", "silver"), report("silver", "older"))
    found = assets(aws, "r", layout.LAYERS, {"bronze": 1.5})
    assert [asset.table for asset in found] == TABLES
    assert found[6] == Asset("bronze", "emprestimos", 30, 1, "warn", 1, 2, 1.5)
    assert found[7] == Asset("silver", layout.FACT, None, None, "not run")


def published(aws: Aws, run: str, **quarantined: int) -> None:
    for table in TABLES:
        put(aws, layout.published_key(table), f"{table} of {run}")
    for layer in layout.LAYERS:
        put(aws, layout.quality_key(run, layer), report(layer, run, **quarantined))
    for table in quarantined:
        put(aws, layout.quarantine_key(run, layout.layer_of(table), table), f"set aside by {run}")


def test_an_export_holds_ten_tables_the_reports_and_the_quarantine_of_the_published_run(
    aws: Aws, tmp_path: Path
) -> None:
    deploy(aws, BucketName="lake")
    published(aws, "r1", emprestimos=1)
    put(aws, layout.quality_key("r2", "gold"), report("gold", "r2", passed=False))
    out = tmp_path / "new/out"
    download(aws, out)
    files = files_in(out)
    assert len(files) == 10 + 3 + 1 + 1
    assert files["bronze/pedidos.parquet"] == "pedidos of r1"
    assert files["silver/FATO_PEDIDO_CORRELACIONADO.parquet"] == "fato_pedido_correlacionado of r1"
    assert json.loads(files["quality/gold.json"])["run_id"] == "r1"
    assert files["quarantine/bronze/emprestimos.parquet"] == "set aside by r1"


def test_a_later_export_replaces_the_earlier_ones_files_and_nothing_else(aws: Aws, tmp_path: Path) -> None:
    deploy(aws, BucketName="lake")
    published(aws, "r1", emprestimos=1)
    download(aws, tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    published(aws, "r2")
    for layer in layout.LAYERS:
        aws.s3.delete_object(Bucket="lake", Key=layout.quality_key("r1", layer))
    download(aws, tmp_path)
    files = files_in(tmp_path)
    assert files["bronze/pedidos.parquet"] == "pedidos of r2"
    assert "quarantine/bronze/emprestimos.parquet" not in files
    assert files["mine.txt"] == "mine"


def test_a_table_in_parts_is_exported_part_by_part_and_parts_of_another_number_go(aws: Aws, tmp_path: Path) -> None:
    deploy(aws, BucketName="lake")
    published(aws, "r1")
    aws.s3.delete_object(Bucket="lake", Key=layout.published_key(layout.FACT))
    for parts in (3, 2):
        for part in range(parts):
            put(aws, layout.published_key(layout.FACT, part, parts), f"part {part} of {parts}")
        download(aws, tmp_path)
        files = {name: text for name, text in files_in(tmp_path).items() if name.startswith("silver/")}
        assert files == {
            f"silver/FATO_PEDIDO_CORRELACIONADO-{part:05d}-of-{parts:05d}.parquet": f"part {part} of {parts}"
            for part in range(parts)
        }
        for part in range(parts):
            aws.s3.delete_object(Bucket="lake", Key=layout.published_key(layout.FACT, part, parts))


def test_a_table_with_parts_of_two_publications_is_not_exported(aws: Aws, tmp_path: Path) -> None:
    deploy(aws, BucketName="lake")
    published(aws, "r1")
    put(aws, layout.published_key(layout.FACT, 1, 2), "a part")
    with pytest.raises(CliError, match=r"holds 2 objects that are not one whole table.*run silver again"):
        download(aws, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_tables_that_are_not_published_are_all_named_and_nothing_is_written(aws: Aws, tmp_path: Path) -> None:
    deploy(aws, BucketName="lake")
    published(aws, "r1")
    for table in ("pedidos", layout.FACT):
        aws.s3.delete_object(Bucket="lake", Key=layout.published_key(table))
    with pytest.raises(CliError, match="not published yet: pedidos, fato_pedido_correlacionado"):
        download(aws, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_a_usage_error(aws: Aws, tmp_path: Path) -> None:
    deploy(aws, BucketName="lake")
    published(aws, "r1")
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UsageError, match="cannot be written"):
        download(aws, tmp_path / "out")


def test_an_export_says_which_one_it_is_and_which_one_it_replaces(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(aws, BucketName="lake")
    published(aws, "r1")
    download(aws, tmp_path / "out")
    assert "took the place" not in capsys.readouterr().err
    kept = json.loads((tmp_path / "out/export.json").read_text("utf-8"))
    assert (kept["lake"], kept["runs"]) == ("s3://lake", dict.fromkeys(layout.LAYERS, "r1"))
    assert sorted(kept["files"]) == sorted(set(files_in(tmp_path / "out")) - {"export.json"})
    published(aws, "r2")
    download(aws, tmp_path / "out")
    assert "took the place of an earlier export (s3://lake, run r1)" in capsys.readouterr().err


@pytest.mark.parametrize("path", ["bronze/pedidos.parquet", "silver/notes/mine.txt", "quality/gold.json"])
def test_files_that_no_export_wrote_are_left_alone_and_so_is_the_folder(aws: Aws, tmp_path: Path, path: str) -> None:
    deploy(aws, BucketName="lake")
    published(aws, "r1")
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text("mine")
    with pytest.raises(UsageError, match=f"holds files that no export wrote, or that were changed since: {path}"):
        download(aws, tmp_path)
    assert files_in(tmp_path) == {path: "mine"}


def test_an_exported_file_that_was_changed_since_is_somebodys(aws: Aws, tmp_path: Path) -> None:
    deploy(aws, BucketName="lake")
    published(aws, "r1")
    download(aws, tmp_path)
    (tmp_path / "gold/AGREGADO_FLUXO_DE_CAIXA_MENSAL.parquet").write_text("changed")
    before = files_in(tmp_path)
    with pytest.raises(UsageError, match="AGREGADO_FLUXO_DE_CAIXA_MENSAL"):
        claim(tmp_path)
    assert files_in(tmp_path) == before


def test_many_strangers_are_counted(tmp_path: Path) -> None:
    (tmp_path / "bronze").mkdir()
    for name in "abcde":
        (tmp_path / "bronze" / name).write_text("")
    (tmp_path / "bronze/.DS_Store").write_text("")
    with pytest.raises(UsageError, match="bronze/a, bronze/b, bronze/c and 2 more"):
        claim(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"lake": 1, "runs": 2, "files": 3}'])
def test_a_file_called_like_the_record_that_is_none_is_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / "export.json").write_text(content)
    with pytest.raises(UsageError, match="is no record of an export"):
        claim(tmp_path)


def test_an_export_that_is_interrupted_while_it_downloads_leaves_the_earlier_one(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(aws, BucketName="lake")
    published(aws, "r1")
    download(aws, tmp_path / "out")
    before = files_in(tmp_path)
    published(aws, "r2")
    whole, seen = aws.s3.download_file, []

    def interrupted(*given: Any, **more: Any) -> None:
        seen.append(given)
        if len(seen) == 5:
            raise KeyboardInterrupt
        whole(*given, **more)

    monkeypatch.setattr(aws.s3, "download_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        download(aws, tmp_path / "out")
    assert files_in(tmp_path) == before
    with pytest.raises(KeyboardInterrupt):
        seen.clear()
        download(aws, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_an_export_that_is_interrupted_among_its_files_can_be_repeated(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(aws, BucketName="lake")
    published(aws, "r1", emprestimos=1)
    download(aws, tmp_path)
    published(aws, "r2")
    for layer in layout.LAYERS:
        aws.s3.delete_object(Bucket="lake", Key=layout.quality_key("r1", layer))
    whole, moved = Path.replace, []

    def interrupted(self: Path, target: Path) -> Path:
        moved.append(target)
        if len(moved) == 6:
            raise KeyboardInterrupt
        return whole(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            download(aws, tmp_path)
    assert {text.rpartition(" ")[2] for name, text in files_in(tmp_path).items() if name.startswith("b")} == {
        "r1",
        "r2",
    }
    download(aws, tmp_path)
    files = files_in(tmp_path)
    assert {text.rpartition(" ")[2] for name, text in files.items() if name.endswith("parquet")} == {"r2"}
    assert len(files) == 10 + 3 + 1


def test_the_runs_of_what_is_published_are_those_that_passed(aws: Aws) -> None:
    deploy(aws, BucketName="lake")
    published(aws, "r1")
    put(aws, layout.quality_key("r2", "gold"), report("gold", "r2", passed=False))
    assert published_runs(aws) == dict.fromkeys(layout.LAYERS, "r1")


PAGE = "<!doctype html><head><title>IMPORTAÚ Lakehouse</title></head>"


@pytest.mark.parametrize("content", [None, "", PAGE])
def test_a_portal_may_take_the_place_of_a_portal_or_of_nothing(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "portal.html").write_text(content, "utf-8")
    command.claim_page(tmp_path / "portal.html")


def test_a_file_that_is_no_portal_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "portal.html").write_text("<title>My notes</title>", "utf-8")
    refused = CliRunner().invoke(app, ["portal", "--local", "--output", str(tmp_path / "portal.html")])
    assert refused.exit_code == 2
    assert "is no portal: it would be overwritten" in refused.stderr
    assert (tmp_path / "portal.html").read_text("utf-8") == "<title>My notes</title>"


def test_a_portal_beside_another_runs_export_says_so(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(aws, BucketName="lake")
    published(aws, "r1")
    download(aws, tmp_path)
    command.warn_of_another(aws, tmp_path / "portal.html")
    assert "another export" not in capsys.readouterr().err
    published(aws, "r2")
    command.warn_of_another(aws, tmp_path / "portal.html")
    assert "beside it are another export's (s3://lake, run r1)" in capsys.readouterr().err
    (tmp_path / "export.json").write_text("mine")
    command.warn_of_another(aws, tmp_path / "portal.html")
    assert capsys.readouterr().err == ""


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a browser was asked to open."""
    opened: list[str] = []
    monkeypatch.setattr(command.sys, "platform", "linux")
    monkeypatch.setattr(command.webbrowser, "open", lambda address: opened.append(address) or True)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    return opened


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"])
def test_the_page_is_opened_where_there_are_windows(
    browser: list[str], name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "1")
    command._open("file:///portal.html", "open it")
    assert browser == ["file:///portal.html"]
    assert capsys.readouterr().err == ""


def test_without_windows_it_is_said_what_to_do_instead(browser: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    command._open("file:///portal.html", "open portal.html in a browser")
    assert browser == []
    assert capsys.readouterr().err == "! no browser could be opened here; open portal.html in a browser\n"


@pytest.mark.parametrize("answer", [False, webbrowser.Error("none")])
def test_a_browser_that_does_not_open_is_said_and_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: Any
) -> None:
    def refuse(_: str) -> bool:
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)

    monkeypatch.setenv("BROWSER", "x")
    monkeypatch.setattr(command.webbrowser, "open", refuse)
    command._open("file:///portal.html", "open it")
    assert "no browser could be opened here; open it" in capsys.readouterr().err
