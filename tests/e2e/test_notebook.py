"""Notebook, workbook and independent audit of a lakehouse that has run: the sample's numbers, to the cent."""

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from deployed_lakehouse import Lakehouse
from deployment import Deployment
from elsewhere import ABSENT
from lakehouse_tables import CASH_FLOW
from openpyxl import load_workbook
from outlooks import OUTLOOK

from cli import ROOT
from cli.commands.notebook import NOTEBOOK
from cli.contents.independent import PROGRAM
from cli.session import at
from cli.workbook import cash_flow, forecast
from lakehouse.contract.model import load, load_all
from lakehouse.lake.s3 import Lake
from lakehouse.versions.view import View

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def view(deployment: Deployment, csv_dir: Path) -> View:
    """Return the version that a run of the sample published."""
    lakehouse = Lakehouse(deployment)
    lakehouse.forget()
    lakehouse.upload(csv_dir)
    assert deployment.run("pipeline", force=True)["status"] == "SUCCEEDED"
    return View.of_version(Lake(deployment.bucket, at(deployment.endpoint).s3))


def importau(deployment: Deployment, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-c", "from cli.main import main; main()", *arguments, "--local"],
        cwd=ROOT, env=deployment.endpoint.process_environment() | {"IMPORTAU_HOME": str(deployment.home)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_notebook_runs_to_its_end_and_its_numbers_are_golds(
    deployment: Deployment, view: View, tmp_path: Path
) -> None:
    if not (ROOT / ".venv-notebook/.locked").exists():
        pytest.skip(f"{ABSENT}the notebook's environment: ./importau notebook makes it")
    kept, page = NOTEBOOK.read_bytes(), tmp_path / "page.html"
    ran = importau(deployment, "notebook", "--execute", "--output", str(page))
    assert ran.returncode == 0, ran.stderr
    assert kept == NOTEBOOK.read_bytes()
    html = page.read_text("utf-8")
    assert "67 meses, R$ 4.543.583,26: o Athena e o pandas dizem o mesmo" in html
    assert re.search(r"CSV: +landing/csv_exports/pagamentos\.csv, linha \d+: valor_pago_brl = \d+\.\d\d", html)
    assert html.count("data:image/png;base64,") >= 7
    assert "Traceback" not in html
    assert not re.search(r'(src|href)="https?://[^"]+\.(js|css)', html)


def test_the_workbook_reads_back_as_gold_and_the_forecast(deployment: Deployment, view: View, tmp_path: Path) -> None:
    files = [tmp_path / "one.xlsx", tmp_path / "two.xlsx"]
    for file in files:
        ran = importau(deployment, "export", "--excel", str(file))
        assert ran.returncode == 0, ran.stderr
    assert files[0].read_bytes() == files[1].read_bytes()
    book = load_workbook(files[0], data_only=True)
    total = view.read_all(OUTLOOK).to_pylist()
    total = [row for row in total if row["categoria"] is None and row["moeda_origem"] is None]
    for sheet, table, rows in (
        (book[cash_flow.NAME], CASH_FLOW, view.read_all(CASH_FLOW).to_pylist()),
        (book[forecast.NAME], OUTLOOK, total),
    ):
        names = {column.business_name.replace(" %", "\u00a0%"): column.name for column in load(table).columns}
        cells = list(sheet.iter_rows(values_only=True))
        head = next(number for number, row in enumerate(cells) if row[0] == "Mês de vencimento")
        shown = [name for name in cells[head] if name in names and names[name].endswith("_brl")]
        assert len(shown) >= 5
        for heading in shown:
            place = cells[head].index(heading)
            there = [Decimal(row[place]).quantize(Decimal("0.01")) for row in cells[head + 1 : head + 1 + len(rows)]]
            assert there == [row[names[heading]] for row in rows], heading


def test_all_rules_are_executed_by_datacontract_cli_and_agree(deployment: Deployment, view: View) -> None:
    if not PROGRAM.exists():
        pytest.skip(f"{ABSENT}datacontract-cli: ./importau audit --independent installs it")
    ran = importau(deployment, "audit", "--independent")
    assert ran.returncode == 0, ran.stderr
    rules = sum(len(contract.rules) for contract in load_all())
    assert re.search(
        rf"^{rules} of {rules} rules executed by datacontract-cli [\d.]+, {rules} agree with the audit$",
        ran.stdout, re.MULTILINE,
    )  # fmt: skip
