"""Normalisation: columns of text become the contract's types; a row that does not fit gets every reason why."""

import unicodedata
from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bronze.reasons import Reasons
from lakehouse.contract.model import Column, Contract, Rule
from lakehouse.contract.rules import broken_by
from lakehouse.engine.arrays import Mask, holds
from lakehouse.engine.keys import flat
from lakehouse.engine.segments import Index
from lakehouse.errors import ContractError
from lakehouse.personal.quoting import quoted

# How the export writes a missing value where other columns are empty.
NONE_MARKS: Final[Mapping[str, str]] = {"cnpj": "--"}

# All of Unicode's white space. Arrow's own `utf8_trim_whitespace` needs a build with utf8proc, and whether the managed
# layer's is one was never seen (docs/parity.md).
_WHITE_SPACE: Final = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
_INT64: Final = np.iinfo(np.int64)
_ANY_INTEGER: Final = pa.decimal128(38, 0)
# More leading zeros than any source pads with; decimal128 has 38 digits.
_PADDING: Final = "0{0,19}"
_DATE_SHAPE: Final = r"^\d{4}-\d{2}-\d{2}$"
# The Gregorian calendar as one pattern, so that whole columns are checked and cast at once.
_DATE: Final = (
    r"^(?:(?:000[1-9]|00[1-9]\d|0[1-9]\d{2}|[1-9]\d{3})-"
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
    r"|(?:\d{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29)$"
)


def normalised(contract: Contract, columns: Mapping[str, pa.Array], reasons: Reasons) -> pa.Table:
    """Clean columns of text, convert them to the contract's types, and check them against the contract.

    Parameters
    ----------
    contract : Contract
    columns : mapping of str to pa.Array of string, shape (n,)
        The text of every column of the contract, without NULLs.
    reasons : Reasons
        Gets the reasons for every row that has a value of the wrong type, lacks a required one or breaks a row rule.

    Returns
    -------
    pa.Table, shape (n, ...)
        With the contract's schema; a value that is empty or cannot be converted is NULL.
    """
    text = _all_cleaned({column.name: columns[column.name] for column in contract.columns})
    typed_columns = [typed(text[column.name], column, reasons) for column in contract.columns]
    table = pa.table(typed_columns, schema=contract.schema)
    check(contract, table, pa.table(text), reasons)
    return table


def composed(text: bytes) -> bytes:
    """Return UTF-8 text in NFC.

    A whole piece of a CSV is normalised at once: no character composes with a comma, a quote or a line end, so fields
    stay apart. (Arrow's ``utf8_normalize`` decomposes for NFC as for NFD.)
    """
    if text.isascii():
        return text
    characters = text.decode("utf-8")
    if unicodedata.is_normalized("NFC", characters):
        return text
    return unicodedata.normalize("NFC", characters).encode("utf-8")


