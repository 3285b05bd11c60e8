"""What a check found: what is wrong, how much was looked at, and what was not."""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from botocore.exceptions import ClientError

_Result = TypeVar("_Result")
# What AWS says that refuses a call, or of one that it does not have.
_REFUSALS: Final = frozenset(
    {
        "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException", "InvalidAction",
        "UnknownOperationException", "UnsupportedOperation", "NotImplemented", "InternalFailure", "501",
    }
)  # fmt: skip


class Outcome(NamedTuple):
    """What a check found.

    Attributes
    ----------
    wrong : list of str
        Each thing that is not as it should be.
    summary : str
        What is said where nothing is wrong.
    unchecked : tuple of str
        What this check could not look at, and why.
    """

    wrong: list[str]
    summary: str
    unchecked: tuple[str, ...] = ()


def permitted(what: str, work: Callable[[], _Result], otherwise: _Result) -> tuple[_Result, str]:
    """Return what some work returns; where AWS refuses it, something else, and that this was not checked.

    Parameters
    ----------
    what : str
        What cannot be checked without it.
    work : callable
    otherwise : object
    """
    try:
        return work(), ""
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        if code not in _REFUSALS:
            raise
        return otherwise, f"{what} ({code})"
    except NotImplementedError:
        return otherwise, f"{what} (not there)"
