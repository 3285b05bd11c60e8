"""`./importau demo` as a person runs it: from nothing to ten files, and nothing left running."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli import ROOT
from cli.embedded.server import EmbeddedAws

pytestmark = pytest.mark.e2e


def importau(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-c", "from cli.main import main; main()", *arguments],
        cwd=ROOT,
        env=os.environ | {"IMPORTAU_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_demo_ends_with_ten_files_and_leaves_a_lakehouse_that_comes_up_again(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    demo = importau(home, "demo", "--export", str(out))
    assert demo.returncode == 0, demo.stderr
    assert "taking the CSVs in csv_exports" in demo.stderr
    assert len(list(out.glob("[bsg]*/*.parquet"))) == 10
    assert "agregado_fluxo_de_caixa_mensal" in (out / "portal.html").read_text("utf-8")
    assert sorted(str(file.relative_to(out)) for file in out.glob("quarantine/**/*.parquet")) == [
        "quarantine/bronze/emprestimos.parquet", "quarantine/silver/fato_pedido_correlacionado.parquet"
    ]  # fmt: skip
    assert re.search(r"^ *emprestimos +11 +1 +", demo.stdout, re.MULTILINE)
    assert re.search(r"fato_pedido_correlacionado +765 +1 +", demo.stdout)
    server = EmbeddedAws(home / "aws")
    assert server.status() is None

    try:
        assert importau(home, "local", "up").returncode == 0
        again = importau(home, "run", "gold", "--force", "--local")
        assert again.returncode == 0, again.stderr
        assert re.search(r"agregado_fluxo_de_caixa_mensal +247 +0 +", again.stdout)
        exported = importau(home, "export", "--local", str(tmp_path / "again"))
        assert exported.returncode == 0, exported.stderr
        before, after = ({file.relative_to(folder): file.read_bytes() for file in folder.glob("gold/*")}
                         for folder in (out, tmp_path / "again"))  # fmt: skip
        assert before == after
    finally:
        assert importau(home, "local", "down").returncode == 0
    assert server.status() is None
