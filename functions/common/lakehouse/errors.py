"""The errors of the lakehouse. Their messages are written for the person who has to fix the cause."""

from collections.abc import Sequence


class LakehouseError(Exception):
    """Base of every error this project raises on purpose."""


class InputError(LakehouseError):
    """The input cannot be used; nothing was written.

    Parameters
    ----------
    problems : sequence of str
        Every problem found: where it is and how to fix it.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class ContractError(LakehouseError):
    """A data contract is missing or malformed, or has something unknown."""


class StorageError(LakehouseError):
    """An object of the lakehouse is missing or unreadable."""


class ReplacedError(StorageError):
    """An object is not the one that it was when it was audited, or pinned."""


class MoneyRangeError(LakehouseError, OverflowError):
    """An amount, or a sum of amounts, does not fit ``decimal(18,2)``."""
