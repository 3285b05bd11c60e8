"""Corrected rows from a person's file into the lake: checked as Bronze does, merged with those that are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from bronze.corrections import Corrections
from bronze.csv.corrections import columns_of, fields_of, judged, key_in, read
from bronze.csv.pieces import pieces_of
from bronze.csv.records import LONGEST_RECORD
from bronze.csv.source import PIECE, problems_of
from bronze.csv.text import lines
from bronze.keys import key_of
from cli.contents.mending import REASONS
from cli.errors import CliError, UsageError
from lakehouse.contract import layers
from lakehouse.contract.model import Contract, load
from lakehouse.contract.quarantine import without_values
from lakehouse.engine.keys import flat
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.view import View

_CSV: Final = "text/csv"
_SHOWN: Final = 50


@dataclass(frozen=True)
class Mended:
    """The corrected rows of a table, from one file.

    Attributes
    ----------
    table : str
    rows : pa.Table
        All of them valid, with the contract's schema, each key once.
    """

    table: str
    rows: pa.Table

    @property
    def keys(self) -> pa.Array:
        """The key of each row, as one text."""
        return key_of(self.rows, load(self.table).key)


def checked(files: Sequence[Path]) -> list[Mended]:
    """Read corrected rows with Bronze's own reader.

    Parameters
    ----------
    files : sequence of Path
        Each ``<table>.csv``.

    Raises
    ------
    UsageError
        A row is not valid, or a file cannot be used; it has every problem of every file, with file and line.
    """
    problems: list[str] = []
    mended = []
    for file in files:
        found = _problems_of_file(file, [each.stem for each in files])
        if not found:
            rows, found = _read(load(file.stem), file)
            mended.append(Mended(file.stem, rows))
        problems += found
    if problems:
        more = [f"and {len(problems) - _SHOWN:,} more"] if len(problems) > _SHOWN else []
        raise UsageError(
            "\n  ".join(["nothing was uploaded:", *problems[:_SHOWN], *more]), "Mend them, and give the files again."
        )
    return mended


def _problems_of_file(file: Path, tables: Sequence[str]) -> list[str]:
    """Return why a file cannot be read at all."""
    if file.name.endswith(REASONS):
        return [f"{file}: this says why rows wait, and is not to be uploaded"]
    if file.name != f"{file.stem}.csv" or file.stem not in layers.tables_of(layers.BRONZE):
        names = ", ".join(f"{table}.csv" for table in layers.tables_of(layers.BRONZE))
        return [f"{file}: the name of the file has to be that of a table; use {names}"]
    if tables.count(file.stem) > 1:
        return [f"{file}: there are several files of {file.stem}; put their rows into one"]
    try:
        return problems_of(load(file.stem), file, str(file))
    except OSError as error:
        return [f"{file}: it cannot be read: {error.strerror}"]


def _read(contract: Contract, file: Path) -> tuple[pa.Table, list[str]]:
    """Return the valid rows of a file, and the problems of the others, without their values."""
    problems: list[tuple[int, str]] = []
    rows = [contract.schema.empty_table()]
    line_of: dict[str, int] = {}
    for piece in pieces_of(contract, file, PIECE, LONGEST_RECORD):
        valid, aside = judged(contract, file.name, piece)
        for line, why in zip(aside["linha"].to_pylist(), aside["motivos"].to_pylist(), strict=True):
            problems += [(line, reason) for reason in without_values(pa.array(why, pa.string())).to_pylist()]
        kept = piece.line[piece.record[~piece.reasons.broken(len(piece.line))[piece.record]]]
        for line, key in zip(kept.tolist(), key_of(valid, contract.key).to_pylist(), strict=True):
            if line_of.setdefault(key, line) != line:
                problems.append((line, f"{', '.join(contract.key)}: the same key as line {line_of[key]}"))
        rows.append(valid)
    whole = pa.concat_tables(rows)
    if not len(whole) and not problems:
        return whole, [f"{file}: there is no row below the header"]
    return whole, [f"{file}, line {line}: {problem}" for line, problem in sorted(problems)]


def upload(lake: Lake, mended: Mended) -> int:
    """Merge corrected rows with those that the lake has of a table, newer ones first; return how many there are now.

    Raises
    ------
    CliError
        Somebody else uploaded corrections of the table at the same time, or those that are there cannot be read.
    """
    key, contract = layout.correction_key(mended.table), load(mended.table)
    found = lake.about(key)
    there: list[bytes] = []
    rows = mended.rows
    if found is not None:
        earlier, there = _earlier(lake, contract, mended)
        rows = pa.concat_tables([earlier, rows])
    text = [",".join(contract.schema.names).encode(), *there, *(line.encode() for line in lines(rows).to_pylist())]
    if not lake.put_over(b"\n".join(text) + b"\n", key, _CSV, found.etag if found else None):
        raise CliError(
            f"{lake.uri(key)} was changed by somebody else at the same time: the corrections of {mended.table} were "
            "not uploaded",
            "Give the file again: it is merged with what is there now.",
        )
    return len(rows) + len(there)


def _earlier(lake: Lake, contract: Contract, mended: Mended) -> tuple[pa.Table, list[bytes]]:
    """Return the corrections that stay: the valid ones, and the lines of those that still wait to be mended."""
    key = layout.correction_key(contract.table)
    with TemporaryDirectory() as folder:
        path = Path(folder, f"{contract.table}.csv")
        path.write_bytes(lake.read_bytes(key))
        problems = problems_of(contract, path, lake.uri(key))
        if problems:
            raise CliError("\n  ".join(["the corrections in the lake cannot be read:", *problems]), "Mend that file.")
        columns = columns_of(path)
        there = read(contract, path, columns)
    stays = pc.invert(pc.is_in(key_of(there.rows, contract.key), value_set=mended.keys))
    return there.rows.filter(stays), _waiting(contract, columns, there, set(mended.keys.to_pylist()))


def _waiting(contract: Contract, columns: Sequence[str], there: Corrections, mended: set[str]) -> list[bytes]:
    """Return the invalid corrections whose keys were not mended now, as lines in the contract's order."""
    key, found = key_in(contract, columns), []
    for text in there.quarantine["texto_original"].to_pylist():
        fields = fields_of(text)
        if key(text) in mended:
            continue
        if len(fields) == len(columns):
            fields = [fields[list(columns).index(name)] for name in contract.schema.names]
        row = pa.table([pa.array([field], pa.string()) for field in fields], names=list(map(str, range(len(fields)))))
        found.append(lines(row)[0].as_py().encode())
    return found


def unknown(view: View, mended: Mended) -> int:
    """Return how many corrected rows have a key that is in no row of a version, kept or set aside."""
    contract = load(mended.table)
    if mended.table not in view.tables:
        return 0
    known = key_of(view.read_all(mended.table, contract.key), contract.key)
    missing = mended.keys.filter(pc.invert(pc.is_in(mended.keys, value_set=known)))
    aside = view.table(mended.table).quarantine_key
    if not len(missing) or aside is None:
        return len(missing)
    texts = flat(view.lake.read_table(aside, ["texto_original"])["texto_original"]).to_pylist()
    in_text = key_in(contract, contract.schema.names)
    return len(set(missing.to_pylist()) - set(map(in_text, texts)))
