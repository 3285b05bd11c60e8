"""The existing role that functions, state machines and crawlers run as, and the services that it trusts."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli
from cli.account.identity import Identity
from cli.embedded.endpoint import ACCOUNT
from cli.errors import DENIED, CliError

# The role that every AWS Academy Learner Lab has for this purpose.
LAB_ROLE: Final = "LabRole"
# The role that its users have themselves.
LAB_SESSION: Final = "voclabs"
# The embedded AWS needs no role to exist; samconfig.toml names this one.
LOCAL_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/importau-local"
# The services that must be able to assume the role, and what does not work when one cannot.
SERVICES: Final = {
    "lambda.amazonaws.com": "the functions do not start",
    "states.amazonaws.com": "the state machines do not run",
    "glue.amazonaws.com": "the crawlers do not run, so governance does not either",
}
_ROLE_ARN: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/(?:[^/]+/)*(?P<name>[^/]+)")


@dataclass(frozen=True)
class ExecutionRole:
    """An existing role.

    Attributes
    ----------
    arn : str
    trusted : frozenset of str, optional
        The services that may assume it, such as ``lambda.amazonaws.com``; None when the trust policy may not be read.
    found_by : str
        Why it was chosen, in words.
    """

    arn: str
    trusted: frozenset[str] | None
    found_by: str

    @property
    def name(self) -> str:
        """Its name, without the path."""
        return self.arn.rpartition("/")[2]

    def trusts(self, service: str) -> bool | None:
        """Return whether a service, or its part in a region, may assume it; None when that is unknown."""
        if self.trusted is None:
            return None
        regional = re.compile(service.replace(".", r"\.(?:[a-z0-9-]+\.)?", 1))
        return "*" in self.trusted or any(regional.fullmatch(each) for each in self.trusted)


def find(aws_cli: AwsCli, identity: Identity, named: str | None) -> ExecutionRole:
    """Return the execution role: the one that was named, ``LabRole`` where there is one, the embedded AWS's there.

    Parameters
    ----------
    aws_cli : AwsCli
    identity : Identity
        Who asks; the role is in the same account.
    named : str, optional
        The ARN of a role, or its name.

    Raises
    ------
    CliError
        There is no such role, or none was named and the account has no ``LabRole``.
    """
    if named is not None:
        arn = named if named.startswith("arn:") else _arn(identity, named)
        match = _ROLE_ARN.fullmatch(arn)
        if match is None:
            raise CliError(
                f"{named} is not a role",
                "Give the name of an existing role, or its ARN: arn:aws:iam::ACCOUNT:role/NAME.",
            )
        role = _read(aws_cli, match["name"], arn, "named")
        if role is None:
            raise CliError(f"there is no role {arn}", "`aws iam list-roles` shows the roles there are.")
        return role
    if aws_cli.endpoint is not None:
        return ExecutionRole(LOCAL_ROLE, frozenset({"*"}), "the embedded AWS's, which asks for no trust")
    role = _read(aws_cli, LAB_ROLE, _arn(identity, LAB_ROLE), f"the account's {LAB_ROLE}")
    if role is None or (role.trusted is None and identity.role != LAB_SESSION):
        raise CliError(
            f"no execution role was named, and no {LAB_ROLE} was found in account {identity.account}",
            "Name an existing role that lambda, states and glue may take on: --role ARN "
            "(`aws iam list-roles` shows the roles there are; docs/permissions.md says what it has to be allowed).",
        )
    return role


def _arn(identity: Identity, name: str) -> str:
    return f"arn:{identity.partition}:iam::{identity.account}:role/{name}"


def _read(aws_cli: AwsCli, name: str, arn: str, found_by: str) -> ExecutionRole | None:
    """Return a role with its trust policy, without one where it may not be read; None when there is no such role."""
    try:
        role = aws_cli.run("iam", "get-role", "--role-name", name)["Role"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "NoSuchEntity":
            return None
        if code in DENIED:
            return ExecutionRole(arn, None, f"{found_by}; it may not be read")
        raise
    return ExecutionRole(role["Arn"], _trusted(role["AssumeRolePolicyDocument"]), found_by)


def policy_document(document: Mapping[str, Any] | str) -> Mapping[str, Any]:
    """Return a policy's document, which some programs leave as IAM sends it: JSON in URL encoding."""
    parsed: Mapping[str, Any] = json.loads(unquote(document)) if isinstance(document, str) else document
    return parsed


def _trusted(policy: Mapping[str, Any] | str) -> frozenset[str]:
    """Return the services that a trust policy allows to assume the role."""
    document = policy_document(policy)
    trusted: dict[str, set[str]] = {"Allow": set(), "Deny": set()}
    for statement in _list(document.get("Statement")):
        principal = statement.get("Principal", {})
        services = ["*"] if principal == "*" else _list(principal.get("Service"))
        if any(action in ("sts:AssumeRole", "sts:*", "*") for action in _list(statement.get("Action"))):
            trusted[statement["Effect"]].update(services)
    return frozenset(trusted["Allow"] - trusted["Deny"])


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
