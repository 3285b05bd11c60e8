"""The figures of the goals over time: a line for each commit and machine that something was measured on.

A figure stands in the line of the commit at which the last of its measurements was made, and in no later one until it
is measured again.
"""

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from bench.goals import goals
from bench.results import Entry, Results
from cli import ROOT

# Within the project.
FILE: Final = Path("bench/history.jsonl")
# What a measurement itself writes, or nothing that is measured rests on.
_NO_CODE: Final = ("docs", "bench/*.json", "bench/*.jsonl", "bench/*.md", "*.md")
_DIGITS: Final = 4


@dataclass(frozen=True)
class Record:
    """What was measured of one commit on one machine.

    Attributes
    ----------
    commit : str
        Short hash; with a plus sign where the code differed from it.
    when : str
        The day of the newest measurement, as in 2026-11-23.
    machine : str
        Processor, cores and memory.
    figures : mapping of str to float
        By the goals' keys.
    source : str
        Where the figures were read from, if not from the measurement; then they have the digits that it shows.
    """

    commit: str
    when: str
    machine: str
    figures: Mapping[str, float]
    source: str = ""


def load(path: Path = ROOT / FILE) -> tuple[Record, ...]:
    """Return the records, in the order they were kept in; none when there is no file."""
    if not path.exists():
        return ()
    return tuple(Record(**json.loads(line)) for line in path.read_text("utf-8").splitlines())


def save(records: Iterable[Record], path: Path = ROOT / FILE) -> None:
    """Save the records, a line each."""
    lines = (
        json.dumps({name: value for name, value in asdict(record).items() if value != ""}, ensure_ascii=False)
        for record in records
    )
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def record(results: Results, measured: Entry, commit: str) -> Record:
    """Return the record of one measurement.

    Parameters
    ----------
    results : Results
        All measurements, with this one: some goals compare several.
    measured : Entry
        The measurement.
    commit : str
        What it was measured of, as `measured_commit` returns it.
    """
    figures = {
        verdict.goal.key: round(verdict.figure, _DIGITS)
        for verdict in goals(results)
        if verdict.figure is not None and (measured["job"], measured["orders"]) in verdict.goal.made_of
    }
    return Record(commit, measured["when"], machine_of(measured), figures)


def added(records: Iterable[Record], new: Record) -> tuple[Record, ...]:
    """Return the records with a new one, whose figures go into the line of its commit and machine if there is one."""
    kept = tuple(records)
    if not new.figures:
        return kept
    for place, old in enumerate(kept):
        if (old.commit, old.machine) == (new.commit, new.machine):
            merged = replace(old, when=new.when, figures={**old.figures, **new.figures})
            return (*kept[:place], merged, *kept[place + 1 :])
    return (*kept, new)


def machine_of(measured: Entry) -> str:
    """Return the machine of a measurement in a few words: what makes seconds comparable."""
    its = measured["machine"]
    return ", ".join([its["processor"], f"{its['cores']} cores", its["memory"]])


def measured_commit(root: Path = ROOT) -> str | None:
    """Return the commit of a checkout, with a plus sign where its code was changed since; None where there is no git.

    Parameters
    ----------
    root : Path
        The folder of the project.
    """
    commit = _git(root, "rev-parse", "--short=7", "HEAD")
    if not commit:
        return None
    but = [f":(exclude){path}" for path in _NO_CODE]
    is_changed = bool(_git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", *but))
    return f"{commit}+" if is_changed else commit


def _git(root: Path, *arguments: str) -> str:
    """Return what git prints; "" where it fails, or there is none."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
