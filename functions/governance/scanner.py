"""The scanner: searches the data for personal or confidential values that no contract declares.

It has patterns of its own, since presidio and datahub-classify come with language models of hundreds of megabytes, for
which a Lambda with the AWS SDK for pandas layer has no room, and neither knows CPF and CNPJ.

A number with its punctuation is found inside longer text, too. Bare digits are found only where they are the whole
value, and reported only where such values fill the column: one number in a hundred has the check digits of a CPF by
chance.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract.layers import place_of
from lakehouse.contract.model import Contract
from lakehouse.engine.keys import flat

Mask = npt.NDArray[np.bool_]
Weights = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]

SAMPLE: Final = 10_000
# A column is reported when at least this share of its values looks personal, or this many do.
SHARE: Final = 0.05
ALWAYS_REPORTED: Final = 3
SHARE_OF_BARE: Final = 0.5
NEVER_BY_COUNT: Final = SAMPLE + 1
_DECLARED_BY: Final = {"PII": {"PII"}, "confidential": {"PII", "confidential"}}

_CPF_WEIGHTS: Final = (np.arange(10, 1, -1), np.arange(11, 1, -1))
_CNPJ_WEIGHTS: Final = (
    np.array([*range(5, 1, -1), *range(9, 1, -1)]),
    np.array([*range(6, 1, -1), *range(9, 1, -1)]),
)


@dataclass(frozen=True)
class Detector:
    """One kind of personal value.

    Attributes
    ----------
    name : str
        What it finds.
    classification : str
        The classification that a contract should give such a column.
    matches : callable
        Takes an array of strings, shape (n,), and returns a boolean mask, shape (n,).
    share : float
        The least share of matching values for which a column is reported.
    always : int
        The least number of matching values for which it is reported, whatever their share.
    """

    name: str
    classification: str
    matches: Callable[[pa.Array], Mask]
    share: float = SHARE
    always: int = ALWAYS_REPORTED

    def suspects(self, matched: int, sampled: int) -> bool:
        """Return whether a column with this many matches is to be reported."""
        return matched >= self.always or (matched > 0 and matched >= self.share * sampled)


@dataclass(frozen=True)
class Finding:
    """A column that looks personal although its contract does not say so.

    Attributes
    ----------
    table, column, detector, classification : str
    matched, sampled : int
        How many of the sampled values match. The values themselves are not repeated.
    """

    table: str
    column: str
    detector: str
    classification: str
    matched: int
    sampled: int

    def __str__(self) -> str:
        """Return what was found and what to do."""
        return (
            f"{self.table}.{self.column}: {self.matched} de {self.sampled} valores parecem {self.detector}, e o "
            f"contrato não os declara; acrescente 'classification: {self.classification}' à coluna em "
            f"{place_of(self.table)}"
        )


def _pattern(regex: str, exclude: str = r"[^\s\S]") -> Callable[[pa.Array], Mask]:
    """Return a test for values in which ``regex`` matches and ``exclude`` does not."""

    def matches(values: pa.Array) -> Mask:
        mask = pc.and_not(pc.match_substring_regex(values, regex), pc.match_substring_regex(values, exclude))
        return np.asarray(mask.to_numpy(zero_copy_only=False), bool)

    return matches


def _check_digits(shape: str, weights: Weights) -> Callable[[pa.Array], Mask]:
    """Return a test of the first number of a shape in a value, by the modulo 11 check digits at its end.

    A letter counts as its ASCII code minus 48, as in the alphanumeric CNPJ (Receita Federal, IN RFB 2.229/2024).
    """
    length = len(weights[1]) + 1

    def matches(values: pa.Array) -> Mask:
        number = pc.struct_field(pc.extract_regex(values, f"(?:^|[^0-9A-Za-z])(?P<n>{shape})(?:[^0-9A-Za-z]|$)"), "n")
        mask: Mask = np.asarray(number.is_valid().to_numpy(zero_copy_only=False), bool)
        characters = pc.replace_substring_regex(number.drop_null(), r"[^0-9A-Z]", "")
        text = np.asarray(characters.to_numpy(zero_copy_only=False), f"S{length}")
        digits = text.view(np.uint8).reshape(-1, length).astype(np.int64) - ord("0")
        valid = (digits != digits[:, :1]).any(axis=1)  # 111.111.111-11 passes the arithmetic, but is never issued
        for weight in weights:
            rest = (digits[:, : len(weight)] * weight).sum(axis=1) % 11
            valid &= digits[:, len(weight)] == np.where(rest < 2, 0, 11 - rest)
        mask[np.flatnonzero(mask)] = valid
        return mask

    return matches


_CPF: Final = _check_digits(r"\d{3}\.\d{3}\.\d{3}-\d{2}", _CPF_WEIGHTS)
_CNPJ: Final = _check_digits(r"[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-\d{2}", _CNPJ_WEIGHTS)


def _filling(detector: Callable[[pa.Array], Mask], shape: str) -> Callable[[pa.Array], Mask]:
    """Restrict a test to values that are nothing but ``shape``."""
    whole = _pattern(rf"^\s*{shape}\s*$")
    return lambda values: whole(values) & detector(values)


_BARE_CPF: Final = _filling(_check_digits(r"\d{11}", _CPF_WEIGHTS), r"\d{11}")
_BARE_CNPJ: Final = _filling(_check_digits(r"[0-9A-Z]{12}\d{2}", _CNPJ_WEIGHTS), r"[0-9A-Z]{12}\d{2}")

_EMAIL: Final = r"[^@\s,;<>()]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
_TELEPHONE: Final = (
    r"(?:^|[^0-9A-Za-z.+-])(?:"
    r"\+\d{1,3}[ .-]?\(?\d{2,3}\)?[ .-]?\d{3,5}[ .-]?\d{4}"  # +55-11-3456-7890, +5511987654321
    r"|\(\d{2,3}\) ?\d{3,5}[ .-]?\d{4}"  # (11) 98765-4321
    r"|\d{2,3}[ -]\d{3,5}[ -]\d{4}"  # 11 98765-4321
    r")(?:[^0-9A-Za-z-]|$)"
)
_LOGIN: Final = r"^\s*[a-zà-ÿ]+([._][a-zà-ÿ]+)?\.[a-zà-ÿ]{2,}\d{0,3}\s*$"
# Names of files and sites, which are written like logins.
_NO_LOGIN: Final = r"\.(com|net|org|gov|edu|br|io|csv|json|parquet|pdf|txt|xml|zip|xlsx?|docx?|png|jpe?g)\s*$"

DETECTORS: Final = (
    Detector("e-mail", "PII", _pattern(_EMAIL)),
    Detector("telefone", "PII", _pattern(_TELEPHONE)),
    Detector("CPF", "PII", _CPF),
    Detector("CPF sem pontuação", "PII", _BARE_CPF, SHARE_OF_BARE, NEVER_BY_COUNT),
    Detector("CNPJ", "confidential", _CNPJ),
    Detector("CNPJ sem pontuação", "confidential", _BARE_CNPJ, SHARE_OF_BARE, NEVER_BY_COUNT),
    Detector("login de pessoa", "PII", _pattern(_LOGIN, _NO_LOGIN)),
)


def scan(table: pa.Table, contract: Contract) -> list[Finding]:
    """Return the columns of a table that look personal and are not declared so, each once, with what matches most.

    Parameters
    ----------
    table : pa.Table
        The first `SAMPLE` values of each text column that are not NULL are examined.
    contract : Contract
        A column declared ``PII`` may hold anything, one declared ``confidential`` nothing personal. A column that the
        contract lacks counts as undeclared.
    """
    declared = {column.name: column.classification for column in contract.columns}
    findings = []
    for name in table.column_names:
        text = _text(table[name])
        if text is None:
            continue
        values = flat(text.drop_null().slice(0, SAMPLE))
        candidates = [
            Finding(contract.table, name, detector.name, detector.classification, matched, len(values))
            for detector in DETECTORS
            if declared.get(name) not in _DECLARED_BY[detector.classification]
            and detector.suspects(matched := int(detector.matches(values).sum()), len(values))
        ]
        if candidates:
            findings.append(max(candidates, key=lambda finding: finding.matched))
    return findings


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return a text column as plain strings, however it is encoded; None for a column of any other type."""
    type_ = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    return column.cast(pa.string()) if pa.types.is_string(type_) or pa.types.is_large_string(type_) else None
