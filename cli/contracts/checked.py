"""Whether the contracts of this folder may follow those before them: each change has the version that it needs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cli.contracts import commits
from cli.contracts.printing import problems
from cli.errors import CliError
from lakehouse.contract import layers
from lakehouse.contract.additions import TO_FILL_IN, unfinished
from lakehouse.contract.changes import Comparison, compared

_FIX: Final = (
    "Raise 'version' in those contracts as it says (docs/contracts.md has what is breaking), or take the change back; "
    "all changes: `./importau contracts diff`."
)


def check(folder: Path, commit: str | None = None) -> list[Comparison]:
    """Compare the contracts of a folder with those of a commit, and return how they differ.

    Parameters
    ----------
    folder : Path
        The checkout.
    commit : str, optional
        By default that of `commits.base_of`; where there is none, nothing is compared.

    Raises
    ------
    CliError
        A contract has not the version that its changes need, or is not finished; it names all of them.
    """
    now = commits.here()
    base = commits.base_of(folder) if commit is None else None
    before = base.commit if base else commit
    found = [] if before is None else compared(commits.at(folder, before), now)
    refuse(found, f"since {base or commit}")
    _finished(now)
    return found


def follow(folder: Path, deployed: str) -> bool:
    """Check that the contracts of a folder may follow those that are deployed, before they take their place.

    Parameters
    ----------
    folder : Path
    deployed : str
        The commit that is deployed.

    Returns
    -------
    bool
        Whether they were compared: not where that commit is unknown here, nor where this is an earlier one, whose
        contracts are to come back with it.

    Raises
    ------
    CliError
        A contract has not the version that its changes need.
    """
    if commits.resolved(folder, deployed) is None:
        return False
    head = commits.resolved(folder, "HEAD")
    if head is not None and head != deployed and commits.is_before(folder, head, deployed):
        return False
    refuse(compared(commits.at(folder, deployed), commits.here()), f"since {deployed[:12]}, which is deployed")
    return True


def refuse(comparisons: list[Comparison], since: str) -> None:
    """Raise `CliError` where a contract has not the version that its changes since then need."""
    wrong = problems(comparisons)
    if wrong:
        raise CliError("\n".join([f"contracts were changed {since}, and lack the version for it:", *wrong]), _FIX)


def _finished(texts: Mapping[str, str]) -> None:
    open_ = [
        f"{layers.place_of(table)}: {', '.join(names)}" for table, text in texts.items() if (names := unfinished(text))
    ]
    if open_:
        raise CliError(
            "\n".join(["contracts have columns that nobody has described yet:", *open_]),
            f"Write what is marked {TO_FILL_IN}.",
        )
