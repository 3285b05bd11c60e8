"""The errors of the lakehouse. What they say is written for the person who has to mend the cause."""

from collections.abc import Sequence


class LakehouseError(Exception):
    """Base of every error this project raises on purpose."""


class InputError(LakehouseError):
    """The input cannot be used; nothing was written.

    Parameters
    ----------
    problems : sequence of str
        Every problem found, each saying where it is and how to mend it.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class ContractError(LakehouseError):
    """A data contract is missing, malformed, or asks for something unknown."""


class StorageError(LakehouseError):
    """An object of the lakehouse is missing or unreadable."""


class MoneyRangeError(LakehouseError, OverflowError):
    """An amount, or a sum of amounts, does not fit ``decimal(18,2)``."""
