"""`importau version`: the versions in use, for the report of a problem."""

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Final

from cli import ROOT, __version__, options
from cli.building.checkout import checkout_of

_PACKAGES: Final = ("pyarrow", "pandas", "awswrangler", "boto3", "ministack")
# The SAM CLI and the AWS CLI live in an environment of their own.
_TOOLS: Final = ("aws-sam-cli", "awscli")
_UNKNOWN: Final = "unknown"
_DIGITS: Final = 12


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
    found = checkout_of(folder)
    return _UNKNOWN if found is None else f"{found.commit[:_DIGITS]}{'+' if found.changed else ''}"


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
