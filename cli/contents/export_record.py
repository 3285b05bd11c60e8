"""What an export wrote to a folder, kept in it, so that the next one knows its own files from anybody else's."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from cli.errors import UsageError
from lakehouse.lake import layout

FILE: Final = "export.json"
FOLDERS: Final = (*layout.LAYERS, "quality", "quarantine")
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
        By layer, the run whose tables these are.
    files : mapping of str to list of str
        By path in the folder, the SHA-256 of what an export wrote there; two while one replaces the other.
    """

    lake: str
    runs: Mapping[str, str]
    files: Mapping[str, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return which export it is: whose, and of which runs."""
        return f"{self.lake}, run {', '.join(dict.fromkeys(self.runs.values())) or 'unknown'}"

    def replacing(self, earlier: "Record | None") -> "Record":
        """Return the record to keep while this export's files take the place of an earlier one's."""
        before = earlier.files if earlier else {}
        paths = dict.fromkeys([*before, *self.files])
        return Record(self.lake, self.runs, {p: [*before.get(p, ()), *self.files.get(p, ())] for p in paths})

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
        return Record(content["lake"], dict(content["runs"]), {path: list(of) for path, of in content["files"].items()})
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{directory / FILE} is there, and is no record of an export", _ELSEWHERE) from error


def claimed(directory: Path) -> Record | None:
    """Return the record of the export that a new one may replace, or None where there is nothing to replace.

    Raises
    ------
    UsageError
        Where an export writes, there are files that none wrote, or that were changed since.
    """
    record = read(directory)
    known = record.files if record else {}
    strangers = [path for path in _there(directory) if digest(directory / path) not in known.get(path, ())]
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


def _there(directory: Path) -> Iterator[str]:
    """Yield the files in the folders that an export writes to, by path, in order; hidden ones are nobody's concern."""
    for folder in FOLDERS:
        for file in sorted((directory / folder).rglob("*")):
            if file.is_file() and not file.name.startswith("."):
                yield file.relative_to(directory).as_posix()
