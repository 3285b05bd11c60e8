"""The portal in a real browser, with what the sample gives."""

import copy
import fcntl
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deployed_lakehouse import Lakehouse
from deployment import deployed
from playwright.sync_api import Page

from cli.portal.document import gather
from cli.portal.page import filled, template
from cli.session import at

Open = Callable[..., Page]
_LOCAL = ("file:", "data:", "blob:")


@pytest.fixture(scope="session")
def _lakehouse(tmp_path_factory: pytest.TempPathFactory, csv_dir: Path, worker_id: str) -> Any:
    """Return the document of a lakehouse that ran twice on the sample; made once, however many workers ask."""
    home = tmp_path_factory.getbasetemp()
    shared = home if worker_id == "master" else home.parent
    file = shared / "portal.json"
    with (shared / "portal.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            with deployed(home / "portal", "importau-lakehouse-portal") as deployment:
                Lakehouse(deployment).upload(csv_dir)
                for _ in range(2):
                    assert deployment.run("pipeline", force=True)["status"] == "SUCCEEDED"
                file.write_text(json.dumps(gather(at(deployment.endpoint), datetime.now(UTC))))
    return json.loads(file.read_text())


@pytest.fixture
def lakehouse(_lakehouse: Any) -> Any:
    """Return the document, to be changed at will."""
    return copy.deepcopy(_lakehouse)


@pytest.fixture
def portal(page: Page, lakehouse: Any, tmp_path: Path) -> Iterator[Open]:
    """Open the page of a document (the real one by default) from a file, at an address; it must not complain."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(("file:", "data:", "blob:")) else complaints.append(asked.url),
    )

    def open_(address: str = "#/", document: Any = None) -> Page:
        file = tmp_path / "portal.html"
        file.write_text(filled(template(), document or lakehouse), encoding="utf-8")
        page.goto(file.as_uri() + address)
        page.get_by_role("navigation").first.wait_for()
        return page

    yield open_
    assert complaints == []
