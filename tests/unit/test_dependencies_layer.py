"""functions/dependencies/layer.py, which fills the layer of dependencies, with stand-ins for uv and pip."""

import os
import re
import sys
from pathlib import Path

import pytest

from dependencies import layer

FOLDER = Path(layer.__file__).parent
SUPERFLUOUS = (
    *(
        "pyarrow/_s3fs.cpython-313-x86_64-linux-gnu.so",
        "pyarrow/libarrow_flight.so.2400",
        "pyarrow/include/arrow/api.h",
    ),
    *("numpy/linalg/tests/test_linalg.py", "numpy/__init__.pyi", "bin/f2py", "rich-1.dist-info/RECORD"),
    "rich/__pycache__/a.cpython-313.pyc",
)
NEEDED = ("pyarrow/lib.cpython-313-x86_64-linux-gnu.so", "pyarrow/libarrow_substrait.so.2400", "numpy/__init__.py")
NEEDED += ("rich-1.dist-info/METADATA",)


class Installers:
    """uv and pip that write down how they were called, and either fill the target or fail."""

    def __init__(self, home: Path) -> None:
        self.calls = home / "calls"
        files = " ".join((*SUPERFLUOUS, *NEEDED))
        for name in ("uv", "python"):
            program = home / name
            program.write_text(
                f'#!/bin/sh\necho "{name} $*" >>{self.calls}\n'
                f'if [ -e {home}/{name}-fails ]; then echo "{name} says why"; exit 2; fi\n'
                'while [ "$1" != --target ]; do shift; done\n'
                f'for file in {files}; do mkdir -p "$(dirname "$2/$file")"; echo >"$2/$file"; done\n'
            )
            program.chmod(0o755)
        self.home = home

    def fail(self, *names: str) -> None:
        for name in names:
            (self.home / f"{name}-fails").touch()


@pytest.fixture
def installers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installers:
    home = tmp_path / "bin"
    home.mkdir()
    made = Installers(home)
    monkeypatch.setenv("PATH", f"{home}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(sys, "executable", str(home / "python"))
    monkeypatch.delenv("IMPORTAU_LAYER_GLIBC", raising=False)
    return made


def built(target: str, tmp_path: Path, source: str = "bundled") -> Path:
    requirements = FOLDER / source / "requirements.txt"
    layer.main([str(FOLDER / target), str(requirements), str(tmp_path / "artifacts")])
    return tmp_path / "artifacts/python"


@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("python3.13-arm64", "--python-platform aarch64-manylinux_2_34 .* --python-version 3.13 "),
        ("python3.12-x86_64", "--python-platform x86_64-manylinux_2_34 .* --python-version 3.12 "),
    ],
)
def test_wheels_are_for_the_python_and_processor_of_the_folder_whatever_runs_this(
    installers: Installers, tmp_path: Path, target: str, options: str
) -> None:
    built(target, tmp_path)
    (call,) = installers.calls.read_text().splitlines()
    assert re.search(options, call), call
    assert "--only-binary=:all:" in call and "--require-hashes" in call and "--no-deps" in call


def test_amazon_linux_2_gets_wheels_that_it_can_load(installers: Installers, tmp_path: Path) -> None:
    built("python3.11-x86_64", tmp_path, "managed")
    assert "--python-platform x86_64-manylinux_2_17" in installers.calls.read_text()


def test_pyarrow_is_refused_where_its_wheels_cannot_be_loaded(
    installers: Installers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match=r"LayerSource=bundled is for PythonVersion=3\.12 and later"):
        built("python3.11-x86_64", tmp_path)
    assert not installers.calls.exists()
    monkeypatch.setenv("IMPORTAU_LAYER_GLIBC", "2.28")
    built("python3.11-x86_64", tmp_path)
    assert "manylinux_2_28" in installers.calls.read_text()


def test_what_no_function_needs_and_what_names_the_machine_is_left_out(installers: Installers, tmp_path: Path) -> None:
    folder = built("python3.13-x86_64", tmp_path)
    left = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert left == set(NEEDED)
    assert {file.stat().st_mtime for file in (folder, *folder.rglob("*"))} == {layer.EPOCH}


def test_where_uv_fails_pip_is_tried_with_every_platform_that_the_runtime_can_load(
    installers: Installers, tmp_path: Path
) -> None:
    installers.fail("uv")
    assert (built("python3.13-arm64", tmp_path) / "numpy/__init__.py").is_file()
    _, call = installers.calls.read_text().splitlines()
    assert call.startswith("python -m pip install")
    assert "--platform=manylinux_2_34_aarch64" in call and "--platform=manylinux2014_aarch64" in call
    assert "2_35" not in call


def test_where_there_is_no_uv_pip_does_it(
    installers: Installers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer, "find_uv", lambda: None)
    built("python3.13-x86_64", tmp_path)
    assert installers.calls.read_text().startswith("python -m pip install")


def test_when_both_fail_the_message_has_what_each_said_and_no_half_of_a_layer_is_left(
    installers: Installers, tmp_path: Path
) -> None:
    installers.fail("uv", "python")
    with pytest.raises(SystemExit) as ended:
        built("python3.13-x86_64", tmp_path)
    where = "Python 3.13 on x86_64 (glibc 2.34)"
    assert str(ended.value).splitlines() == [
        f"layer.py: no wheels for {where} could be installed; is the package index reachable?",
        "  uv: uv says why",
        "  python: python says why",
    ]
    assert not (tmp_path / "artifacts/python").exists()


def test_uv_is_that_of_path_or_that_of_an_environment_of_the_project(
    installers: Installers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert layer.find_uv() == str(installers.home / "uv")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(layer, "ROOT", tmp_path)
    assert layer.find_uv() is None
    own = tmp_path / ".venv-sam/bin/uv"
    own.parent.mkdir(parents=True)
    own.touch()
    assert layer.find_uv() == str(own)


@pytest.mark.parametrize("name", ["python3.13", "python3.13-riscv64", "managed"])
def test_another_folder_is_refused_by_name(name: str) -> None:
    with pytest.raises(SystemExit, match=f"{name} is no folder of a Python and a processor"):
        layer.target_of(name)


def test_a_requirement_may_be_for_some_pythons_only() -> None:
    text = "# why\nnumpy==1 ; python_version < '3.12'\nnumpy==2 ; python_version >= '3.12'\n\nsix==3\n"
    assert list(layer.pinned(text, "3.11")) == ["numpy==1", "six==3"]
    assert list(layer.pinned(text, "3.12")) == list(layer.pinned(text, "3.13")) == ["numpy==2", "six==3"]
    with pytest.raises(SystemExit, match="not understood"):
        list(layer.pinned("six==3 ; os_name == 'nt'", "3.13"))


def test_a_requirement_is_installed_by_the_hashes_of_the_lock_file_only() -> None:
    lock = "six==3 \\\n    --hash=sha256:a \\\n    --hash=sha256:b\nsix-more==3 ; x > '1' \\\n    --hash=sha256:c\n"
    assert list(layer.locked(["six==3", "six-more==3"], lock)) == [
        "six==3 \\\n    --hash=sha256:a \\\n    --hash=sha256:b",
        "six-more==3 \\\n    --hash=sha256:c",
    ]
    with pytest.raises(SystemExit, match=r"requirements\.lock has no six==4"):
        list(layer.locked(["six==4"], lock))
