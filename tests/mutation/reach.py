"""Which tests reach which line: measured without a mutant, one file of tests at a time, and kept until it changes."""

import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Final

import coverage

from tests.mutation.children import ROOT, Watched, in_children, run_tests
from tests.mutation.operators import Mutant

_KEPT: Final = ROOT / ".pytest_cache/reach"
FOLDERS: Final = ("tests/unit", "tests/integration")
# Of the tests that reach the very lines, and of those near them, so many seconds' worth are run, the quick ones.
_WORTH, _WORTH_NEAR = 60.0, 20.0


@dataclass(frozen=True)
class Reach:
    """What one file of tests reaches.

    Attributes
    ----------
    seconds
        How long each of its tests takes.
    lines
        By file and by test the lines that run; under "" those that run for all of them: when the tests are loaded,
        and in what they share.
    failed
        The tests that fail without any mutant.
    digests
        Of the files that they run, as they were.
    """

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[int]]]
    failed: list[str]
    digests: dict[str, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether the code is still what it was."""
        return all((ROOT / file).exists() and _digest([ROOT / file]) == was for file, was in self.digests.items())


def measured(places: Sequence[Path], measured_folders: Sequence[str], tests: Sequence[str]) -> dict[str, Reach]:
    """Return what each of some files of tests reaches: measured now where it is not known from before."""
    _KEPT.mkdir(parents=True, exist_ok=True)
    support = sorted((ROOT / "tests/support").glob("*.py"))
    kept = {
        str(path.relative_to(ROOT)): _KEPT / f"{path.stem}-{_digest([path, *_named(path, support)])}.json"
        for folder in FOLDERS
        for path in sorted((ROOT / folder).glob("test_*.py"))
    }
    for old in set(_KEPT.iterdir()) - set(kept.values()):
        old.unlink()
    kept = {name: answer for name, answer in kept.items() if any(Path(name).is_relative_to(some) for some in tests)}
    missing = [(name, answer) for name, answer in kept.items() if not (answer.exists() and _read(answer).holds)]
    largest_first = sorted(missing, key=lambda pair: -(ROOT / pair[0]).stat().st_size)
    for _ in in_children(largest_first, places, partial(_measure, folders=measured_folders)):
        pass
    return {name: _read(answer) for name, answer in kept.items() if answer.exists()}


def _read(answer: Path) -> Reach:
    return Reach(**json.loads(answer.read_text()))


def _measure(job: tuple[str, Path], place: Path, folders: Sequence[str]) -> int:
    name, answer = job
    measure = coverage.Coverage(data_file=None, config_file=False, source=[str(place / folder) for folder in folders])
    watched = Watched(measure)
    measure.start()
    code = run_tests(place, [name], watched, stop=False)
    measure.stop()
    if code not in (0, 1):
        return code
    data, lines = measure.get_data(), dict[str, dict[str, list[int]]]()
    for file in data.measured_files():
        of_file = dict[str, list[int]]()
        for line, contexts in data.contexts_by_lineno(file).items():
            for context in contexts:
                of_file.setdefault(context, []).append(line)
        if of_file:  # coverage names files of which nothing ran, too
            lines[str(Path(file).relative_to(place))] = of_file
    digests = {file: _digest([place / file], place) for file in lines}
    reach = {"seconds": watched.seconds, "lines": lines, "failed": sorted(watched.failed), "digests": digests}
    answer.with_suffix(".part").write_text(json.dumps(reach))
    answer.with_suffix(".part").rename(answer)
    return 0


def noticing(mutant: Mutant, reached: dict[str, Reach]) -> tuple[dict[str, float], frozenset[str]]:
    """Return the tests that may notice a mutant with their seconds, and which of them reach its very lines.

    What runs when a module is imported, or was made once for all tests, is seen by tests that do not reach it: of
    those that reach the module, whose file does, or whose file names it (to run it in another process), the quickest
    follow.
    """
    first, last = mutant.lines
    exact, near = dict[str, float](), dict[str, float]()
    module = mutant.path.removesuffix(".py").removeprefix("functions/").removeprefix("common/").replace("/", ".")
    for name, reach in reached.items():
        of_file = reach.lines.get(mutant.path, {})
        sound = {test: seconds for test, seconds in reach.seconds.items() if test not in reach.failed}
        hits = {
            test
            for test, lines in of_file.items()
            if mutant.when_imported or any(first <= line <= last for line in lines)
        }
        if "" in hits and not mutant.when_imported:
            exact |= sound
        exact |= {test: seconds for test, seconds in sound.items() if test in hits}
        names_it = (ROOT / name).exists() and module in (ROOT / name).read_text()
        near |= {test: seconds for test, seconds in sound.items() if hits or test in of_file or names_it}
    chosen = _quick(exact, _WORTH)
    near = {test: seconds for test, seconds in near.items() if test not in exact}
    return chosen | _quick(near, _WORTH_NEAR), frozenset(chosen)


def _quick(tests: dict[str, float], worth: float) -> dict[str, float]:
    """Return the quickest tests that together take no longer; at least one."""
    by_time = sorted(tests.items(), key=lambda pair: pair[1])
    together = list(accumulate(seconds for _, seconds in by_time))
    return dict(by_time[: max(1, bisect_right(together, worth))])


def _named(path: Path, modules: Iterable[Path]) -> list[Path]:
    text = path.read_text()
    return [module for module in modules if re.search(rf"\b{module.stem}\b", text)]


def _digest(files: Iterable[Path], root: Path = ROOT) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
