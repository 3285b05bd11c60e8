"""The file system of a Lambda on this machine: `/var/task`, `/opt/python` and `/var/runtime`, and nothing else.

Packages are links into the environment that runs the tests, so making one is fast. A package that no layer contains has
no link, and importing it fails as on AWS.
"""

import shutil
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

from lambda_layers import ABSENT_MODULES, ROOT, RUNTIME, distributions, managed

_RUNTIME: Final = ("lambda_bootstrap.py", "cold_bootstrap.py", "lambda_layers.py")


@dataclass(frozen=True)
class LambdaFilesystem:
    """A folder with everything that a function can import.

    Attributes
    ----------
    root : Path
        With `task`, `opt/python` and `runtime` in it.
    """

    root: Path

    @property
    def task(self) -> Path:
        """What is /var/task on AWS: a function's code."""
        return self.root / "task"

    @property
    def opt(self) -> Path:
        """What is /opt/python on AWS: what the layers bring."""
        return self.root / "opt/python"

    @property
    def runtime(self) -> Path:
        """What is /var/runtime on AWS."""
        return self.root / "runtime"

    @property
    def path(self) -> tuple[Path, ...]:
        """The places where a function's imports are looked up, first to last."""
        return (self.task, self.opt, self.runtime)


def make(root: Path, task: Path, layers: tuple[Path, ...], *, bundled: bool = False) -> LambdaFilesystem:
    """Make a Lambda's file system.

    Parameters
    ----------
    root : Path
        The folder to make it in.
    task : Path
        The function's code, as `sam build` leaves it.
    layers : tuple of Path
        The project's own layers, as `sam build` leaves them: each with a folder `python`.
    bundled : bool
        Whether these bring all that the functions import, and there are no managed layers.
    """
    filesystem = LambdaFilesystem(root)
    for folder in (filesystem.opt, filesystem.runtime):
        folder.mkdir(parents=True)
    filesystem.task.symlink_to(task.resolve())
    for name in distributions(RUNTIME if bundled else managed()):
        _link(name, filesystem.runtime if bundled else filesystem.opt)
    for layer in layers:
        for entry in (layer / "python").iterdir():
            (filesystem.opt / entry.name).symlink_to(entry.resolve())
    for program in _RUNTIME:
        shutil.copy(ROOT / "tests/support" / program, filesystem.runtime)
    return filesystem


def _link(name: str, folder: Path) -> None:
    package = distribution(name)
    for top in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
        source = Path(str(package.locate_file(top)))
        if top == "pyarrow":
            _link_without_what_is_absent(source, folder / top)
        else:
            (folder / top).symlink_to(source)


def _link_without_what_is_absent(source: Path, target: Path) -> None:
    target.mkdir()
    for entry in source.iterdir():
        if entry.name.partition(".")[0] not in (*ABSENT_MODULES, "__pycache__", "include", "src", "includes"):
            (target / entry.name).symlink_to(entry)
