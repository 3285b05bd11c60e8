"""The notebook as it is kept, and the command that opens it or runs it to a page."""

import ast
import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from facts import fact_of
from lakehouse_tables import CASH_FLOW, FACT
from layers import cash_flow
from published import publish
from small_lake import account, deploy
from typer.testing import CliRunner

from cli.commands import notebook as command
from cli.main import app
from cli.session import Aws
from lakehouse.lake.s3 import Lake

KEPT = json.loads(command.NOTEBOOK.read_text("utf-8"))
CODE = "\n".join("".join(cell["source"]) for cell in KEPT["cells"] if cell["cell_type"] == "code")
# What stands for Jupyter's Python: it says how it was called, and writes the page where there is one to write.
PYTHON = """#!/usr/bin/env python3
import os, pathlib, sys
if os.environ.get("FAILS"):
    print("Traceback ...\\nNoFilesFound: nothing there", file=sys.stderr)
    sys.exit(1)
arguments = sys.argv[1:]
folder, name = (arguments[arguments.index(option) + 1] for option in ("--output-dir", "--output"))
pathlib.Path(folder, name).write_text("<html><head><title>exploracao</title>" + os.environ["IMPORTAU_STACK"])
"""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    environment = tmp_path / "environment"
    (environment / "bin").mkdir(parents=True)
    python = environment / "bin/python"
    python.write_text(PYTHON)
    # The options for a real Python come first; a script takes them as its own.
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(command, "_ENVIRONMENT", environment)
    monkeypatch.chdir(tmp_path)
    with account(monkeypatch) as found:
        deploy(found)
        monkeypatch.setattr(command, "connect", lambda *_: found)
        yield found


@pytest.fixture
def lake(aws: Aws) -> Lake:
    lake = Lake(aws.bucket, aws.s3)
    fact = fact_of([{}])
    publish(lake, {FACT: fact, CASH_FLOW: cash_flow(fact)}, "r1")
    return lake


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["notebook", *arguments])


def test_it_is_kept_without_outputs_and_counts_so_that_running_it_changes_nothing() -> None:
    for cell in KEPT["cells"]:
        assert cell["metadata"] == {}
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert len({cell["id"] for cell in KEPT["cells"]}) == len(KEPT["cells"])
    assert set(KEPT["metadata"]) == {"kernelspec", "language_info"}
    assert set(KEPT["metadata"]["language_info"]) == {"name"}


def test_it_reads_by_awswrangler_from_the_files_the_catalogue_and_athena_and_writes_nothing() -> None:
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(CODE)) if isinstance(node, ast.Call)}
    of_the_sdk = {call for call in calls if call.startswith(("wr.", "s3.", "boto3."))}
    assert of_the_sdk == {
        "wr.s3.list_objects", "wr.s3.read_parquet", "wr.catalog.tables", "wr.catalog.table", "wr.athena.read_sql_query",
        "boto3.client", "s3.get_object", "s3.get_object(Bucket=bucket, Key=chave, **qual)['Body'].read",
        "boto3.client('cloudformation').describe_stacks",
    }  # fmt: skip


def test_it_asks_five_questions_with_a_picture_each() -> None:
    text = "\n".join("".join(cell["source"]) for cell in KEPT["cells"] if cell["cell_type"] == "markdown")
    questions = re.findall(r"^### (\w+): .+\?$", text, re.MULTILINE)
    assert questions == ["Primeira", "Segunda", "Terceira", "Quarta", "Quinta"]
    assert CODE.count("plt.show()") >= 5 + 2


def test_it_is_run_to_a_page_on_the_lakehouse_that_was_named(lake: Lake, tmp_path: Path) -> None:
    result = run("--execute", "--output", "new/page.html")
    assert result.exit_code == 0, result.output
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["page.html"]
    assert (tmp_path / "new/page.html").read_text().endswith("<title>exploracao</title>importau")
    assert run("--execute", "--output", "new/page.html").exit_code == 0  # a page replaces a page


def test_a_notebook_that_stops_says_why_and_leaves_the_earlier_page(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("--execute", "--output", "page.html").exit_code == 0
    earlier = (tmp_path / "page.html").read_bytes()
    monkeypatch.setenv("FAILS", "1")
    result = run("--execute", "--output", "page.html")
    assert result.exit_code == 1
    assert "the notebook stopped: NoFilesFound: nothing there" in result.stderr
    assert (tmp_path / "page.html").read_bytes() == earlier
    assert not list(tmp_path.glob(".*.html"))


def test_another_file_is_not_overwritten(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "mine.html").write_text("mine")
    result = run("--execute", "--output", "mine.html")
    assert result.exit_code == 2
    assert "is no page of the notebook" in result.stderr
    assert (tmp_path / "mine.html").read_text() == "mine"


def test_where_nothing_was_published_there_is_nothing_to_explore(aws: Aws) -> None:
    result = run()
    assert result.exit_code == 1
    assert "nothing was published yet" in result.stderr


def test_without_its_environment_it_says_who_makes_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(command, "_ENVIRONMENT", tmp_path)
    result = run()
    assert result.exit_code == 1
    assert "The launcher makes it" in result.stderr


def test_jupyter_opens_a_copy_for_this_machine_alone_and_a_copy_that_is_there_stays(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda _, command, environment: opened.append((command, environment)))
    assert run().exit_code == 0
    copy = tmp_path / "out/exploracao.ipynb"
    assert copy.read_bytes() == command.NOTEBOOK.read_bytes()
    line, environment = opened[0]
    assert line[3:6] == ["-m", "jupyterlab", str(copy)]
    assert "--ServerApp.ip=127.0.0.1" in line
    assert (environment["IMPORTAU_STACK"], environment["AWS_DEFAULT_REGION"]) == ("importau", "us-east-1")
    copy.write_text("mine")
    assert "is yours" in run().stderr
    assert copy.read_text() == "mine"
