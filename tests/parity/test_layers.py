"""The layer of dependencies for every Python and processor that can be asked for, whatever machine builds it."""

import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from bundled_layer import bundled_layer
from lambda_layers import ROOT, UNZIPPED_LIMIT

pytestmark = [
    pytest.mark.parity,
    pytest.mark.skipif(shutil.which("make") is None, reason="no `make`: no layer is built"),
]

TARGETS = [f"python{python}-{processor}" for python in ("3.12", "3.13") for processor in ("x86_64", "arm64")]
MACHINE = {"x86_64": b"\x3e\x00", "arm64": b"\xb7\x00"}  # e_machine of an ELF file


def files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def fingerprint(folder: Path) -> str:
    told = [f"{file.relative_to(folder)} {sha256(file.read_bytes()).hexdigest()}" for file in files(folder)]
    return sha256("\n".join(told).encode()).hexdigest()


def own_bytes() -> int:
    folders = (ROOT / "functions", ROOT / "glue")
    return sum(file.stat().st_size for folder in folders for file in files(folder) if "__pycache__" not in file.parts)


@pytest.mark.parametrize("target", TARGETS)
def test_a_bundled_layer_is_of_what_was_asked_for_and_fits_with_the_functions(target: str, tmp_path: Path) -> None:
    python, _, processor = target.removeprefix("python3.").partition("-")
    layer = bundled_layer(tmp_path / "artifacts", target)
    compiled = [file for file in files(layer) if ".so" in file.suffixes]
    assert {file.read_bytes()[18:20] for file in compiled} == {MACHINE[processor]}
    tags = {file.name.split(".")[1].split("-")[1] for file in compiled if ".cpython-" in file.name}
    assert tags == {f"3{python}"}
    total = own_bytes() + sum(file.stat().st_size for file in files(layer))
    print(f"{target}: {total:,} of {UNZIPPED_LIMIT:,} bytes")
    assert 100_000_000 < total < UNZIPPED_LIMIT * 0.8


def test_the_same_input_gives_the_same_layer_with_uv_and_with_pip_and_in_a_folder_with_a_space_and_an_accent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = "python3.13-x86_64"
    with_uv = fingerprint(bundled_layer(tmp_path / "uv", target))
    clone = tmp_path / "um clone à parte"
    shutil.copytree(ROOT / "functions/dependencies", clone / "functions/dependencies")
    shutil.copy(ROOT / "requirements.lock", clone)
    broken = tmp_path / "bin/uv"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv(
        "PATH", os.pathsep.join([str(broken.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    assert fingerprint(bundled_layer(clone / "artifacts", target, clone)) == with_uv
