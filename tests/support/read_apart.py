"""A CSV read apart from Bronze, by `csv`, `Decimal` and `date`, row by row; only its rules are the contract's."""

import csv
import io
import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
from by_character import cut

from lakehouse.contract.model import Contract, load
from lakehouse.contract.rules import broken_by

Row = dict[str, Any]
MARK = "\ufeff"
# What a value becomes that its column's type does not hold.
WRONG = object()
_INTEGER = re.compile(r"[+-]?0{0,19}\d{1,19}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Apart(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    kept : list of dict
        The valid rows, the first one of each key, in file order.
    set_aside : list of (int, str)
        The line and the text of every other record.
    """

    kept: list[Row]
    set_aside: list[tuple[int, str]]


def read_apart(table: str, content: bytes) -> Apart | None:
    """Read a file; return None where it cannot be read at all."""
    contract = load(table)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    head, _, body = text.lstrip(MARK).partition("\n")
    names = [name.strip() for name in next(csv.reader([head.rstrip("\r")]))]
    if sorted(names) != sorted(contract.schema.names):
        return None
    found = [(record.line + 1, record.text, _row(contract, names, record)) for record in cut(body, len(names))]
    broken = _broken(contract, [row for _, _, row in found if row is not None])
    kept: dict[tuple[Any, ...], Row] = {}
    set_aside = []
    for line, original, row in found:
        key = None if row is None or next(broken) else tuple(row[name] for name in contract.key)
        if row is None or key is None or key in kept:
            set_aside.append((line, original))
        else:
            kept[key] = row
    return Apart(list(kept.values()), set_aside)


def _row(contract: Contract, names: list[str], record: Any) -> Row | None:
    if record.reasons:
        return None
    (fields,) = csv.reader(io.StringIO(unicodedata.normalize("NFC", record.text), newline=""))
    row = dict(zip(names, fields, strict=True))
    return {field.name: _value(row[field.name], field) for field in contract.schema}


def _value(text: str, field: pa.Field) -> Any:
    text = text.strip()
    if text == "" or (field.name == "cnpj" and text == "--"):
        return None
    if pa.types.is_string(field.type):
        return text
    if pa.types.is_date(field.type):
        try:
            return date.fromisoformat(text) if _DATE.fullmatch(text) else WRONG
        except ValueError:
            return WRONG
    if pa.types.is_integer(field.type):
        return int(text) if _INTEGER.fullmatch(text) and -(2**63) <= int(text) < 2**63 else WRONG
    whole, scale = field.type.precision - field.type.scale, field.type.scale
    fits = re.fullmatch(rf"[+-]?0{{0,19}}\d{{1,{whole}}}(\.\d{{1,{scale}}})?", text, re.ASCII)
    return Decimal(text).quantize(Decimal(1).scaleb(-scale)) if fits else WRONG


def _broken(contract: Contract, rows: list[Row]) -> Any:
    """Yield of each row whether a value is of the wrong type or a rule of the contract is broken."""
    columns = [
        pa.array([None if row[field.name] is WRONG else row[field.name] for row in rows], field.type)
        for field in contract.schema
    ]
    typed = pa.table(columns, schema=contract.schema)
    masks = [broken_by(rule, typed).to_pylist() for rule in contract.row_rules]
    return (
        any(value is WRONG for value in row.values()) or any(mask[place] for mask in masks)
        for place, row in enumerate(rows)
    )
