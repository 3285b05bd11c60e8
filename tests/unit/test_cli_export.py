"""What an export and a portal write to a folder, and what they leave alone."""

import json
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from lakehouse_tables import EVERY_TABLE, FACT, TABLES
from small_lake import account, deploy, files_in, published, put, report, restored
from typer.testing import CliRunner

from cli.commands import portal as command
from cli.contents import download as exporting
from cli.contents.checkable import ASIDE, BOOKS, CONTRACT
from cli.contents.download import download
from cli.contents.export_record import claim
from cli.errors import CliError, UsageError
from cli.main import app
from cli.portal.file import claim_page, warn_of_another
from cli.session import Aws
from lakehouse.engine import parquet
from lakehouse.lake import layout

pytestmark = pytest.mark.once


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        yield found


def test_an_export_holds_every_table_the_reports_and_the_quarantine_of_the_published_run(
    aws: Aws, tmp_path: Path
) -> None:
    deploy(aws)
    published(aws, "r1", emprestimos=1)
    put(aws, layout.quality_key("r2", "gold"), report("gold", "r2", passed=False))
    put(aws, layout.run_key(FACT, "r2"), "a run that was not published")
    out = tmp_path / "new/out"
    download(aws, out)
    files = files_in(out)
    assert len(files) == len(EVERY_TABLE) + len(TABLES) + 1 + 3 + 1
    assert files["bronze/pedidos.parquet"] == "pedidos of r1"
    assert files["silver/FATO_PEDIDO_CORRELACIONADO.parquet"] == "fato_pedido_correlacionado of r1"
    assert json.loads(files["quality/gold.json"])["run_id"] == "r1"
    aside = parquet.read(out / "quarantine/bronze/emprestimos.parquet")
    assert aside["texto_original"].to_pylist() == ["set aside by r1"]


