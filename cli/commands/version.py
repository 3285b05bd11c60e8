"""`importau version`: the versions in use, for the report of a problem."""

import json
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Final

from cli import ROOT, __version__, options

_PACKAGES: Final = ("pyarrow", "pandas", "awswrangler", "boto3", "ministack")
# The SAM CLI and the AWS CLI live in an environment of their own.
_TOOLS: Final = ("aws-sam-cli", "awscli")
_UNKNOWN: Final = "unknown"


def version(as_json: options.Json = False) -> None:
    """Print the version, the commit, Python and the main packages."""
    facts = {
        "importau": __version__,
        "commit": commit(ROOT),
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
        **{package: installed(package) for package in _PACKAGES},
        **{tool: installed(tool, ROOT / ".venv-sam") for tool in _TOOLS},
    }
    if as_json:
        print(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    width = max(map(len, facts))
    for name, fact in facts.items():
        print(f"{name.ljust(width)}  {fact}")


def commit(folder: Path) -> str:
    """Return the commit that a folder is a checkout of, with ``+`` where the tree is changed; ``unknown`` without git.

    Parameters
    ----------
    folder : Path
        The top of the checkout; a repository that contains it does not count.
    """
    try:
        top = _git(folder, "rev-parse", "--show-toplevel").stdout.strip()
        described = _git(folder, "rev-parse", "--short=12", "HEAD").stdout.strip()
        changed = _git(folder, "status", "--porcelain").stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return _UNKNOWN
    if Path(top).resolve() != folder.resolve():
        return _UNKNOWN
    return f"{described}{'+' if changed else ''}"


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)


def installed(package: str, environment: Path | None = None) -> str:
    """Return the version of a package, in this environment or another one; ``not installed`` without it."""
    try:
        if environment is None:
            return version_of(package)
        places = [str(place) for place in environment.glob("lib/python*/site-packages")]
        return next(iter(_versions(package, places)), "not installed")
    except PackageNotFoundError:
        return "not installed"


def _versions(package: str, places: list[str]) -> list[str]:
    from importlib.metadata import distributions

    return [distribution.version for distribution in distributions(name=package, path=places)]
