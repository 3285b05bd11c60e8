"""The changes from one contract of a table to another, and whether its version says so. Pure."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from lakehouse.contract.differences import Change, Document, differences
from lakehouse.contract.odcs import read
from lakehouse.contract.semver import Level, numbers, raised
from lakehouse.errors import ContractError

# A contract may go once it said so.
_MAY_GO: Final = frozenset({"deprecated", "retired"})


class Comparison(NamedTuple):
    """Two contracts of a table.

    Attributes
    ----------
    table : str
    before, after : str or None
        Their versions; None where there is no contract.
    changes : tuple of Change
        The gravest first.
    problem : str
        Why the later contract may not take the earlier one's place; empty where it may.
    """

    table: str
    before: str | None
    after: str | None
    changes: tuple[Change, ...] = ()
    problem: str = ""

    @property
    def level(self) -> Level:
        """That of the gravest change."""
        return max((each.level for each in self.changes), default=Level.NONE)

    @property
    def needed(self) -> str | None:
        """The least version that the changes need; None where no earlier contract says."""
        return None if self.before is None else raised(self.before, self.level)


def compared(before: Mapping[str, str], after: Mapping[str, str]) -> list[Comparison]:
    """Compare the contracts of all tables; those that are the same to the letter are left out.

    Parameters
    ----------
    before, after : mapping of str to str
        The text of each table's contract.

    Raises
    ------
    ContractError
        One of them is no contract; the message names the table.
    """
    tables = [*after, *(table for table in before if table not in after)]
    return [
        compare(table, before.get(table), after.get(table)) for table in tables if before.get(table) != after.get(table)
    ]


def compare(table: str, before: str | None, after: str | None) -> Comparison:
    """Compare two contracts of a table; None where there is none."""
    try:
        if before is None:
            return Comparison(table, None, _version(after), (Change(table, None, "new contract", Level.MINOR),))
        if after is None:
            return _gone(table, before)
        versions = _version(before), _version(after)
        found = sorted(differences(table, Document.of(before), Document.of(after)), key=lambda each: -each.level)
        comparison = Comparison(table, *versions, tuple(found))
    except ContractError as error:
        raise ContractError(f"{table}: {error}") from error
    return comparison._replace(problem=_problem(comparison))


def _gone(table: str, before: str) -> Comparison:
    status = read(before).mapping.get("status")
    change = Change(table, None, f"the contract is gone, and its status was {status}", Level.MAJOR)
    fix = "" if status in _MAY_GO else "a contract goes after it said so: publish it with 'status: deprecated' first"
    return Comparison(table, _version(before), None, (change,), fix)


def _problem(comparison: Comparison) -> str:
    """Return why a version is not the one that the changes need."""
    before, after, needed = comparison.before, comparison.after, comparison.needed
    if before is None or after is None or needed is None:
        return ""
    if numbers(after) < numbers(before):
        return f"its version went back from {before} to {after}; it needs {needed} or later"
    if numbers(after) < numbers(needed):
        stays = f"stays {after}" if after == before else f"is {after} after {before}"
        return f"its version {stays}, and the changes are {comparison.level.called}: it needs {needed} or later"
    return ""


def _version(text: str | None) -> str:
    version = str(read(text or "").mapping.get("version"))
    numbers(version)
    return version
