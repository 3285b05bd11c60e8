"""The controller's twelve questions: queries, workbook, portal and docs/perguntas.md say the same, to the cent."""

import json
from pathlib import Path
from typing import Any

import pytest
import twelve
import twelve_on_page
from deployed_lakehouse import Lakehouse
from deployment import Deployment
from playwright.sync_api import Page
from typer.testing import CliRunner

from cli.commands import export, portal, query
from cli.main import app
from cli.querying.named import TWELVE, named
from cli.session import at

pytestmark = pytest.mark.e2e
MOST_CLICKS = 2
DOCUMENTED = twelve.documented()


@pytest.fixture(scope="module")
def importau(deployment: Deployment, csv_dir: Path) -> Any:
    """Return the commands, for a lakehouse that ran on the sample once."""
    lakehouse = Lakehouse(deployment)
    lakehouse.forget()
    lakehouse.upload(csv_dir)
    assert deployment.run("pipeline", force=True)["status"] == "SUCCEEDED"
    aws = at(deployment.endpoint)

    def typed(*arguments: str) -> str:
        with pytest.MonkeyPatch.context() as patched:
            for command in (export, portal, query):
                patched.setattr(command, "connect", lambda *_: aws)
            ran = CliRunner().invoke(app, [*arguments, "--local"])
        assert ran.exit_code == 0, ran.output
        return ran.stdout

    return typed


@pytest.fixture(scope="module")
def by_queries(importau: Any) -> dict[str, list[twelve.Value]]:
    answers = {name: json.loads(importau("query", name, "--json"))["rows"] for name in TWELVE}
    return dict(zip(TWELVE, twelve.by_queries(answers.__getitem__), strict=True))


@pytest.fixture(scope="module")
def portal_page(importau: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("portal") / "portal.html"
    importau("portal", "--output", str(file))
    return file.as_uri()


def test_the_page_has_the_answers_of_the_queries(by_queries: dict[str, list[twelve.Value]]) -> None:
    assert [each.query for each in DOCUMENTED] == list(TWELVE)
    assert [each.question for each in DOCUMENTED] == [named()[name].question for name in TWELVE]
    assert twelve.differences(by_queries, {each.query: each.values for each in DOCUMENTED}) == {}
    assert all(by_queries.values())


def test_the_workbook_has_the_answers_of_the_queries(
    importau: Any, tmp_path: Path, by_queries: dict[str, list[twelve.Value]]
) -> None:
    importau("export", "--excel", str(tmp_path / "importau.xlsx"))
    asked = twelve.in_workbook((tmp_path / "importau.xlsx").read_bytes())
    assert [(each.question, each.query) for each in asked] == [(each.question, each.query) for each in DOCUMENTED]
    assert twelve.differences(by_queries, {each.query: each.values for each in asked}) == {}
    also = [each.sheet.replace("só em Perguntas", "só aqui") for each in DOCUMENTED]
    assert [each.sheet for each in asked] == also


@pytest.mark.parametrize("number", range(len(TWELVE)), ids=TWELVE)
def test_the_portal_has_the_answer_within_two_clicks(
    page: Page, portal_page: str, by_queries: dict[str, list[twelve.Value]], number: int
) -> None:
    page.goto(portal_page)
    page.get_by_role("navigation").first.wait_for()
    clicks = DOCUMENTED[number].clicks
    assert len(clicks) <= MOST_CLICKS
    for name, panel in clicks:
        twelve_on_page.click(page, name, panel)
    shown = twelve_on_page.READERS[number](page)
    assert twelve.equal(shown, by_queries[TWELVE[number]]), (shown, by_queries[TWELVE[number]])
