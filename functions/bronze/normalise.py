"""Normalisation: text columns become the contract's types, and every row that breaks the contract gets every reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import Column, Contract
from lakehouse.keys import flat
from lakehouse.money import Mask
from lakehouse.months import EPOCH_YEAR
from lakehouse.rules import violations
from lakehouse.segments import Index

# How a source says "none" where the standard export would leave the value empty.
NONE_MARKS: Final = {"cnpj": "--"}
_INTEGER_DIGITS: Final = 18
_SHOWN: Final = 40


@dataclass
class Reasons:
    """Why rows fall: any number of reasons a row, in the order they were found.

    Parameters
    ----------
    rows : int
    """

    rows: int
    _found: list[tuple[Index, pa.Array]] = field(default_factory=list)

    def add(self, broken: pa.Array | Mask, text: str | pa.Array) -> None:
        """Give the rows where ``broken`` a reason: one for all, or an array of shape (rows,)."""
        where = np.flatnonzero(np.asarray(broken))
        if len(where):
            reasons = pa.repeat(text, len(where)) if isinstance(text, str) else text.take(pa.array(where))
            self._found.append((where, reasons))

    def add_each(self, rows: Index, texts: Sequence[str] | pa.Array) -> None:
        """Give each of some rows a reason of its own."""
        if len(rows):
            self._found.append((rows, pa.array(texts, pa.string()) if not isinstance(texts, pa.Array) else texts))

    @property
    def broken(self) -> Mask:
        """Where a row has a reason, shape (rows,)."""
        mask = np.zeros(self.rows, bool)
        for rows, _ in self._found:
            mask[rows] = True
        return mask

    def lists(self) -> pa.Array:
        """Return the reasons of the broken rows, one list each, in row order."""
        if not self._found:
            return pa.array([], pa.list_(pa.string()))
        rows = np.concatenate([rows for rows, _ in self._found])
        order = np.argsort(rows, kind="stable")
        texts = pa.concat_arrays([texts for _, texts in self._found]).take(pa.array(order))
        starts = np.flatnonzero(np.concatenate([[True], np.diff(rows[order]) != 0]))
        return pa.ListArray.from_arrays(pa.array(np.append(starts, len(rows)), pa.int32()), texts)


def cleaned(text: pa.Array, name: str) -> pa.Array:
    """Return text trimmed and NFC-normalised; empty values, and the column's mark for none, become NULL."""
    trimmed = pc.utf8_trim_whitespace(pc.utf8_normalize(text, "NFC") if not _is_ascii(text) else text)
    empty = pc.equal(trimmed, "")
    if name in NONE_MARKS:
        empty = pc.or_(empty, pc.equal(trimmed, NONE_MARKS[name]))
    return pc.if_else(empty, pa.scalar(None, pa.string()), trimmed)


def _is_ascii(text: pa.Array) -> bool:
    return bool(pc.all(pc.string_is_ascii(text)).as_py() in {True, None})


def typed(text: pa.Array, column: Column, reasons: Reasons) -> pa.Array:
    """Return a cleaned text column with the contract's type; a value that is none of it becomes NULL, with a reason.

    Parameters
    ----------
    text : pa.Array of string, shape (rows,)
    column : Column
    reasons : Reasons
    """
    if pa.types.is_string(column.arrow_type):
        return text
    if pa.types.is_decimal(column.arrow_type):
        result, why = _decimals(text, column.arrow_type)
    elif pa.types.is_integer(column.arrow_type):
        result, why = _integers(text)
    else:
        result, why = _dates(text)
    wrong = pc.and_(text.is_valid(), result.is_null())
    rows = np.flatnonzero(np.asarray(wrong))
    if len(rows):
        shown = pc.utf8_slice_codeunits(text.take(pa.array(rows)), 0, _SHOWN)
        reasons.add_each(
            rows, pc.binary_join_element_wise(f"{column.name}: '", shown, "' ", why.take(pa.array(rows)), "")
        )
    return result


def _decimals(text: pa.Array, type_: pa.DataType) -> tuple[pa.Array, pa.Array]:
    whole = type_.precision - type_.scale
    number = pc.match_substring_regex(text, r"^[+-]?\d+(\.\d+)?$")
    too_fine = pc.match_substring_regex(text, rf"\.\d{{{type_.scale + 1},}}$")
    fits = pc.match_substring_regex(text, rf"^[+-]?0*\d{{1,{whole}}}(\.\d{{1,{type_.scale}}})?$")
    why = pc.if_else(
        number,
        pc.if_else(
            too_fine,
            f"tem mais de {type_.scale} casas decimais",
            f"não cabe em decimal({type_.precision},{type_.scale})",
        ),
        "não é um número decimal (dígitos, com ponto antes das casas decimais)",
    )
    return _unpadded(pc.if_else(fits, text, pa.scalar(None, pa.string()))).cast(type_), why


