"""The record, kept in a folder, of what an export wrote there, so that the next export recognises its own files."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from cli.errors import UsageError
from lakehouse.lake import layout

FILE: Final = "export.json"
FOLDERS: Final = (*layout.LAYERS, "contract", "quality", "quarantine")
_ELSEWHERE: Final = "Name another folder, or move those files away."
_NAMED: Final = 3


@dataclass(frozen=True)
class Record:
    """An export.

    Attributes
    ----------
    lake : str
        ``s3://bucket``.
    runs : mapping of str to str
        The run whose tables were exported, by layer.
    version : int
        The version of the lake that it is; 0 for an export of before there were any.
    files : mapping of str to list of str
        The SHA-256 of each exported file, by its path in the folder; two while one export replaces another.
    masked : bool
        Whether personal and confidential columns were masked.
    """

    lake: str
    runs: Mapping[str, str]
    version: int = 0
    files: Mapping[str, list[str]] = field(default_factory=dict)
    masked: bool = False

    def __str__(self) -> str:
        """Return which export it is: of which lake, which version of it and which runs."""
        version = f", version {self.version}" if self.version else ""
        masked = ", masked" if self.masked else ""
        return f"{self.lake}{version}{masked}, run {', '.join(dict.fromkeys(self.runs.values())) or 'unknown'}"

    def replacing(self, earlier: "Record | None") -> "Record":
        """Return the record to keep while this export's files replace an earlier one's."""
        before = earlier.files if earlier else {}
        paths = dict.fromkeys([*before, *self.files])
        return replace(self, files={p: [*before.get(p, ()), *self.files.get(p, ())] for p in paths})

    def write(self, directory: Path) -> None:
        """Keep it in the folder, whole or not at all."""
        beside = directory / f".{FILE}.new"
        beside.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n", "utf-8")
        beside.replace(directory / FILE)


def read(directory: Path) -> Record | None:
    """Return the record of the export in a folder, or None where there is none.

    Raises
    ------
    UsageError
        A file of that name is something else.
    """
    try:
        content = json.loads((directory / FILE).read_text("utf-8"))
        files = {path: list(of) for path, of in content["files"].items()}
        return Record(
            content["lake"], dict(content["runs"]), int(content.get("version", 0)), files, bool(content.get("masked"))
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{directory / FILE} is there, and is no record of an export", _ELSEWHERE) from error


def claim(directory: Path) -> Record | None:
    """Return the export that a new one would replace; raise `UsageError` as `claimed` does."""
    with writable(directory):
        return claimed(directory)


@contextmanager
def writable(directory: Path) -> Iterator[None]:
    """Raise `UsageError` where the file system refuses something."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{error.filename or directory} cannot be written: {error.strerror}") from error


def claimed(directory: Path) -> Record | None:
    """Return the record of the export that a new one may replace, or None where there is nothing to replace.

    Raises
    ------
    UsageError
        Where an export writes, the folder has files that no export wrote, or that were changed since.
    """
    record = read(directory)
    known = record.files if record else {}
    strangers = [path for path in _existing(directory) if digest(directory / path) not in known.get(path, ())]
    if strangers:
        more = f" and {len(strangers) - _NAMED:,} more" if len(strangers) > _NAMED else ""
        raise UsageError(
            f"{directory} holds files that no export wrote, or that were changed since: "
            f"{', '.join(strangers[:_NAMED])}{more}",
            _ELSEWHERE,
        )
    return record


def digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def digests(directory: Path, paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the SHA-256 of files by their path in a folder, as `Record` has them."""
    return {path: [digest(directory / path)] for path in paths}


def _existing(directory: Path) -> Iterator[str]:
    """Yield the paths of the files in the folders that an export writes to, in order, without hidden files."""
    for folder in FOLDERS:
        for file in sorted((directory / folder).rglob("*")):
            if file.is_file() and not file.name.startswith("."):
                yield file.relative_to(directory).as_posix()
