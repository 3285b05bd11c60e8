"""The errors of commands: each has one clear line, the fix, and an exit code."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

FAILURE: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130


class CliError(Exception):
    """A command failed for a reason its user can act on.

    Parameters
    ----------
    message : str
        What is wrong, and where. May have several lines when there are several problems.
    fix : str
        What to do about it; empty when the message already says so.
    """

    exit_code = FAILURE

    def __init__(self, message: str, fix: str = "") -> None:
        self.message = message
        self.fix = fix
        super().__init__(f"{message}\n{fix}" if fix else message)


class UsageError(CliError):
    """The command line is invalid, or lacks an answer that the command needs."""

    exit_code = USAGE


class NotDeployedError(CliError):
    """The stack, or one of its outputs, does not exist where the command looked."""


class RunFailedError(CliError):
    """A state machine's execution ended without success."""


_LOG_IN: Final = "Log in again (for example `aws sso login` or `aws configure`), or name a profile: --profile NAME."

_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_REJECTED: Final = frozenset(
    {
        "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch",
        "AuthFailure", "InvalidSignatureException", "InvalidToken",
    }
)  # fmt: skip
DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403", "Forbidden"})


def aws_errors() -> "tuple[type[BotoCoreError], type[ClientError]]":
    """Return what boto3 raises. An ``except`` that calls it loads boto's classes only when something was raised."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


def explain(error: "BotoCoreError | ClientError") -> CliError:
    """Return an AWS error as one line and its fix.

    Parameters
    ----------
    error : BotoCoreError or ClientError
        What boto3 raised.
    """
    from botocore.exceptions import (
        ClientError,
        ConnectionError,
        HTTPClientError,
        NoCredentialsError,
        NoRegionError,
        PartialCredentialsError,
        ProfileNotFound,
        SSOError,
        TokenRetrievalError,
    )

    if isinstance(error, ClientError):
        return _explain_answer(error)
    match error:
        case NoCredentialsError():
            message = "no AWS credentials were found"
            fix = (
                "Configure some (`aws configure`), name a profile (--profile NAME), "
                "or use the embedded AWS (--local), which needs none."
            )
        case PartialCredentialsError() | ProfileNotFound():
            message, fix = str(error), "`aws configure list-profiles` names the profiles there are."
        case SSOError() | TokenRetrievalError():
            message, fix = f"the AWS session is not valid any more: {error}", _LOG_IN
        case NoRegionError():
            message, fix = "no AWS region is set", "Name one: --region NAME, or AWS_REGION, or `aws configure`."
        case ConnectionError() | HTTPClientError():
            message = f"AWS does not answer: {error}"
            fix = "Check the network, --region and AWS_ENDPOINT_URL; the embedded AWS: `./importau local status`."
        case _:
            message, fix = f"AWS: {error}", ""
    return CliError(message, fix)


def _explain_answer(error: "ClientError") -> CliError:
    code = error.response["Error"].get("Code", "")
    message = error.response["Error"].get("Message", "") or code
    if code in _EXPIRED:
        return CliError("the AWS session has expired", _LOG_IN)
    if code in _REJECTED:
        return CliError(f"AWS does not accept these credentials ({code})", _LOG_IN)
    if code in DENIED:
        return CliError(
            f"AWS refused {error.operation_name}: {message}",
            "The identity in use lacks that permission; `./importau check` says who that is, and what else is missing.",
        )
    return CliError(f"AWS refused {error.operation_name} ({code}): {message}")
