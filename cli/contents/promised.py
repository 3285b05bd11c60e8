"""What the contracts promise of a version besides its content: how fresh it is, and that they are still the same."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cli.contents.history import Kept
from cli.contents.outcome import Outcome
from cli.contents.published_contracts import texts_of_version
from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.contract.changes import compare
from lakehouse.contract.model import load
from lakehouse.lake.s3 import Lake
from lakehouse.versions.code import contract_sha256
from lakehouse.versions.version import Version


def freshness(version: Version, history: Sequence[Kept], now: datetime) -> Outcome:
    """Hold the age of each table against the freshness that its contract promises.

    A table is as old as the first version that had its files: to go back to it makes it no younger.

    Parameters
    ----------
    version : Version
    history : sequence of Kept
        The versions that there are.
    now : datetime
    """
    first = _first(history)
    wrong, oldest = [], timedelta()
    for table in version.ordered:
        made = datetime.fromisoformat(first.get((table.table, table.run), version.made.at))
        age, promised = now - made, timedelta(hours=load(table.table).freshness_hours)
        oldest = max(oldest, age)
        if age > promised:
            wrong.append(f"{table.table}: expected no older than {_hours(promised)}, found {_hours(age)}")
    return Outcome(wrong, f"the oldest is of {_hours(oldest)} ago")


def contracts(lake: Lake, version: Version) -> Outcome:
    """Compare the contracts with those that the tables were audited under.

    Each that was changed is named, with its changes, what they are to readers, and the version that they need.
    """
    others = [table for table in version.ordered if table.contract_sha256 != _sha256(table.table)]
    if not others:
        return Outcome([], present.count(len(version.ordered), "contract"))
    texts, unknown = texts_of_version(lake, version)
    wrong = []
    for table in others:
        name = table.table
        if name not in layers.all_tables():
            wrong.append(f"{name} has no contract any more")
            continue
        now = load(name).version
        wrong.append(
            f"{layers.place_of(name)} was changed: the audit's was {table.contract} ({table.contract_sha256[:12]}), "
            f"found {now} ({contract_sha256(name)[:12]})"
        )
        if name not in unknown:
            comparison = compare(name, texts[name], layers.text_of(name))
            wrong += map(str, comparison.changes)
            wrong += [f"{name}: {comparison.problem}"] if comparison.problem else []
    unchecked = tuple(f"what was changed in {name}: nobody kept the contract that was audited" for name in unknown)
    return Outcome(wrong, present.count(len(version.ordered), "contract"), unchecked)


def _sha256(table: str) -> str:
    return contract_sha256(table) if table in layers.all_tables() else ""


def _first(history: Sequence[Kept]) -> Mapping[tuple[str, str], str]:
    """Return when each table of each run was published first."""
    found: dict[tuple[str, str], str] = {}
    for each in sorted(history, key=lambda kept: kept.number, reverse=True):
        if each.version is not None:
            found |= {(table.table, table.run): each.version.made.at for table in each.version.ordered}
    return found


def _hours(age: timedelta) -> str:
    return f"{age.total_seconds() / 3600:.1f} h"
