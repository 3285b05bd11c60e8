"""The source of the tables: a folder of CSVs, CSVs uploaded before, or the synthetic generator.

A missing CSV is never skipped: every missing one is named, and the user decides how to go on.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cli import ROOT
from cli.errors import CliError, UsageError
from cli.terminal import present
from cli.terminal.language import FOLDER, QUIT, SYNTHETIC, translated
from cli.terminal.questions import Answers, Ask
from lakehouse.contract import layers
from lakehouse.lake import layout

DEFAULT_ORDERS: Final = 1000
DEFAULT_SEED: Final = 42

_MISSING: Final = (
    "1 of the {all} CSV files is missing in {place}: {names}",
    "{count} of the {all} CSV files are missing in {place}: {names}",
)


@dataclass(frozen=True)
class CsvFolder:
    """Exported CSVs in a folder, to be uploaded."""

    path: Path


@dataclass(frozen=True)
class Landing:
    """The CSVs that were uploaded before."""


@dataclass(frozen=True)
class Synthetic:
    """Generated orders, the same ones for the same seed."""

    orders: int = DEFAULT_ORDERS
    seed: int = DEFAULT_SEED


Source = CsvFolder | Landing | Synthetic


def message(
    source: Source,
    inputs: Mapping[str, str] | None = None,
    accept_volume: Sequence[str] = (),
    new_columns: str | None = None,
) -> dict[str, Any]:
    """Return the ``source`` of a state machine's input.

    Parameters
    ----------
    source : Source
    inputs : mapping of str to str, optional
        The object version that each table's CSV was uploaded as: those are read.
    accept_volume : sequence of str
        The tables whose volume is right, however much it changed.
    new_columns : str, optional
        What is done with columns of CSVs that no contract has; by default what the contracts say.
    """
    accepted: dict[str, Any] = {"accept_volume": list(accept_volume)} if accept_volume else {}
    chosen = {"new_columns": new_columns} if new_columns else {}
    match source:
        case Synthetic(orders, seed):
            return {"type": "synthetic", "orders": orders, "seed": seed} | accepted
        case _:
            return {"type": "csv"} | ({"inputs": dict(inputs)} if inputs else {}) | accepted | chosen


def describe(source: Source) -> str:
    """Return a source's description for people to read."""
    match source:
        case CsvFolder(path):
            return f"the CSVs in {present.place(path)}"
        case Landing():
            return "the CSVs uploaded before"
        case Synthetic(orders, seed):
            return f"{present.count(orders, 'synthetic order')} (seed {seed})"


def nearby(root: Path = ROOT) -> Path | None:
    """Return ``csv_exports/`` in or beside the repository, or None."""
    return next((folder for folder in (root / "csv_exports", root.parent / "csv_exports") if folder.is_dir()), None)


def exported_files() -> list[str]:
    """Return the names of the exported CSVs, in the order of the tables."""
    return [f"{table}.csv" for table in layers.tables_of(layers.BRONZE)]


def file_in(folder: Path, table: str) -> Path | None:
    """Return the exported CSV of a table in a folder, compressed or not; None where there is none.

    Raises
    ------
    UsageError
        There are several, and nobody knows which one counts.
    """
    names = [f"{table}{ending}" for ending in (".csv", *layout.COMPRESSED)]
    found = [path for path in map(folder.joinpath, names) if path.is_file()]
    if len(found) > 1:
        several = ", ".join(path.name for path in found)
        raise UsageError(
            f"there are several exports of {table} in {present.place(folder)}: {several}",
            "Leave the one that counts there.",
        )
    return found[0] if found else None


def missing_in(folder: Path) -> list[str]:
    """Return the names of the CSVs that ``folder`` lacks, in the order of the tables; raise as `file_in`."""
    return [f"{table}.csv" for table in layers.tables_of(layers.BRONZE) if file_in(folder, table) is None]


def missing_in_landing(keys: Iterable[str]) -> list[str]:
    """Return the names of the CSVs that are not among a bucket's keys."""
    present_keys = set(keys)
    tables = layers.tables_of(layers.BRONZE)
    return [f"{table}.csv" for table in tables if layout.landing_key(table) not in present_keys]


def chosen(csv_dir: Path | None, orders: int | None, seed: int | None) -> CsvFolder | Synthetic | None:
    """Return the source that the options name, or None when they name none.

    Raises
    ------
    UsageError
        The options contradict each other.
    """
    if csv_dir is not None and orders is not None:
        raise UsageError("--csv-dir and --orders exclude each other", "Give one of them.")
    if seed is not None and orders is None:
        raise UsageError("--seed is for synthetic data", "Add --orders N.")
    if csv_dir is not None:
        return CsvFolder(csv_dir.expanduser().resolve())
    if orders is not None:
        return Synthetic(orders, DEFAULT_SEED if seed is None else seed)
    return None


def complete(source: Source, landed: Callable[[], Iterable[str]], answers: Answers, ask: Ask) -> Source:
    """Return a source that has all tables: ``source`` itself, or the one that the user chooses instead.

    Parameters
    ----------
    source : Source
        The chosen source.
    landed : callable
        Returns the keys of the landing area; called only when they are needed.
    answers : Answers
        Who answers when a file is missing.
    ask : callable
        Asks a person one question and returns the answer.

    Raises
    ------
    UsageError
        A file is missing, and no questions may be asked.
    CliError
        A file is missing, and the user chose to stop.
    """
    while True:
        match source:
            case Synthetic():
                return source
            case CsvFolder(path):
                missing = missing_in(path)
                place = str(path) if path.is_dir() else translated("{folder} (there is no such folder)", folder=path)
            case Landing():
                missing = missing_in_landing(landed())
                place = translated("the lake's landing area")
        if not missing:
            return source
        source = _instead(missing, place, answers, ask)


def _instead(missing: list[str], place: str, answers: Answers, ask: Ask) -> CsvFolder | Synthetic:
    problem = translated(
        _MISSING[len(missing) > 1], count=len(missing), all=len(exported_files()), place=place, names=", ".join(missing)
    )
    synthetic = Synthetic()
    if answers is Answers.NONE:
        raise UsageError(
            problem,
            translated(
                "Name the folder that has them (--csv-dir DIR), or go on with synthetic data (--orders N or --yes)."
            ),
        )
    present.warn(problem)
    if answers is Answers.DEFAULTS:
        present.warn(
            translated(
                "going on with {orders} synthetic orders (seed {seed}) instead, as --yes says",
                orders=synthetic.orders,
                seed=synthetic.seed,
            )
        )
        return synthetic
    while True:
        answer = ask(
            translated(
                "Look in another [f]older, go on with {orders} [s]ynthetic orders, or [q]uit? (f/s/q)",
                orders=synthetic.orders,
            )
        )
        match answer.strip().casefold():
            case other if other in FOLDER:
                folder = ask(translated("Folder with the CSV files")).strip()
                if folder:
                    return CsvFolder(Path(folder).expanduser().resolve())
            case other if other in SYNTHETIC:
                return synthetic
            case other if other in QUIT:
                raise CliError(translated("stopped: nothing was uploaded and nothing was run"))
