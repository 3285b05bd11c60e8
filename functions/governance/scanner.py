"""The scanner: looks into the data for personal or confidential values that no contract declares.

The patterns are documented here instead of bought in: presidio and datahub-classify bring language models of hundreds
of megabytes, which no Lambda beside the AWS SDK for pandas layer has room for, and neither knows CPF and CNPJ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts import Contract
from lakehouse.keys import flat

SAMPLE: Final = 10_000
# A column is suspicious when this share of its values looks personal: a stray match in free text still counts as one.
SHARE: Final = 0.05
ALWAYS_REPORTED: Final = 3

_CPF_WEIGHTS: Final = (np.arange(10, 1, -1), np.arange(11, 1, -1))
_CNPJ_WEIGHTS: Final = tuple(np.array([*range(n, 1, -1), *range(9, 1, -1)]) for n in (5, 6))


@dataclass(frozen=True)
class Detector:
    """One kind of personal value.

    Attributes
    ----------
    name : str
        What it finds.
    classification : str
        How a contract should declare such a column.
    matches : callable
        From an array of strings, shape (n,), to a boolean mask, shape (n,).
    """

    name: str
    classification: str
    matches: Callable[[pa.Array], np.ndarray[tuple[int], np.dtype[np.bool_]]]


@dataclass(frozen=True)
class Finding:
    """A column that looks personal although its contract does not say so.

    Attributes
    ----------
    table, column, detector, classification : str
    matched, sampled : int
        How many of the values looked at match. The values themselves are not repeated.
    """

    table: str
    column: str
    detector: str
    classification: str
    matched: int
    sampled: int

    def __str__(self) -> str:
        """Say what was found and what to do."""
        return (
            f"{self.table}.{self.column}: {self.matched} de {self.sampled} valores parecem {self.detector}, e o "
            f"contrato não os declara; acrescente 'classification: {self.classification}' à coluna em "
            f"glue/contracts/{self.table}.odcs.yaml"
        )


def _pattern(regex: str) -> Callable[[pa.Array], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    return lambda values: np.asarray(pc.match_substring_regex(values, regex).to_numpy(zero_copy_only=False), bool)


def _check_digits(
    regex: str, weights: tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]
) -> Callable[[pa.Array], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return a test for numbers of a shape whose two last digits are the modulo 11 check digits of those before."""
    length = len(weights[1]) + 1

    def matches(values: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        shaped = _pattern(regex)(values)
        digits = pc.replace_substring_regex(values.filter(pa.array(shaped)), r"[^0-9]", "")
        number = np.array([list(text) for text in digits.to_pylist()], np.int64).reshape(-1, length)
        valid = (number != number[:, :1]).any(axis=1)  # 111.111.111-11 passes the arithmetic and is nobody's
        for weight in weights:
            rest = (number[:, : len(weight)] * weight).sum(axis=1) % 11
            valid &= number[:, len(weight)] == np.where(rest < 2, 0, 11 - rest)
        shaped[np.flatnonzero(shaped)] = valid
        return shaped

    return matches


DETECTORS: Final = (
    Detector("e-mail", "PII", _pattern(r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$")),
    Detector("telefone", "PII", _pattern(r"^(\+\d{1,3}[ -]?)?(\(?\d{2,3}\)?[ -])\d{3,5}[ -]\d{4}$")),
    Detector("CPF", "PII", _check_digits(r"^\d{3}\.?\d{3}\.?\d{3}-?\d{2}$", _CPF_WEIGHTS)),
    Detector("CNPJ", "confidential", _check_digits(r"^\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}$", _CNPJ_WEIGHTS)),
    Detector("login de pessoa", "PII", _pattern(r"^[a-z]{2,}\.[a-z]{2,}$")),
)


def scan(table: pa.Table, contract: Contract) -> list[Finding]:
    """Return the columns of a table that look personal and are not declared so.

    Parameters
    ----------
    table : pa.Table
        The first `SAMPLE` values that are not NULL of each string column are looked at.
    contract : Contract
        Columns with a classification of ``PII`` or ``confidential`` are known and left out, as is a column the contract
        does not have at all (drift reports it).
    """
    declared = {c.name for c in contract.columns if c.classification in {"PII", "confidential"}}
    findings = []
    for name in table.column_names:
        if name in declared or not pa.types.is_string(table.schema.field(name).type):
            continue
        values = flat(table[name].drop_null().slice(0, SAMPLE))
        for detector in DETECTORS:
            matched = int(detector.matches(values).sum())
            if matched >= ALWAYS_REPORTED or (matched and matched >= SHARE * len(values)):
                findings.append(
                    Finding(contract.table, name, detector.name, detector.classification, matched, len(values))
                )
                break
    return findings
