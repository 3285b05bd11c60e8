"""`importau sample`: writes the sample."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli import ROOT
from cli.errors import CliError, UsageError
from cli.terminal import present
from cli.terminal.language import translated
from cli.terminal.questions import Answers, agree, answers

FOLDER = ROOT / "csv_exports"


def sample(
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Where to: the repository's csv_exports/ by default.", show_default=False),
    ] = FOLDER,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Replace CSVs that differ without asking.")] = False,
) -> None:
    """Write the sample: the CSVs of an invented company, small enough to read, the same bytes each time.

    It is in the repository already, in csv_exports/. CSVs in DIR that differ from it are replaced, once you agree.
    """
    folder = directory.expanduser().resolve()
    files = sample_files()
    changed = {name: content for name, content in files.items() if _content(folder / name) != content}
    whole = present.size(sum(map(len, files.values())))
    if not changed:
        present.done(f"{folder} holds the sample already ({len(files)} CSVs, {whole}): nothing changed")
        return
    _agree(folder, [name for name in changed if (folder / name).exists()], yes)
    _write(folder, changed)
    same = "" if len(changed) == len(files) else "; the others were right already"
    present.done(f"the sample is in {folder} ({len(files)} CSVs, {whole}); written: {', '.join(changed)}{same}")


def sample_files() -> dict[str, bytes]:
    """Return the sample's files by name."""
    from bronze.csv.text import write_csv
    from cli.sample.company import tables

    with tempfile.TemporaryDirectory() as folder:
        write_csv(tables(), Path(folder))
        return {file.name: file.read_bytes() for file in sorted(Path(folder).iterdir())}


def _content(file: Path) -> bytes | None:
    """Return what a file holds; None where there is none."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error


def _agree(folder: Path, differing: list[str], yes: bool) -> None:
    who = answers(yes, False)
    if not differing or who is Answers.DEFAULTS:
        return
    present.warn(f"in {folder} these are not the sample's: {', '.join(differing)}")
    if who is Answers.NONE:
        raise UsageError("nothing was written: CSVs would be replaced", "Name another folder, or say so: --yes.")
    if not agree(translated("Replace them? (y/n)")):
        raise CliError(translated("stopped: nothing was written"))


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, each whole or not at all, and none unless there is room for all."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as beside:
            for name, content in files.items():
                (Path(beside) / name).write_bytes(content)
            for name in files:
                (Path(beside) / name).replace(folder / name)
    except OSError as error:
        raise UsageError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
