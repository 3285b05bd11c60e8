"""The scanner: searches the data for personal or confidential values that no contract declares.

Values tell what they are by how they are written (`lakehouse.personal.kinds`), and by where they are from: a column of
which most values are those of a column that is declared personal was filled from it, whatever its contract says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract.layers import place_of
from lakehouse.contract.model import Contract
from lakehouse.personal.kinds import CONFIDENTIAL, KINDS, PII, kinds_in, texts_of
from lakehouse.personal.masking import masked

# How many rows of a table are looked at: of what is in one row of a thousand, twenty are expected among them.
SAMPLE: Final = 20_000
_EXAMPLES: Final = 2
_EXAMPLE: Final = 40
_DECLARED_BY: Final = {PII: {PII}, CONFIDENTIAL: {PII, CONFIDENTIAL}}
# A column is from another one where at least so many of its distinct values, and this share of them, are that one's.
_OF_ANOTHER: Final = 4
_SHARE_OF_ANOTHER: Final = 0.8


@dataclass(frozen=True)
class Finding:
    """A kind of personal values in a column whose contract does not declare it.

    Attributes
    ----------
    table, column, kind, classification : str
        ``classification`` is what the contract should say of the column.
    matched, sampled : int
        How many of the values that were looked at are of the kind.
    examples : tuple of str
        Some of them, masked.
    strict : bool
        Whether the contract says that the run fails for it.
    """

    table: str
    column: str
    kind: str
    classification: str
    matched: int
    sampled: int
    examples: tuple[str, ...] = ()
    strict: bool = False

    @property
    def share(self) -> str:
        """The share of the values, as people read it: ``0,1 %``."""
        percent = 100 * self.matched / self.sampled
        return f"{percent:.1f} %".replace(".", ",") if percent < 10 else f"{percent:.0f} %"

    def __str__(self) -> str:
        """Return what was found and what to do."""
        such_as = f", como {' e '.join(self.examples)}" if self.examples else ""
        return (
            f"{self.table}.{self.column}: {self.matched} de {self.sampled} valores ({self.share}) parecem "
            f"{self.kind}{such_as}, e o contrato não os declara; acrescente 'classification: {self.classification}' à "
            f"coluna em {place_of(self.table)}"
        )

    def as_report(self) -> dict[str, object]:
        """Return the finding's entry of the governance report."""
        return {
            "table": self.table,
            "column": self.column,
            "kind": self.kind,
            "classification": self.classification,
            "matched": self.matched,
            "sampled": self.sampled,
            "examples": list(self.examples),
            "strict": self.strict,
        }


def scan(table: pa.Table, contract: Contract) -> list[Finding]:
    """Return what looks personal in a table and is not declared so: each kind of each column, the most frequent first.

    Parameters
    ----------
    table : pa.Table
        A sample of its rows.
    contract : Contract
        A column declared ``PII`` may hold anything, one declared ``confidential`` nothing personal. A column that the
        contract lacks counts as undeclared.
    """
    declared = {column.name: column.classification for column in contract.columns}
    findings = []
    for name in table.column_names:
        if declared.get(name) == PII:
            continue
        found = texts_of(table[name])
        if found is None:
            continue
        texts, counts = found
        examined, strict = int(counts.sum()), contract.undeclared_personal_fails
        wanted = (kind for kind in KINDS if declared.get(name) not in _DECLARED_BY[kind.classification])
        of_column = [
            Finding(
                contract.table, name, kind.name, kind.classification, matched, examined,
                _shown(texts.written.filter(pa.array(mask))), strict,
            )
            for kind, mask, matched in kinds_in(texts, counts, wanted)
        ]  # fmt: skip
        findings += sorted(of_column, key=lambda finding: -finding.matched)
    return findings


def derived(samples: Mapping[str, pa.Table], contracts: Iterable[Contract]) -> list[Finding]:
    """Return the columns that are not declared personal, and whose values are those of one that is.

    Code may fill a column from a personal one without a word in the contract, and what stands there need not look
    personal by itself.

    Parameters
    ----------
    samples : mapping of str to pa.Table
        Samples of tables, by name.
    contracts : iterable of Contract
    """
    contracts = [contract for contract in contracts if contract.table in samples]
    known: dict[str, pa.Array] = {}
    for contract in contracts:
        for column in contract.columns:
            if column.classification == PII and column.name in samples[contract.table].column_names:
                values = _distinct(samples[contract.table][column.name])
                if values is not None and len(values) >= _OF_ANOTHER:
                    known[f"{contract.table}.{column.name}"] = values
    findings = []
    for contract in contracts:
        declared = {column.name: column.classification for column in contract.columns}
        for name in samples[contract.table].column_names:
            column = samples[contract.table][name]
            values = None if declared.get(name) == PII else _distinct(column)
            if values is None or len(values) < _OF_ANOTHER:
                continue
            for source, its_values in known.items():
                shared = values.filter(pc.is_in(values, value_set=its_values))
                if len(shared) >= max(_OF_ANOTHER, _SHARE_OF_ANOTHER * len(values)):
                    examined = len(column) - column.null_count
                    matched = int(pc.sum(pc.is_in(column.cast(pa.string()), value_set=shared)).as_py())
                    kind, strict = f"valores de {source}", contract.undeclared_personal_fails
                    findings.append(Finding(contract.table, name, kind, PII, matched, examined, _shown(shared), strict))
                    break
    return findings


def _shown(values: pa.Array) -> tuple[str, ...]:
    """Return the first values, masked and cut."""
    return tuple(masked(" ".join(each.split())[:_EXAMPLE]) for each in values.slice(0, _EXAMPLES).to_pylist())


def _distinct(column: pa.ChunkedArray) -> pa.Array | None:
    found = texts_of(column)
    return None if found is None else found[0].written
