"""The policies that a user or a role holds, read from IAM as far as that is allowed."""

from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli
from cli.account.execution_role import policy_document
from cli.errors import DENIED
from cli.preflight.evaluation import Held, Policy

_KINDS: Final = ("role", "user", "group")


def held_by(aws_cli: AwsCli, arn: str) -> Held:
    """Return the policies of a user or role; what may not be read is named in the result.

    Parameters
    ----------
    aws_cli : AwsCli
    arn : str
        ``arn:aws:iam::123456789012:role/NAME`` or ``...:user/NAME``, with a path or without.
    """
    kind, _, name = arn.rpartition(":")[2].partition("/")
    name = name.rpartition("/")[2]
    if kind not in _KINDS[:2]:
        return Held((), unread=(f"what {arn} may do",))
    reading = _Reading(aws_cli)
    boundary = reading.boundary(kind, name)
    policies = reading.of(kind, name)
    if kind == "user":
        groups = reading.ask("which groups you are in", "iam", "list-groups-for-user", "--user-name", name)
        for group in groups.get("Groups", ()):
            policies += reading.of("group", group["GroupName"])
    return Held(tuple(policies), boundary, tuple(reading.unread))


class _Reading:
    """Reads policies, and keeps what may not be read."""

    def __init__(self, aws_cli: AwsCli) -> None:
        self.aws_cli, self.unread = aws_cli, list[str]()

    def ask(self, what: str, *command: str) -> Mapping[str, Any]:
        """Return an answer of IAM; empty where it may not be had."""
        try:
            answer: Mapping[str, Any] = self.aws_cli.run(*command)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {*DENIED, "NoSuchEntity"}:
                raise
            self.unread.append(what)
            return {}
        return answer

    def of(self, kind: str, name: str) -> list[Policy]:
        """Return the inline and attached policies of a role, user or group."""
        whose = (f"--{kind}-name", name)
        listed = self.ask(f"which policies the {kind} {name} has", "iam", f"list-{kind}-policies", *whose)
        policies = []
        for policy in listed.get("PolicyNames", ()):
            answer = self.ask(f"the policy {policy}", "iam", f"get-{kind}-policy", *whose, "--policy-name", policy)
            if answer:
                policies.append(Policy(policy, policy_document(answer["PolicyDocument"])))
        attached = self.ask(
            f"which policies are attached to the {kind} {name}", "iam", f"list-attached-{kind}-policies", *whose
        )
        for policy in attached.get("AttachedPolicies", ()):
            policies += self._managed(policy["PolicyArn"])
        return policies

    def boundary(self, kind: str, name: str) -> Policy | None:
        """Return the permission boundary of a role or user; None where there is none, or none may be read."""
        answer = self.ask(
            f"whether the {kind} {name} has a permission boundary", "iam", f"get-{kind}", f"--{kind}-name", name
        )
        arn = answer.get(kind.capitalize(), {}).get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        return next(iter(self._managed(arn)), None) if arn else None

    def _managed(self, arn: str) -> list[Policy]:
        name = arn.rpartition("/")[2]
        policy = self.ask(f"the policy {name}", "iam", "get-policy", "--policy-arn", arn)
        if not policy:
            return []
        version = policy["Policy"]["DefaultVersionId"]
        answer = self.ask(
            f"the policy {name}", "iam", "get-policy-version", "--policy-arn", arn, "--version-id", version
        )
        return [Policy(name, policy_document(answer["PolicyVersion"]["Document"]))] if answer else []
