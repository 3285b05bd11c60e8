"""An AWS CLI that answers what a test says, and remembers what it was asked."""

from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli


def refused(code: str, operation: str = "Operation", message: str = "") -> ClientError:
    """Return AWS's refusal as the AWS CLI's module raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)  # type: ignore[typeddict-item]


@dataclass(frozen=True)
class Answering(AwsCli):
    """The stand-in.

    Attributes
    ----------
    answers : dict of str to Any
        By command, such as ``s3api head-bucket``: a value, an exception to raise, a list of them, one a call, of
        which the last one stays; or a function of the arguments.
    asked : list of tuple of str
    """

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *arguments: str) -> Any:
        self.asked.append(arguments)
        answer = self.answers.get(" ".join(arguments[:2]))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(arguments)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def commands(self) -> list[str]:
        """Return what was asked, without the arguments."""
        return [" ".join(arguments[:2]) for arguments in self.asked]

    def option(self, command: str, option: str) -> str:
        """Return the value of an option of the last such command."""
        (*_, arguments) = (asked for asked in self.asked if " ".join(asked[:2]) == command)
        return arguments[arguments.index(option) + 1]


def public_layers(arguments: tuple[str, ...]) -> dict[str, Any]:
    """Return public parameters as Systems Manager has them, each with a layer."""
    return {
        "Parameters": [
            {"Name": path, "Value": f"arn:aws:lambda:us-east-1:336392948345:layer:{path.split('/')[3]}:1"}
            for path in arguments[arguments.index("--names") + 1 :]
        ],
        "InvalidParameters": [],
    }


# Answers of an account in which nobody may read policies, and AWS's public layers may be used.
USUAL: Final[dict[str, Any]] = {
    **{
        f"iam {command}": refused("AccessDenied")
        for command in (
            "list-role-policies", "list-attached-role-policies", "list-user-policies", "list-attached-user-policies",
            "list-groups-for-user", "get-user", "get-role",
        )
    },
    "ssm get-parameters": public_layers,
    "lambda get-layer-version-by-arn": "arn",
    "lakeformation get-data-lake-settings": refused("AccessDeniedException"),
    "cloudformation describe-stacks": refused("ValidationError", "DescribeStacks", "Stack importau does not exist"),
}  # fmt: skip
