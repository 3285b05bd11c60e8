"""The CSV source: exported files checked, read in pieces of bounded size, and typed by their contracts."""

import csv
import io
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from bronze.normalise import Keys, Reasons, apply_contract, cleaned, typed
from bronze.records import NUL_BYTE, STRAY_QUOTE, Records, split
from lakehouse.contracts import Contract, load
from lakehouse.errors import InputError
from lakehouse.money import Mask
from lakehouse.quarantine import SCHEMA as QUARANTINE

PIECE: Final = 32 << 20
_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Normalised:
    """One bronze table.

    Attributes
    ----------
    kept : pa.Table
        With the contract's schema, in file order.
    quarantine : pa.Table
        With `lakehouse.quarantine.SCHEMA`.
    rows_read : int
        Always ``len(kept) + len(quarantine)``.
    """

    kept: pa.Table
    quarantine: pa.Table
    rows_read: int


def fetch(open_object: Mapping[str, BinaryIO], folder: Path) -> dict[str, Path]:
    """Copy streams into files, which are read twice: to check them all, and then to use them.

    Parameters
    ----------
    open_object : mapping of str to binary stream
        By table.
    folder : Path
        Where there is room for them.
    """
    files = {}
    for table, stream in open_object.items():
        files[table] = folder / f"{table}.csv"
        with files[table].open("wb") as target:
            shutil.copyfileobj(stream, target, 1 << 20)
    return files


def check(files: Mapping[str, Path]) -> None:
    """Make sure that every file can be decoded and has its contract's columns, before anything is written.

    Raises
    ------
    InputError
        With every problem of every file.
    """
    problems = [problem for table, path in files.items() for problem in _problems(load(table), path)]
    if problems:
        raise InputError(problems)