def test_an_export_carries_a_contract_of_all_tables_and_what_its_rules_read_besides(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    published(aws, "r1", emprestimos=1)
    download(aws, tmp_path)
    contract = yaml.safe_load((tmp_path / CONTRACT).read_text("utf-8"))
    names = [schema["name"] for schema in contract["schema"]]
    assert names == [*(layout.file_name(table).removesuffix(".parquet") for table in EVERY_TABLE), BOOKS, ASIDE]
    books = parquet.read(tmp_path / "contract/contabilidade.parquet")
    assert sorted(books["tabela"].to_pylist()) == sorted(EVERY_TABLE)
    aside = parquet.read(tmp_path / "contract/quarentena.parquet")
    assert aside.to_pylist() == [{"tabela": "emprestimos", "arquivo": "emprestimos.csv", "linha": 2}]


def test_an_export_whose_rows_set_aside_are_no_parquet_is_refused_and_leaves_nothing(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    published(aws, "r1", emprestimos=1)
    put(aws, layout.quarantine_key("r1", "bronze", "emprestimos"), "no Parquet")
    with pytest.raises(CliError, match="the rows that were set aside of emprestimos cannot be read"):
        download(aws, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_later_export_replaces_the_earlier_ones_files_and_nothing_else(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    published(aws, "r1", emprestimos=1)
    download(aws, tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    published(aws, "r2")
    download(aws, tmp_path)
    files = files_in(tmp_path)
    assert files["bronze/pedidos.parquet"] == "pedidos of r2"
    assert "quarantine/bronze/emprestimos.parquet" not in files
    assert files["mine.txt"] == "mine"


def test_a_table_in_parts_is_exported_part_by_part_and_parts_of_another_number_go(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    for parts in (3, 2):
        published(aws, f"in {parts}", parts={FACT: parts})
        download(aws, tmp_path)
        files = {name: text for name, text in files_in(tmp_path).items() if name.startswith("silver/")}
        assert files == {
            f"silver/FATO_PEDIDO_CORRELACIONADO-{part:05d}-of-{parts:05d}.parquet": f"part {part} of {parts}"
            for part in range(parts)
        }


def test_an_earlier_version_is_exported_and_so_is_one_that_a_rollback_restored(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    published(aws, "r1")
    published(aws, "r2", tables=[FACT])
    download(aws, tmp_path, 1)
    assert json.loads((tmp_path / "export.json").read_text())["version"] == 1
    assert files_in(tmp_path)["silver/FATO_PEDIDO_CORRELACIONADO.parquet"] == f"{FACT} of r1"
    download(aws, tmp_path)
    kept = json.loads((tmp_path / "export.json").read_text())
    assert (kept["version"], kept["runs"]) == (2, {"bronze": "r1", "silver": "r2", "gold": "r1", "forecast": "r1"})
    restored(aws, 1)
    download(aws, tmp_path)
    assert json.loads((tmp_path / "export.json").read_text())["version"] == 3
    assert files_in(tmp_path)["silver/FATO_PEDIDO_CORRELACIONADO.parquet"] == f"{FACT} of r1"


def test_a_version_that_is_not_there_is_a_usage_error_that_says_which_ones_are(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    for run in ("r1", "r2", "r3", "r4", "r5"):
        published(aws, run, tables=["cambio"])
    for number in (3,):
        aws.s3.delete_object(Bucket="lake", Key=layout.version_key(number))
    with pytest.raises(UsageError, match="there is no version 7: versions are 1 to 2, 4 to 5"):
        download(aws, tmp_path / "out", 7)
    assert not (tmp_path / "out").exists()


def test_files_that_are_not_what_they_were_are_all_named_and_nothing_is_written(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    published(aws, "r1", parts={FACT: 2}, emprestimos=1)
    aws.s3.delete_object(Bucket="lake", Key=layout.run_key("pedidos", "r1"))
    put(aws, layout.run_key(FACT, "r1", 1, 2), "another part")
    put(aws, layout.run_key("cambio", "r1"), "")
    with pytest.raises(CliError, match="version 1 is not what it was: ") as caught:
        download(aws, tmp_path / "out")
    for said in ("pedidos.parquet is gone", "cambio.parquet was emptied", "00001-of-00002.parquet was changed or repl"):
        assert said in caught.value.message
    assert "--version N" in caught.value.fix
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_replaced_while_it_is_downloaded_is_not_taken(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(aws)
    published(aws, "r1")
    monkeypatch.setattr(exporting, "changed", lambda *_: put(aws, layout.run_key(FACT, "r1"), "another") or [])
    with pytest.raises(CliError, match="is not the file that it was"):
        download(aws, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("key", [layout.quality_key("r1", "gold"), layout.quarantine_key("r1", "bronze", "cambio")])
def test_without_a_report_or_the_rows_set_aside_nothing_is_exported(aws: Aws, tmp_path: Path, key: str) -> None:
    deploy(aws)
    published(aws, "r1", cambio=1)
    aws.s3.delete_object(Bucket="lake", Key=key)
    with pytest.raises(CliError, match=f"{key} is gone"):
        download(aws, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_tables_that_are_not_published_are_all_named_and_nothing_is_written(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    with pytest.raises(CliError, match="nothing was published yet"):
        download(aws, tmp_path / "out")
    published(aws, "r1", tables=sorted(set(EVERY_TABLE) - {"pedidos", FACT}))
    with pytest.raises(CliError, match="version 1 has no pedidos, fato_pedido_correlacionado: not published yet"):
        download(aws, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 1}', '{"format": 2}'])
def test_a_version_that_cannot_be_read_is_one_error(aws: Aws, tmp_path: Path, content: str) -> None:
    deploy(aws)
    published(aws, "r1")
    put(aws, layout.version_key(1), content)
    with pytest.raises(CliError, match=r"lake/versions/0000000001\.json (cannot be read|has the format)"):
        download(aws, tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_a_usage_error(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
    published(aws, "r1")
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UsageError, match="cannot be written"):
        download(aws, tmp_path / "out")


def test_an_export_says_which_one_it_is_and_which_one_it_replaces(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(aws)
    published(aws, "r1")
    download(aws, tmp_path / "out")
    assert "took the place" not in capsys.readouterr().err
    kept = json.loads((tmp_path / "out/export.json").read_text("utf-8"))
    assert (kept["lake"], kept["version"]) == ("s3://lake", 1)
    assert kept["runs"] == dict.fromkeys(layout.LAYERS, "r1")
    assert sorted(kept["files"]) == sorted(set(files_in(tmp_path / "out")) - {"export.json"})
    published(aws, "r2")
    download(aws, tmp_path / "out")
    assert "took the place of an earlier export (s3://lake, version 1, run r1)" in capsys.readouterr().err


@pytest.mark.parametrize("path", ["bronze/pedidos.parquet", "silver/notes/mine.txt", "quality/gold.json"])
def test_files_that_no_export_wrote_are_left_alone_and_so_is_the_folder(aws: Aws, tmp_path: Path, path: str) -> None:
    deploy(aws)
    published(aws, "r1")
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text("mine")
    with pytest.raises(UsageError, match=f"holds files that no export wrote, or that were changed since: {path}"):
        download(aws, tmp_path)
    assert files_in(tmp_path) == {path: "mine"}


def test_an_exported_file_that_was_changed_since_is_somebodys(aws: Aws, tmp_path: Path) -> None:
    deploy(aws)
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
    deploy(aws)
    published(aws, "r1")
    download(aws, tmp_path / "out")
    before = files_in(tmp_path)
    published(aws, "r2")
    whole, seen = exporting._fetch, []

    def interrupted(*given: Any) -> None:
        seen.append(given)
        if len(seen) == 5:
            raise KeyboardInterrupt
        whole(*given)

    monkeypatch.setattr(exporting, "_fetch", interrupted)
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
    deploy(aws)
    published(aws, "r1", emprestimos=1)
    download(aws, tmp_path)
    published(aws, "r2")
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
    tables = [name for name in files if name.endswith("parquet") and not name.startswith("contract/")]
    assert {files[name].rpartition(" ")[2] for name in tables} == {"r2"}
    assert len(files) == len(EVERY_TABLE) + len(TABLES) + 3 + 1


PAGE = "<!doctype html><head><title>IMPORTAÚ Lakehouse</title></head>"


@pytest.mark.parametrize("content", [None, "", PAGE])
def test_a_portal_may_take_the_place_of_a_portal_or_of_nothing(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "portal.html").write_text(content, "utf-8")
    claim_page(tmp_path / "portal.html")


def test_a_file_that_is_no_portal_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "portal.html").write_text("<title>My notes</title>", "utf-8")
    refused = CliRunner().invoke(app, ["portal", "--local", "--output", str(tmp_path / "portal.html")])
    assert refused.exit_code == 2
    assert "is no portal: it would be overwritten" in refused.stderr
    assert (tmp_path / "portal.html").read_text("utf-8") == "<title>My notes</title>"


def test_a_portal_beside_another_runs_export_says_so(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(aws)
    published(aws, "r1")
    download(aws, tmp_path)
    warn_of_another(aws, tmp_path / "portal.html")
    assert "another export" not in capsys.readouterr().err
    published(aws, "r2")
    warn_of_another(aws, tmp_path / "portal.html")
    assert "beside it are another export's (s3://lake, version 1, run r1)" in capsys.readouterr().err
    warn_of_another(aws, tmp_path / "portal.html", 1)
    assert capsys.readouterr().err == ""
    (tmp_path / "export.json").write_text("mine")
    warn_of_another(aws, tmp_path / "portal.html")
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
