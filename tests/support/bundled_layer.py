"""The layer of all that the functions import, as `make` builds it for `sam build`."""

import os
import platform
import subprocess
import sys
from pathlib import Path

from lambda_layers import ROOT

_PROCESSOR = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
OWN = f"python3.{sys.version_info.minor}-{_PROCESSOR}"


def bundled_layer(artifacts: Path, target: str = OWN, root: Path = ROOT) -> Path:
    """Build the layer for a Python and processor, which need not be those of this machine, and return its folder.

    Parameters
    ----------
    artifacts : Path
        The folder to make, as SAM names it.
    target : str
        Such as ``python3.13-arm64``.
    root : Path
        The project.
    """
    folder = root / "functions/dependencies"
    # Lambda's Python 3.11 has too old a glibc for pyarrow's wheels; this machine is none of Lambda's.
    glibc = {"IMPORTAU_LAYER_GLIBC": "2.28"} if target.startswith("python3.11-") else {}
    process = subprocess.run(
        ["make", "--makefile", str(folder / target / "Makefile"), "build-DependenciesLayer"],
        cwd=folder / "bundled", env={**os.environ, "ARTIFACTS_DIR": str(artifacts), **glibc},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return artifacts
