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
from lakehouse.errors import ContractError

MEND = "mend it with `./importau generate`"
DERIVED = dict(files(ROOT, get_command(app)))


@pytest.mark.parametrize("path", DERIVED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_derived_file_is_as_its_sources_say(path: Path) -> None:
    assert path.read_text("utf-8") == DERIVED[path], f"{path.relative_to(ROOT)} is stale: {MEND}"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a copy of what is derived, in which the command writes."""
    copytree(ROOT / "docs", tmp_path / "docs", ignore=ignore_patterns("images"))
    for path, text in DERIVED.items():
        (tmp_path / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path.relative_to(ROOT)).write_text(text, "utf-8")
    for folder in ("functions", "glue", "tests", "cli", "statemachine", "csv_exports"):
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
