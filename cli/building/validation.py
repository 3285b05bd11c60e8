"""What AWS itself says of the state machines, before anything is made (ValidateStateMachineDefinition)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli
from cli.account.permissions import Place
from cli.building.definitions import definitions
from cli.errors import DENIED

ERROR: Final = "ERROR"


@dataclass(frozen=True)
class Diagnostic:
    """One thing that AWS says of a definition.

    Attributes
    ----------
    machine : str
    severity : {"ERROR", "WARNING"}
        An error keeps the machine from being made.
    code, message : str
        In AWS's words.
    location : str
        A JSON pointer into the definition; empty where AWS names no place.
    """

    machine: str
    severity: str
    code: str
    message: str
    location: str

    def __str__(self) -> str:
        where = f" (at {self.location})" if self.location else ""
        return f"{self.code}: {self.message}{where}"

    def as_json(self) -> dict[str, str]:
        """Return what ``--json`` has of it."""
        return asdict(self)


def diagnostics(aws_cli: AwsCli, place: Place) -> list[Diagnostic] | None:
    """Return what AWS says of every state machine; None where it may not be asked, or does not look.

    Parameters
    ----------
    aws_cli : AwsCli
        Of the embedded AWS, which takes any definition, nothing is asked.
    place : Place
    """
    if aws_cli.endpoint is not None:
        return None
    found: list[Diagnostic] = []
    for machine, definition in definitions(place).items():
        try:
            answer: Mapping[str, Any] = aws_cli.run(
                "stepfunctions", "validate-state-machine-definition", "--definition", definition,
                "--type", "STANDARD", "--severity", "WARNING",
            )  # fmt: skip
        except ClientError as error:
            if error.response["Error"]["Code"] not in DENIED:
                raise
            return None
        found += [
            Diagnostic(machine, each["severity"], each["code"], each["message"], each.get("location", ""))
            for each in answer["diagnostics"]
        ]
    return found