def _integers(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    number = pc.match_substring_regex(text, r"^[+-]?\d+$")
    fits = pc.match_substring_regex(text, rf"^[+-]?0*\d{{1,{_INTEGER_DIGITS}}}$")
    why = pc.if_else(number, f"tem mais de {_INTEGER_DIGITS} dígitos", "não é um número inteiro")
    unsigned = pc.replace_substring_regex(pc.if_else(fits, text, pa.scalar(None, pa.string())), r"^\+", "")
    return _unpadded(unsigned).cast(pa.int64()), why


def _unpadded(text: pa.Array) -> pa.Array:
    """Return numbers without leading zeros, which may be more than any decimal has digits."""
    return pc.replace_substring_regex(text, r"^([+-]?)0+(\d)", r"\1\2")


def _dates(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    shaped = pc.fill_null(pc.match_substring_regex(text, r"^\d{4}-\d{2}-\d{2}$"), False)
    candidates = pc.if_else(shaped, text, "0000-00-00")
    year, month, day = (
        pc.utf8_slice_codeunits(candidates, a, b).cast(pa.int64()).to_numpy() for a, b in ((0, 4), (5, 7), (8, 10))
    )
    known_month = (month >= 1) & (month <= 12) & (year >= 1)
    first = ((year - EPOCH_YEAR) * 12 + np.where(known_month, month, 1) - 1).astype("datetime64[M]")
    length = ((first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")).astype(np.int64)
    real = known_month & (day >= 1) & (day <= length)
    date = first.astype("datetime64[D]") + np.where(real, day - 1, 0)
    why = pc.if_else(shaped, "não existe no calendário", "não é uma data AAAA-MM-DD")
    return pa.array(date, pa.date32(), mask=~real), why


def apply_contract(contract: Contract, table: pa.Table, text: dict[str, pa.Array] | None, reasons: Reasons) -> None:
    """Add the reasons of every row that breaks a required column or a row rule of its contract.

    Parameters
    ----------
    contract : Contract
    table : pa.Table
        Typed.
    text : dict of str to pa.Array, or None
        What the columns were before: a value that was there but has not the type already has its reason.
    """
    for column in contract.columns:
        if column.required:
            missing = table[column.name] if text is None else text[column.name]
            reasons.add(flat(missing).is_null(), f"{column.name}: falta o valor, que é obrigatório")
    for rule, broken in violations(contract, table):
        if rule.severity == "error" and rule.metric not in {"nullValues", "duplicateValues"}:
            reasons.add(broken, f"{rule.column or contract.table}: {rule.description} ({rule.name})")


class Keys:
    """The keys kept so far, over all the pieces of a file: the first valid row of a key stays.

    Parameters
    ----------
    contract : Contract
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._kept: list[tuple[pa.Array, Index]] = []

    def add_reasons(self, table: pa.Table, lines: Index, reasons: Reasons) -> None:
        """Add the reason of every row whose key an earlier valid row has; remember the keys that stay.

        Parameters
        ----------
        table : pa.Table
        lines : numpy int64, shape (rows,)
            Each row's line in the file.
        reasons : Reasons
            All other reasons are in it already.
        """
        keys = self._keys_of(table)
        valid = np.flatnonzero(~reasons.broken & np.asarray(keys.is_valid()))
        numbered = pa.table({"key": keys.take(pa.array(valid)), "row": pa.array(valid)})
        firsts = numbered.group_by("key", use_threads=False).aggregate([("row", "min")]) if len(valid) else None
        own_keys = flat(firsts["key"]) if firsts is not None else keys.slice(0, 0)
        own_rows = flat(firsts["row_min"]).to_numpy() if firsts is not None else np.empty(0, np.int64)

        first_line = np.full(len(table), -1)
        for kept_keys, kept_lines in [*self._kept, (own_keys, lines[own_rows])]:
            found = pc.fill_null(pc.index_in(keys, value_set=kept_keys, skip_nulls=True), -1).to_numpy()
            hit = (found >= 0) & (first_line < 0)
            first_line[hit] = kept_lines[found[hit]]
        repeated = np.flatnonzero((first_line >= 0) & (first_line < lines))
        reasons.add_each(
            repeated,
            pc.binary_join_element_wise(
                f"{', '.join(self._contract.key)}: a chave ",
                keys.take(pa.array(repeated)),
                " repete a da linha ",
                pa.array(first_line[repeated]).cast(pa.string()),
                "",
            ),
        )
        kept = np.isin(own_rows, repeated, invert=True)
        self._kept.append((own_keys.filter(pa.array(kept)), lines[own_rows[kept]]))

    def _keys_of(self, table: pa.Table) -> pa.Array:
        """Return the key of each row as one string; NULL where a part of it is missing."""
        parts = [flat(table[name]).cast(pa.string()) for name in self._contract.key]
        return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, ", ")
