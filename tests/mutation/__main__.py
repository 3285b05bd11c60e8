"""`./importau test --mutants N`: how many of N small changes to the code the tests notice, and which they do not."""

import argparse
import os
import random
import signal
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final

import pytest

from tests.mutation.children import ROOT, Chosen, copies, in_children, load_libraries, run_tests
from tests.mutation.operators import Mutant, compiles, mutants_of
from tests.mutation.reach import FOLDERS, Reach, measured, noticing

ROOMS: Final = ("functions", "cli/account")
INTERRUPTED: Final = 130
_UNNOTICED: Final = {0, 5}  # every test passed, or there was none


def main(arguments: Sequence[str] | None = None) -> int:
    """Sample mutants, run what may notice them, and tell; return 1 where a room is below what is asked for."""
    asked = _asked(arguments)
    start = monotonic()
    sample = sampled(asked.rooms or ROOMS, asked.mutants, asked.seed)
    with tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as folder:
        places = copies(Path(folder), asked.processes)
        load_libraries()
        _progress("measuring which tests reach which lines (kept until the code changes)")
        reached = measured(places, ROOMS, asked.tests or FOLDERS)
        unsound = sorted(test for reach in reached.values() for test in reach.failed)
        if unsound:
            _progress(f"left out, as they fail without a mutant: {', '.join(unsound)}", "\n")
        tried, unnoticed = list[Mutant](), list[Mutant]()
        try:
            for mutant, status in in_children(sample, places, partial(_tried, reached)):
                tried.append(mutant)
                if status in _UNNOTICED:
                    unnoticed.append(mutant)
                    _progress(mutant.says, "\n")
                _progress(
                    f"{len(tried)} of {len(sample)}, {len(unnoticed)} unnoticed, {monotonic() - start:.0f} s",
                    "" if len(tried) % 10 else "\n",
                )
        except KeyboardInterrupt:
            _progress(f"interrupted after {len(tried)} of {len(sample)}", "\n")
    _progress("")
    return _told(tried, unnoticed, asked.at_least)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="importau test", description=__doc__)
    parser.add_argument("--mutants", type=int, required=True, metavar="N", help="how many to try")
    parser.add_argument("--room", action="append", dest="rooms", metavar="FOLDER", help="of this folder or file alone")
    parser.add_argument("--tests", action="append", metavar="FILE", help="only these are run, a file or a folder")
    parser.add_argument("--seed", type=int, default=0, help="another one, other mutants")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="how many at a time")
    parser.add_argument("--at-least", type=float, default=98, metavar="PERCENT", help="in every room, or exit code 1")
    asked = parser.parse_args(arguments)
    problems = [
        f"--room {room}: no folder or file with code" for room in asked.rooms or () if not _sources(ROOT / room)
    ]
    problems += [f"--tests {tests}: no file or folder" for tests in asked.tests or () if not (ROOT / tests).exists()]
    if asked.mutants < 1:
        problems.append("--mutants: at least 1")
    if asked.processes < 1:
        problems.append("--processes: at least 1")
    if problems:
        parser.error("; ".join(problems))
    return asked


def sampled(rooms: Sequence[str], count: int, seed: int) -> list[Mutant]:
    """Draw mutants of some folders: the same for the same code and seed, none that is known to change nothing."""
    files = sorted({file for room in rooms for file in _sources(ROOT / room)})
    every = [mutant for file in files for mutant in mutants_of(str(file.relative_to(ROOT)), file.read_bytes())]
    random.Random(seed).shuffle(every)
    sample, equivalent = list[Mutant](), equivalents()
    for mutant in every:
        if len(sample) == count:
            break
        if (mutant.path, mutant.source, mutant.after) not in equivalent and compiles(
            mutant.applied((ROOT / mutant.path).read_bytes())
        ):
            sample.append(mutant)
    return sample


def _sources(place: Path) -> list[Path]:
    return [place] if place.suffix == ".py" and place.is_file() else list(place.rglob("*.py"))


def equivalents() -> dict[tuple[str, str, str], str]:
    """Return the mutants that change nothing anyone could notice, by file, line of text and replacement, and why."""
    listed = tomllib.loads(Path(__file__).with_name("equivalent.toml").read_text())["mutant"]
    return {(entry["path"], entry["line"], after): entry["why"] for entry in listed for after in entry["after"]}


def _tried(reached: dict[str, Reach], mutant: Mutant, place: Path) -> int:
    tests, urgent = noticing(mutant, reached)
    if not tests:
        return 0
    put_in(mutant, place)
    code = run_tests(place, sorted({test.partition("::")[0] for test in tests}), Chosen(tests, urgent), stop=True)
    if code == pytest.ExitCode.USAGE_ERROR:
        raise RuntimeError(f"the tests of {mutant.says} could not be started in {place}")
    return code


def put_in(mutant: Mutant, place: Path) -> None:
    """Change a copy of the checkout, and take back what was changed in it before: a copy has one mutant at a time."""
    changed, original = place.parent / "changed", place.parent / "original"
    if changed.exists():
        (place / changed.read_text()).write_bytes(original.read_bytes())
    content = (place / mutant.path).read_bytes()
    original.write_bytes(content)
    changed.write_text(mutant.path)
    (place / mutant.path).write_bytes(mutant.applied(content))


def _told(sample: Sequence[Mutant], unnoticed: Sequence[Mutant], at_least: float) -> int:
    """Print how many were noticed in each room; return 1 where that is less than asked for."""
    tried, missed = (Counter("/".join(Path(mutant.path).parts[:2]) for mutant in some) for some in (sample, unnoticed))
    if not sample:
        return INTERRUPTED
    width, below = max(map(len, [*tried, "together"])), False
    for room, count in [*sorted(tried.items()), ("together", len(sample))]:
        noticed = count - missed[room] if room in tried else count - len(unnoticed)
        share = 100 * noticed / count
        below |= room in tried and share < at_least
        print(f"{room:<{width}}  {noticed:>5} of {count:>5}  {share:5.1f} %")
    for mutant in sorted(unnoticed, key=lambda mutant: (mutant.path, mutant.line)):
        print(f"unnoticed: {mutant.says}")
    return int(below)


def _progress(text: str, end: str = "") -> None:
    if end or sys.stderr.isatty():
        print(f"\r\x1b[K{text}" if sys.stderr.isatty() else text, end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
