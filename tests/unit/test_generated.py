"""What is derived and committed says what its sources say; one command mends it."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli import ROOT
from cli.generated import permissions_page
from cli.generated.files import files
from cli.generated.marked import regenerated
from cli.generated.template import template
from cli.main import app
from lakehouse.contract.layers import text_of
from lakehouse.errors import ContractError

pytestmark = pytest.mark.once

MEND = "mend it with `./importau generate`"
DERIVED = dict(files(ROOT, get_command(app)))


@pytest.mark.parametrize("path", DERIVED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_derived_file_is_as_its_sources_say(path: Path) -> None:
    assert path.read_text("utf-8") == DERIVED[path], f"{path.relative_to(ROOT)} is stale: {MEND}"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a copy of what is derived, in which the command writes."""
    copytree(ROOT / "docs", tmp_path / "docs", ignore=ignore_patterns("images"))
    copytree(ROOT / "glue", tmp_path / "glue")
    copytree(ROOT / "bench", tmp_path / "bench", ignore=ignore_patterns("__pycache__"))
    for path, text in DERIVED.items():
        (tmp_path / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path.relative_to(ROOT)).write_text(text, "utf-8")
    for folder in ("functions", "tests", "cli", "statemachine", "csv_exports"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.setattr("cli.commands.generate.ROOT", tmp_path)
    yield tmp_path


def generated() -> Any:
    return CliRunner().invoke(app, ["generate"])


def test_the_command_writes_what_is_stale_and_says_which_files(copy: Path) -> None:
    for name in ("template.yaml", "bench/tables.json", "docs/commands.md", "docs/permissions.md"):
        text = (copy / name).read_text("utf-8")
        (copy / name).write_text(text.replace("importau_bronze", "x").replace("pedidos", "y").replace("glue:", "z"))
    said = generated().stdout.splitlines()
    assert said[-1] == f"{len(DERIVED)} files are as their sources say"
    assert {"template.yaml", "bench/tables.json", "docs/permissions.md"} <= {
        line.removesuffix(" written") for line in said[:-1]
    }
    assert generated().stdout.splitlines() == said[-1:]


def test_rules_are_compiled_before_a_contract_is_read(copy: Path) -> None:
    stale = copy / "glue/contracts/compiled/cambio.json"
    stale.write_text("{}", "utf-8")
    said = generated().stdout.splitlines()
    assert said[0] == "glue/contracts/compiled/cambio.json written"
    assert stale.read_text("utf-8") == DERIVED[ROOT / "glue/contracts/compiled/cambio.json"]


def test_sql_that_cannot_be_compiled_is_refused_with_its_file_line_and_column(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = text_of("cambio")
    wrong = whole.replace("WHERE taxa_compra <= 0", "WHERE SQRT(taxa_compra) <= 0")
    wrong = wrong.replace("WHERE taxa_venda <= 0", "WHERE taxa_venda / 2 <= 0")
    monkeypatch.setattr(
        "lakehouse.contract.layers.text_of", lambda table: wrong if table == "cambio" else text_of(table)
    )
    refused = generated()
    assert refused.exit_code == 1
    for what, says in (("SQRT", "SQRT has no kernel"), ("taxa_venda / 2", "a division is no exact decimal")):
        before, _, _ = wrong.partition(what)
        line, column = before.count("\n") + 1, len(before) - before.rindex("\n")
        assert f"glue/contracts/bronze/cambio.odcs.yaml:{line}:{column}: rule" in refused.stderr
        assert says in refused.stderr


def test_a_page_that_names_what_is_nowhere_is_refused_and_nothing_is_written(copy: Path) -> None:
    (copy / "docs/tour.md").write_text("[`silver.app.gone`]()", "utf-8")
    (copy / "bench/tables.json").write_text("{}", "utf-8")
    refused = generated()
    assert refused.exit_code == 1
    assert "docs/tour.md names what is nowhere in the code: silver.app.gone" in refused.stderr
    assert (copy / "bench/tables.json").read_text("utf-8") == "{}"


@pytest.mark.parametrize("marked", ["# generated: machin bronze", "# generated: machine bronz"])
def test_a_part_of_the_template_that_nothing_generates_is_refused(marked: str) -> None:
    with pytest.raises(ContractError, match="is unknown; use machine, audit, pipeline, crawler"):
        template(f"  {marked}\n  # generated: end\n")


def test_what_stands_around_a_generated_part_stays() -> None:
    text = "a: 1\n    # generated: crawler silver\n    - old\n    # generated: end\nb: 2\n"
    made = template(text)
    assert made.startswith("a: 1\n    # generated: crawler silver\n    - Path: !Sub")
    assert made.endswith("\n    # generated: end\nb: 2\n")
    assert template(made) == made


def test_a_part_of_the_page_of_permissions_that_nothing_generates_is_a_fault() -> None:
    with pytest.raises(AssertionError, match="no part is called weather"):
        regenerated("<!-- generated: weather -->\n<!-- end -->", permissions_page.parts())