def _all_cleaned(columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Return columns of one length as `cleaned` does: at once, as a column takes longer to begin with than its rows."""
    alike = [name for name in columns if name not in NONE_MARKS]
    rows = len(columns[alike[0]])
    text = cleaned(pa.concat_arrays([columns[name] for name in alike]), alike[0])
    at_once = {name: text.slice(at * rows, rows) for at, name in enumerate(alike)}
    return {name: at_once[name] if name in at_once else cleaned(text, name) for name, text in columns.items()}


def cleaned(text: pa.Array, name: str) -> pa.Array:
    """Return text trimmed; NULL where it is empty or the column's mark of a missing value."""
    text = pc.utf8_trim(text, characters=_WHITE_SPACE)
    empty = pc.equal(text, "")
    if name in NONE_MARKS:
        empty = pc.or_(empty, pc.equal(text, NONE_MARKS[name]))
    return pc.if_else(empty, None, text) if pc.any(empty).as_py() else text


def typed(text: pa.Array, column: Column, reasons: Reasons) -> pa.Array:
    """Return a cleaned column in its contract's type.

    Parameters
    ----------
    text : pa.Array of string, shape (n,)
    column : Column
    reasons : Reasons
        Gets a reason for each value that cannot be converted, which becomes NULL.
    """
    type_ = column.arrow_type
    if pa.types.is_string(type_):
        return text
    fitting = fits(text, column)
    wrong = _rows(pc.invert(fitting))
    if len(wrong):
        wrong_text = text.take(pa.array(wrong))
        why = _why_not(wrong_text, type_)
        reasons.add(wrong, pc.binary_join_element_wise(f"{column.name}:", quoted(wrong_text), why, " "))
        text = pc.if_else(fitting, text, None)
    # Arrow parses an integer with a plus sign, or with many leading zeros, only as a decimal.
    return text.cast(_ANY_INTEGER).cast(type_) if pa.types.is_integer(type_) else text.cast(type_)


def check(contract: Contract, table: pa.Table, text: pa.Table, reasons: Reasons) -> None:
    """Find the rows that lack a required value or break another row rule of the contract.

    Parameters
    ----------
    contract : Contract
    table : pa.Table, shape (n, ...)
        With the contract's schema.
    text : pa.Table, shape (n, ...)
        The columns before conversion: a value of the wrong type is not a missing one.
    reasons : Reasons
        Gets the reasons.
    """
    for rule in contract.row_rules:
        missing = rule.metric == "nullValues"
        rows = _rows(broken_by(rule, text if missing else table))
        if not len(rows):
            continue
        if missing:
            reasons.add(rows, f"{rule.column}: falta o valor, que é obrigatório")
        elif rule.metric == "invalidValues":
            value = quoted(flat(table[rule.column]).take(pa.array(rows)).cast(pa.string()))
            reasons.add(rows, pc.binary_join_element_wise(f"{rule.column}: ", value, _expected(rule), ""))
        else:
            reasons.add(rows, f"{rule.name}: {rule.description}")


def _expected(rule: Rule) -> str:
    arguments = rule.arguments or {}
    if "validValues" in arguments:
        return f" não é um destes valores: {', '.join(map(str, arguments['validValues']))}"
    return f" não tem o formato {arguments['pattern']}"


def fits(text: pa.Array, column: Column) -> pa.Array:
    """Return which values of cleaned text can be converted to the column's type; NULL where there is no value."""
    type_ = column.arrow_type
    if pa.types.is_decimal(type_):
        whole, fraction = type_.precision - type_.scale, rf"(\.\d{{1,{type_.scale}}})?" if type_.scale else ""
        return pc.match_substring_regex(text, rf"^[+-]?{_PADDING}\d{{1,{whole}}}{fraction}$")
    if pa.types.is_date(type_):
        return pc.match_substring_regex(text, _DATE)
    if not pa.types.is_integer(type_):
        raise ContractError(f"column '{column.name}': a CSV cannot hold the type {column.physical_type}")
    short = pc.match_substring_regex(text, rf"^[+-]?{_PADDING}\d{{1,18}}$")
    if pc.all(short).as_py() is not False:
        return short
    long = pc.match_substring_regex(text, rf"^[+-]?{_PADDING}\d{{19}}$")
    number = pc.if_else(long, text, None).cast(_ANY_INTEGER)
    low, high = (pa.scalar(int(end)).cast(_ANY_INTEGER) for end in (_INT64.min, _INT64.max))
    in_range = pc.and_(pc.greater_equal(number, low), pc.less_equal(number, high))
    return pc.or_(short, pc.and_(text.is_valid(), pc.fill_null(in_range, False)))


def _why_not(text: pa.Array, type_: pa.DataType) -> pa.Array:
    """Return the reason why each of these values cannot be converted to the type."""
    if pa.types.is_date(type_):
        shaped = pc.match_substring_regex(text, _DATE_SHAPE)
        return pc.if_else(shaped, "não existe no calendário", "não é uma data (esperado: AAAA-MM-DD)")
    if pa.types.is_integer(type_):
        whole = pc.match_substring_regex(text, r"^[+-]?\d+$")
        return pc.if_else(whole, "não cabe em bigint", "não é um número inteiro (esperado: só dígitos)")
    number = pc.match_substring_regex(text, r"^[+-]?\d+(\.\d+)?$")
    too_fine = pc.match_substring_regex(text, rf"\.\d{{{type_.scale + 1}}}")
    return pc.if_else(
        number,
        pc.if_else(
            too_fine,
            f"tem mais de {type_.scale} casas decimais",
            f"não cabe em decimal({type_.precision},{type_.scale})",
        ),
        "não é um número decimal (esperado: dígitos, e ponto antes das casas decimais)",
    )


def _rows(broken: pa.Array | Mask) -> Index:
    """Return the rows where a mask is true; NULL counts as false."""
    return np.flatnonzero(holds(broken))
