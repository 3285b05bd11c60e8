"""Tests in child processes: each is forked from one process that has loaded the libraries, and works in a copy."""

import importlib
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from math import log2
from pathlib import Path
from time import monotonic
from typing import Any, Final, TypeVar

import coverage
import pytest
from hypothesis import Phase, settings

ROOT: Final = Path(__file__).resolve().parents[2]
# Loaded once, before any child is forked: most of the start of a test run is these.
_LIBRARIES: Final = (
    "pyarrow.compute", "pyarrow.parquet", "pyarrow.dataset", "pandas", "awswrangler", "boto3", "moto.core.models",
    "moto.s3.models", "moto.glue.models", "moto.stepfunctions.models", "aws_lambda_powertools", "openlineage.client",
    "typer.testing", "rich.console", "jsonschema", "ministack",
)  # fmt: skip
_NOT_COPIED: Final = shutil.ignore_patterns(
    ".git", ".venv*", "node_modules", "__pycache__", ".aws-sam", ".importau", ".*_cache", ".hypothesis", "out", "bench"
)
# Loading the tests may take this long, and a test this much more than it did without a mutant: seconds.
_TO_LOAD: Final = 120
_TIMES, _SPARE = 10, 10
_FAULT = 70
Job = TypeVar("Job")


def copies(folder: Path, count: int) -> list[Path]:
    """Copy the checkout, as it is, ``count`` times; the environments are linked to."""
    places = []
    for number in range(count):
        place = folder / str(number) / ROOT.name
        shutil.copytree(ROOT, place, ignore=_NOT_COPIED)
        for beside in [*ROOT.glob(".venv*"), ROOT / "bench", ROOT.parent / "shared"]:
            if beside.exists():
                where = place if beside.parent == ROOT else place.parent
                (where / beside.name).symlink_to(beside)
        places.append(place)
    return places


def load_libraries() -> None:
    """Load what the tests need and no mutant changes."""
    for name in _LIBRARIES:
        importlib.import_module(name)


def in_children(
    jobs: Iterable[Job], places: Sequence[Path], work: Callable[[Job, Path], int]
) -> Iterator[tuple[Job, int]]:
    """Do each job in a process of its own, one a place at a time; yield the jobs as they end, with their status.

    The status is that of `work`, or minus the signal that ended it.

    Raises
    ------
    RuntimeError
        `work` raised.
    """
    waiting, free, running = iter(jobs), list(places), dict[int, tuple[Job, Path]]()
    try:
        while True:
            while free and (job := next(waiting, None)) is not None:
                place = free.pop()
                running[_forked(job, place, work)] = job, place
            if not running:
                return
            pid, status = os.wait()
            if pid not in running:
                continue
            _end(pid)
            job, place = running.pop(pid)
            free.append(place)
            code = os.waitstatus_to_exitcode(status)
            if code == _FAULT:
                raise RuntimeError((place.parent / "fault").read_text())
            yield job, code
    finally:
        for pid in running:
            _end(pid)


def _end(group: int) -> None:
    """End what a child may have left behind."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _forked(job: Job, place: Path, work: Callable[[Job, Path], int]) -> int:
    if pid := os.fork():
        return pid
    status = _FAULT
    try:
        os.setsid()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        os.chdir(place)
        os.environ["HOME"] = str(place.parent)
        # The tests are those of the copy: nothing of the checkout is found any more.
        sys.path[:] = [entry for entry in sys.path if entry not in {"", str(ROOT)}]
        for name in [name for name in sys.modules if name.partition(".")[0] in {"tests", "cli"}]:
            del sys.modules[name]
        sys.dont_write_bytecode = True
        status = work(job, place)
    except BaseException:  # noqa: BLE001 - whatever it is, the parent raises it
        (place.parent / "fault").write_text(traceback.format_exc())
    finally:
        os._exit(status)


def run_tests(place: Path, files: Sequence[str], *plugins: object, stop: bool) -> int:
    """Run the tests of some files in this process; return pytest's exit code."""
    signal.setitimer(signal.ITIMER_REAL, _TO_LOAD)
    # The timer is ours.
    options = [
        "-p",
        "no:cacheprovider",
        "-p",
        "no:timeout",
        "--rootdir",
        str(place),
        "-c",
        str(place / "pyproject.toml"),
        "--tb=no",
    ]
    return int(pytest.main([*files, *options, *(["-x"] if stop else [])], plugins=list(plugins)))


def _examples(**changed: Any) -> None:
    settings.register_profile("mutants", settings.default, derandomize=True, database=None, **changed)
    settings.load_profile("mutants")


class Chosen:
    """Runs the given tests alone, the quick ones first, each within its time."""

    def __init__(self, seconds: Mapping[str, float], urgent: frozenset[str]) -> None:
        self._seconds = seconds
        self._urgent = urgent

    def pytest_configure(self) -> None:
        # That it fails is enough: how it could fail in fewer words is not asked.
        _examples(phases=[Phase.explicit, Phase.generate])

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        places = {item.nodeid: number for number, item in enumerate(items)}
        items[:] = sorted((i for i in items if i.nodeid in self._seconds), key=lambda i: self._order(i.nodeid, places))

    def _order(self, test: str, places: Mapping[str, int]) -> tuple[bool, int, int]:
        """Order tests as quick as one another as they are in the files: what their file shares is made once."""
        return test not in self._urgent, int(log2(max(self._seconds[test], 1 / 16))), places[test]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        signal.setitimer(signal.ITIMER_REAL, _SPARE + _TIMES * self._seconds[item.nodeid])
        result = yield
        signal.setitimer(signal.ITIMER_REAL, _TO_LOAD)
        return result


class Watched:
    """Notes which lines each test runs and how long it takes; what a file's tests share runs for all of them."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self._measured = measured
        self._contexts = [""]
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    def pytest_configure(self) -> None:
        # Which lines are reached shows in a few examples.
        _examples(max_examples=20)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        signal.setitimer(signal.ITIMER_REAL, 0)
        start = monotonic()
        result = yield from self._within(item.nodeid)
        self.seconds[item.nodeid] = round(monotonic() - start, 3)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, object, object]:
        if fixturedef.scope == "function":
            return (yield)
        return (yield from self._within(""))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)

    def _within(self, context: str) -> Generator[None, object, object]:
        self._contexts.append(context)
        self._measured.switch_context(context)
        try:
            return (yield)
        finally:
            self._contexts.pop()
            self._measured.switch_context(self._contexts[-1])
