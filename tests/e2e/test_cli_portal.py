"""`./importau portal` against a lakehouse that has run: as a file, served, published."""

import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from deployed_lakehouse import Lakehouse
from deployment import Deployment
from typer.testing import CliRunner

from cli.commands import portal as command
from cli.main import app
from cli.portal import serving
from cli.session import Aws, at
from lakehouse.lake import layout

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def aws(deployment: Deployment, csv_dir: Path) -> Aws:
    lakehouse = Lakehouse(deployment)
    lakehouse.forget()
    lakehouse.upload(csv_dir)
    assert deployment.run("pipeline", force=True)["status"] == "SUCCEEDED"
    return at(deployment.endpoint)


@pytest.fixture
def importau(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(command, "connect", lambda *_: aws)
    return lambda *arguments: CliRunner().invoke(app, ["portal", "--local", *map(str, arguments)])


def get(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_page_is_a_file_and_the_same_lakehouse_gives_the_same_page(importau: Any, tmp_path: Path) -> None:
    pages = []
    for name in ("a.html", "b.html"):
        ran = importau("--output", tmp_path / name)
        assert ran.exit_code == 0, ran.output
        pages.append(re.sub(r'"generated_at":"[^"]*"', "", (tmp_path / name).read_text("utf-8")))
    assert pages[0] == pages[1]
    assert '"id":"importau_gold.agregado_fluxo_de_caixa_mensal"' in pages[0]


def test_a_published_page_is_reached_by_its_link(importau: Any, aws: Aws, tmp_path: Path) -> None:
    ran = importau("--publish", "--output", tmp_path / "x.html")
    assert ran.exit_code == 0, ran.output
    kept = aws.s3.get_object(Bucket=aws.bucket, Key=layout.PORTAL_KEY)
    assert kept["ContentType"] == "text/html; charset=utf-8"
    assert kept["Body"].read().decode() == (tmp_path / "x.html").read_text("utf-8")
    link = re.search(r"https?://\S+", ran.stdout)
    assert link is not None
    assert get(link[0]) == (200, (tmp_path / "x.html").read_text("utf-8"))


def test_it_is_served_or_published_not_both(importau: Any) -> None:
    assert importau("--serve", "--publish").exit_code == 2


@pytest.fixture
def address(aws: Aws) -> Iterator[str]:
    with ThreadingHTTPServer((serving.HOST, 0), serving.handler(aws)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://{serving.HOST}:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_served_page_is_read_anew_and_only_by_this_machine(address: str) -> None:
    status, page = get(address)
    assert status == 200
    assert '"id":"importau_gold.agregado_fluxo_de_caixa_mensal"' in page
    assert get(address + "etc/passwd")[0] == 404
    assert get(address, Host="elsewhere.example")[0] == 403


def test_where_the_lakehouse_cannot_be_read_the_served_page_says_why(deployment: Deployment) -> None:
    gone = at(deployment.endpoint, "no-such-stack")
    with ThreadingHTTPServer((serving.HOST, 0), serving.handler(gone)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        status, said = get(f"http://{serving.HOST}:{server.server_port}/")
        server.shutdown()
        thread.join()
    assert status == 503
    assert "the stack no-such-stack is not deployed" in said
