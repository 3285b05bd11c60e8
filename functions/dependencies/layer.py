"""Fill the layer of dependencies with wheels for one Python and processor, whichever Python and machine run this.

`sam build` runs it through the Makefile of the folder that is named after Python and processor::

    layer.py PYTHON-PROCESSOR REQUIREMENTS ARTIFACTS

It needs uv or pip, and any Python from 3.9 on: a machine with nothing but the SAM CLI has those.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# The glibc of a runtime: Python 3.11 runs on Amazon Linux 2 (2.26), later ones on Amazon Linux 2023 (2.34).
GLIBC = {"3.11": "2.17"}
NEWER_GLIBC = "2.34"
PYARROW_GLIBC = "2.28"
OLDEST_MANYLINUX = 17

# What the functions never use, as AWS's own layer shows, which lacks it, and what only builds against the wheels need.
SUPERFLUOUS = (
    *(f"pyarrow/_{name}.*" for name in ("azurefs", "cuda", "dataset_orc", "flight", "gcsfs", "hdfs", "orc", "s3fs")),
    *(f"pyarrow/{name}.*" for name in ("_substrait", "_pyarrow_cpp_tests", "flight", "orc", "substrait", "gandiva")),
    *("pyarrow/libarrow_flight*", "pyarrow/libarrow_python_flight*", "pyarrow/*_cpp_tests.*"),
    *("pyarrow/libarrow_python*.so", "pyarrow/libarrow_python*.so.*.*.*"),  # each is there a third time, as .so.2400
    *(
        "pyarrow/include",
        "pyarrow/includes",
        "pyarrow/src",
        "pyarrow/tests",
        "pyarrow/*.p[xy][dxi]",
        "pyarrow/**/*.pyi",
    ),
    *("pandas/tests", "pandas/**/*.pxd", "pandas/**/*.pyx", "pandas/_libs/include"),
    *("numpy/**/tests", "numpy/_core/include", "numpy/_core/lib", "numpy/f2py", "**/*.pyi", "bin"),
    # These name the machine and the tool of the build.
    *(f"*.dist-info/{name}" for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")),
    *(".lock", "**/__pycache__"),
)
EPOCH = 315532800  # 1980-01-01, the first day that a zip file knows


def main(arguments: Sequence[str]) -> None:
    """Fill ``ARTIFACTS/python``."""
    folder, file, artifacts = (Path(argument) for argument in arguments)
    python, machine = target_of(folder.resolve().name)
    requirements = list(pinned(file.read_text("utf-8"), python))
    glibc = os.environ.get("IMPORTAU_LAYER_GLIBC") or GLIBC.get(python, NEWER_GLIBC)
    if glibc < PYARROW_GLIBC and any(line.startswith("pyarrow==") for line in requirements):
        fail(
            f"LayerSource=bundled is for PythonVersion=3.12 and later: Python {python} runs on Amazon Linux 2, "
            f"which lacks the glibc {PYARROW_GLIBC} that the wheels of pyarrow need"
        )
    layer = artifacts / "python"
    with tempfile.TemporaryDirectory() as scratch:
        with_hashes = Path(scratch) / "requirements.txt"
        lines = locked(requirements, (ROOT / "requirements.lock").read_text("utf-8"))
        with_hashes.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        install(with_hashes, layer, python, machine, glibc)
    thin(layer)


def target_of(name: str) -> tuple[str, str]:
    """Split ``python3.13-arm64`` into the Python and the processor, as wheels name it."""
    match = re.fullmatch(r"python(3\.\d+)-(\w+)", name)
    if match is None or match[2] not in MACHINES:
        fail(f"{name} is no folder of a Python and a processor, such as python3.13-arm64")
    return match[1], MACHINES[match[2]]


def pinned(text: str, python: str) -> Iterator[str]:
    """Yield a Python's requirements as ``name==version``; the only marker that they may have is ``python_version``."""
    for line in text.splitlines():
        requirement, _, marker = (part.strip() for part in line.partition(";"))
        if not requirement or requirement.startswith("#"):
            continue
        condition = re.fullmatch(r"python_version (<|>=) '3\.(\d+)'", marker)
        if marker and condition is None:
            fail(f"the marker of `{line}` is not understood")
        older = condition is not None and int(python.partition(".")[2]) < int(condition[2])
        if condition is None or older == (condition[1] == "<"):
            yield requirement


def locked(requirements: Iterable[str], lock: str) -> Iterator[str]:
    """Yield the requirements with their hashes from the lock file."""
    for requirement in requirements:
        match = re.search(rf"^{re.escape(requirement)}(?: ;[^\\\n]*)?((?: \\\n    --hash=\S+)+)", lock, re.MULTILINE)
        if match is None:
            fail(f"requirements.lock has no {requirement}")
        yield requirement + match[1]


def install(requirements: Path, layer: Path, python: str, machine: str, glibc: str) -> None:
    """Install wheels without building any: with uv, which is fast, or else pip, which may know proxies and mirrors."""
    common = ["--quiet", "--target", str(layer), "--python-version", python, "--only-binary=:all:", "--no-deps"]
    common += ["--require-hashes", "-r", str(requirements)]
    failures = []
    uv = find_uv()
    if uv is not None:
        platform = f"{machine}-manylinux_{glibc.replace('.', '_')}"
        attempt = [uv, "pip", "install", "--python", sys.executable, "--python-platform", platform, "--link-mode=copy"]
        failures.append(run([*attempt, *common]))
    if uv is None or failures[-1]:
        shutil.rmtree(layer, ignore_errors=True)
        minors = range(int(glibc.partition(".")[2]), OLDEST_MANYLINUX - 1, -1)
        platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in minors]
        platforms.append(f"--platform=manylinux2014_{machine}")
        # pip would ask the Python that runs it, which is not the target; the versions are those of the lock file.
        attempt = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--ignore-requires-python"]
        failures.append(run([*attempt, "--no-compile", "--implementation=cp", *platforms, *common]))
    if failures[-1]:
        shutil.rmtree(layer, ignore_errors=True)
        where = f"Python {python} on {machine} (glibc {glibc})"
        fail("\n".join([f"no wheels for {where} could be installed; is the package index reachable?", *failures]))


def find_uv() -> str | None:
    """Return the uv on PATH, or the one that the launcher installed in an environment of the project."""
    return shutil.which("uv") or next((str(uv) for uv in sorted(ROOT.glob(".venv*/bin/uv"))), None)


def run(command: Sequence[str]) -> str:
    """Run an installer; return the end of its output when it failed, otherwise an empty text."""
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    output = [line for line in process.stdout.splitlines() if line.strip()] or [f"exit code {process.returncode}"]
    return "\n".join(f"  {Path(command[0]).name}: {line}" for line in output[-3:]) if process.returncode else ""


def thin(layer: Path) -> None:
    """Delete what the functions do not need, and what would make two builds of the same layer differ."""
    for pattern in SUPERFLUOUS:
        for entry in list(layer.glob(pattern)):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink(missing_ok=True)
    for entry in (layer, *layer.rglob("*")):
        os.utime(entry, (EPOCH, EPOCH))


def fail(message: str) -> NoReturn:
    """End with one message."""
    sys.exit(f"layer.py: {message}")


if __name__ == "__main__":
    main(sys.argv[1:])