def _problems(contract: Contract, path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        head = file.readline(1 << 20)
        if head.startswith(_UTF16):
            yield f"{path.name}: o arquivo está em UTF-16; salve-o em UTF-8"
            return
        if not head.removeprefix(_BOM).strip():
            yield f"{path.name}: linha 1: o arquivo está vazio; a primeira linha traz as colunas: {_names(contract)}"
            return
        undecodable = _first_undecodable(path)
        if undecodable is not None:
            line, column, byte = undecodable
            yield (
                f"{path.name}: linha {line}, coluna {column}: o byte 0x{byte:02x} não está em UTF-8 (o arquivo parece "
                f"estar em Latin-1); salve-o em UTF-8"
            )
            return
    yield from _header_problems(contract, path.name, _header(head))


def _names(contract: Contract) -> str:
    return ", ".join(column.name for column in contract.columns)


def _header(line: bytes) -> list[str]:
    text = line.removeprefix(_BOM).decode("utf-8").rstrip("\r\n")
    return [name.strip() for name in next(csv.reader([text]))]


def _header_problems(contract: Contract, file: str, header: list[str]) -> Iterator[str]:
    wanted = [column.name for column in contract.columns]
    missing = [name for name in wanted if name not in header]
    unknown = [name for name in header if name not in wanted]
    repeated = sorted({name for name in header if header.count(name) > 1})
    if missing and len(header) == 1:
        yield f"{file}: linha 1: as colunas não estão separadas por vírgula; a primeira linha traz: {_names(contract)}"
        return
    for names, what, remedy in (
        (missing, "falta", "acrescente-a ao arquivo"),
        (unknown, "não se conhece", f"retire-a, ou corrija o nome; as colunas são: {_names(contract)}"),
        (repeated, "aparece mais de uma vez", "deixe-a uma vez só"),
    ):
        for name in names:
            where = f", coluna {header.index(name) + 1}" if name in header else ""
            yield f"{file}: linha 1{where}: a coluna '{name}' {what}; {remedy}"


def _first_undecodable(path: Path) -> tuple[int, int, int] | None:
    """Return line, column (both from 1) and value of the first byte that is not UTF-8."""
    line = 1
    with path.open("rb") as file:
        # A UTF-8 sequence never holds a line end, so whole lines can be decoded by themselves.
        while piece := file.readlines(PIECE):
            data = b"".join(piece)
            try:
                data.decode("utf-8")
            except UnicodeDecodeError as error:
                before = data[: error.start]
                column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
                return line + before.count(b"\n"), column, data[error.start]
            line += len(piece)
    return None


def normalise(table: str, path: Path, piece: int = PIECE) -> Normalised:
    """Read one checked file.

    Parameters
    ----------
    table : str
    path : Path
    piece : int
        Bytes read at a time; memory is bounded by it and by the typed table.
    """
    contract, keys = load(table), Keys(load(table))
    kept, quarantined, rows_read = [contract.schema.empty_table()], [QUARANTINE.empty_table()], 0
    with path.open("rb") as file:
        header = _header(file.readline())
        for records in _pieces(file, piece):
            good, bad = _normalised_piece(contract, path.name, header, records, keys)
            kept.append(good)
            quarantined.append(bad)
            rows_read += len(records)
    return Normalised(pa.concat_tables(kept), pa.concat_tables(quarantined), rows_read)


def _pieces(file: BinaryIO, size: int) -> Iterator[Records]:
    """Yield the records of a file, from where it stands, in pieces."""
    rest, line = b"", 2
    while True:
        block = file.read(size)
        records, consumed, lines = split(rest + block, line, final=not block)
        rest, line = (rest + block)[consumed:], line + lines
        if len(records):
            yield records
        if not block:
            return


def _normalised_piece(
    contract: Contract, file: str, header: list[str], records: Records, keys: Keys
) -> tuple[pa.Table, pa.Table]:
    malformed = Reasons(len(records))
    malformed.add(records.stray, STRAY_QUOTE)
    malformed.add(records.nul, NUL_BYTE)
    wrong = np.flatnonzero((records.fields != len(header)) & ~records.stray)
    malformed.add_each(wrong, [f"tem {n} campos, esperava {len(header)}" for n in records.fields[wrong].tolist()])
    good = ~malformed.broken

    lines = records.line[good]
    text = _columns(header, records.bytes_of(good))
    text = {column.name: cleaned(text[column.name], column.name) for column in contract.columns}
    reasons = Reasons(len(lines))
    table = pa.table([typed(text[c.name], c, reasons) for c in contract.columns], schema=contract.schema)
    apply_contract(contract, table, text, reasons)
    keys.add_reasons(table, lines, reasons)

    broken = reasons.broken
    bad = pa.concat_tables(
        [
            _quarantine(file, records, malformed.broken, malformed),
            _quarantine(file, records, _scattered(good, broken), reasons),
        ]
    )
    return table.filter(pa.array(~broken)), bad.sort_by("linha")


def _scattered(good: Mask, broken: Mask) -> Mask:
    """Return which records broke the contract, among all of them."""
    mask = np.zeros(len(good), bool)
    mask[np.flatnonzero(good)[broken]] = True
    return mask


def _quarantine(file: str, records: Records, broken: Mask, reasons: Reasons) -> pa.Table:
    rows = np.flatnonzero(broken)
    return pa.table(
        [
            pa.repeat(file, len(rows)),
            pa.array(records.line[rows]),
            pa.array(records.text(rows), pa.string()),
            reasons.lists(),
        ],
        schema=QUARANTINE,
    )


def _columns(header: list[str], data: bytes) -> dict[str, pa.Array]:
    """Read well-formed records with pandas, as text: no type, no missing value, no line is guessed."""
    frame = pd.read_csv(
        io.BytesIO(data),
        header=None,
        names=header,
        dtype="string[pyarrow]",
        keep_default_na=False,
        na_filter=False,
        skip_blank_lines=False,
        lineterminator="\n",
        encoding="utf-8",
    )
    return {name: pa.array(frame[name], pa.string()) for name in header}
