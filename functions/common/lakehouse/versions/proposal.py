"""A proposal: the change of a contract for columns that a run found in a CSV, kept until somebody reviews it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from lakehouse.contract import layers
from lakehouse.contract.additions import Addition, patch, with_columns
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.code import contract_sha256

_FORMAT: Final = 1


@dataclass(frozen=True)
class Proposal:
    """Columns for a contract.

    Attributes
    ----------
    run_id, table : str
    contract_sha256 : str
        Of the contract that the run had.
    columns : tuple of Addition
    """

    run_id: str
    table: str
    contract_sha256: str
    columns: tuple[Addition, ...]

    def patch(self) -> str:
        """Return it as a patch of the contract that is here.

        Raises
        ------
        ContractError
            There is no such contract any more, or it has one of the columns.
        """
        text = layers.text_of(self.table)
        return patch(text, with_columns(text, self.columns), layers.place_of(self.table))

    def as_json(self) -> dict[str, Any]:
        """Return it as the lake keeps it, with its patch of the contract that the run had."""
        return {
            "format": _FORMAT, "run_id": self.run_id, "table": self.table, "contract_sha256": self.contract_sha256,
            "columns": [each.as_json() for each in self.columns], "patch": self.patch(),
        }  # fmt: skip

    @classmethod
    def of_json(cls, content: Mapping[str, Any], place: str) -> Self:
        """Return what the lake keeps; raise `StorageError`, naming its place, for anything else."""
        if content.get("format") != _FORMAT:
            raise StorageError(f"{place} has the format {content.get('format')!r}, and this code reads {_FORMAT}")
        columns = tuple(map(Addition.of_json, content["columns"]))
        return cls(content["run_id"], content["table"], content["contract_sha256"], columns)


def propose(lake: Lake, run_id: str, table: str, columns: Sequence[Addition]) -> None:
    """Keep what a run proposes for a table's contract; an attempt that is repeated keeps the same."""
    proposal = Proposal(run_id, table, contract_sha256(table), tuple(columns))
    lake.write_json(proposal.as_json(), layout.proposal_key(run_id, table))
