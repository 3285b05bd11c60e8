"""Rights taken away from somebody's least policy, one at a time: what the preflight predicts, and what then happens.

What happens is evaluated from the calls of one whole deployment and run (``tests/golden/calls.json``), each of which
IAM decided on: without a right, those calls fail that it allowed. `tests/e2e/test_removed_rights.py` holds it against
real deployments and runs.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from answering import USUAL, Answering
from ministack.core.iam_evaluator import EvalContext, ParsedStatement, evaluate, parse_policy_document
from restricted_account import ASKED_ON_ANYTHING, EXECUTION_ROLE, PLACE, SESSION, USER_ROLE

from cli.account.execution_role import SERVICES, ExecutionRole
from cli.account.identity import Identity
from cli.account.permissions import Holder, Permission, permissions, policy
from cli.embedded.endpoint import ACCOUNT, REGION
from cli.errors import CliError
from cli.preflight.assessment import Assessed, assess
from cli.preflight.deployment import preflight
from cli.preflight.intent import Intent, Stops

CALLS: Final = Path(__file__).resolve().parents[1] / "golden/calls.json"
ROLES: Final[dict[Holder, str]] = {"user": USER_ROLE, "role": EXECUTION_ROLE}
# Calls whose refusal our code or the service takes, and goes on.
TOLERATED: Final[dict[tuple[Holder, str], str]] = {
    ("user", "sts:GetCallerIdentity"): "AWS never refuses it",
    ("user", "iam:GetRole"): "LabRole is taken as it is called",
    ("user", "iam:SimulatePrincipalPolicy"): "policies are read, or harmless reads tried",
    ("user", "lakeformation:GetDataLakeSettings"): "what Lake Formation governs is not said beforehand",
    ("user", "s3:GetBucketTagging"): "the bucket counts as not settled",
    ("user", "s3:PutBucketPolicy"): "a setting of the bucket, which is told and left out",
    ("user", "s3:PutBucketPublicAccessBlock"): "a setting of the bucket, which is told and left out",
    ("user", "s3:PutBucketTagging"): "a setting of the bucket, which is told and left out",
    ("user", "s3:PutBucketVersioning"): "a setting of the bucket, which is told and left out",
    ("user", "s3:PutEncryptionConfiguration"): "a setting of the bucket, which is told and left out",
    ("user", "s3:PutLifecycleConfiguration"): "a setting of the bucket, which is told and left out",
    ("role", "logs:CreateLogStream"): "what a function logs is lost",
    ("role", "logs:PutLogEvents"): "what a function logs is lost",
    ("role", "s3:GetObjectVersion"): "the CSV is read as it is now",
    ("user", "states:DescribeExecution"): "how a run ended is told by the next governance",
}
_IDENTITY: Final = Identity(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/{USER_ROLE}/{SESSION}", f"AROA:{SESSION}")
_ROLE: Final = ExecutionRole(PLACE.role, frozenset(SERVICES), "the account's LabRole")


@dataclass(frozen=True)
class Call:
    """A call that IAM decided on.

    Attributes
    ----------
    holder : {"user", "role"}
    phase : {"deploy", "run"}
        What was being done.
    action, resource : str
    """

    holder: Holder
    phase: Stops
    action: str
    resource: str


def rights() -> list[Permission]:
    """Return every right of the least policies that a first deployment, or a run, could be thought to need."""
    own = [each for each in permissions("user", ("deploy", "run", "bucket", "check")) if each.need.during != "change"]
    return [*own, *permissions("role")]


def name_of(right: Permission) -> str:
    """Return a right's name, for a test and a table."""
    return f"{right.holder} {right.action} on {right.need.resource}"


def predicted(right: Permission) -> Stops:
    """Return what the preflight says that fails without a right, in an account whose simulator answers."""
    aws_cli = Answering(region=REGION, answers=USUAL | {"iam simulate-principal-policy": _simulator(right)})
    intent = Intent(parameters={"PandasLayerArn": "given", "PowertoolsLayerArn": "given"})
    try:
        seen = preflight(aws_cli, _IDENTITY, PLACE, _ROLE, intent)
    except CliError as error:
        assert right.action in error.message
        assessed = assess(aws_cli, _IDENTITY, PLACE, intent.needed())
        return next(intent.stopped(each.permission) for each in assessed if _is_denied(each, right))
    if seen.adaptations:  # it would fail, were the parameter not set
        return "deploy"
    return "run" if seen.warnings else ""


def _is_denied(each: Assessed, right: Permission) -> bool:
    return each.verdict == "denied" and (each.permission.action, each.permission.need.resource) == (
        right.action, right.need.resource,
    )  # fmt: skip


def happens(right: Permission, calls: Iterable[Call]) -> Stops:
    """Return what fails of a recorded deployment and run when a right is missing: the first call that is refused."""
    for call in calls:
        counts = call.holder == right.holder and (call.holder, call.action) not in TOLERATED
        if counts and not _allowed(right.holder, (right,), call.action, call.resource):
            return call.phase
    return ""


def recorded() -> list[Call]:
    """Return the calls of one whole deployment and run, as the repository keeps them."""
    return [Call(*entry) for entry in json.loads(CALLS.read_text("utf-8"))]


def as_golden(phases: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return the calls of each phase as the repository keeps them: each once, without what is of one run alone.

    Parameters
    ----------
    phases : mapping of str to sequence of mapping
        What the embedded AWS wrote down, by phase.
    """
    seen = dict.fromkeys(
        (holder, phase, str(call["action"]), _lasting(str(call["resource"])))
        for phase, calls in phases.items()
        for call in calls
        for holder, role in ROLES.items()
        if f"assumed-role/{role}/" in str(call["who"])
    )
    order = list(phases)
    lines = sorted(seen, key=lambda each: (order.index(each[1]), each[0], each[2], each[3]))
    return "[\n" + ",\n".join(json.dumps(each) for each in lines) + "\n]\n"


def _lasting(resource: str) -> str:
    """Return an ARN without what differs from run to run: the objects of a bucket, executions, log streams."""
    for pattern, instead in (
        (r"(arn:aws:s3:::[^/]+)/.+", r"\1/any"),
        (r"(:execution:[^:]+):.+", r"\1:any"),
        (r"(:changeSet/).+", r"\1any"),
        (r"(:stack/[^/]+)/.+", r"\1/any"),
        (r"(:layer:[A-Za-z]+?Layer)[0-9a-f]{10}", r"\1"),
        (r"(:log-stream:).+", r"\1any"),
    ):
        resource = re.sub(pattern, instead, resource)
    return resource


def _simulator(right: Permission) -> Any:
    """Return IAM's simulator of an account in which a right is missing."""

    def answer(arguments: tuple[str, ...]) -> dict[str, Any]:
        holder: Holder = "role" if arguments[arguments.index("--policy-source-arn") + 1] == PLACE.role else "user"
        names = arguments[arguments.index("--action-names") + 1 :]
        resource = arguments[arguments.index("--resource-arns") + 1] if "--resource-arns" in arguments else "*"
        actions = [name for name in names if ":" in name and not name.startswith(("arn:", "ContextKeyName"))]
        taken = (right,) if holder == right.holder else ()
        return {
            "EvaluationResults": [
                {
                    "EvalActionName": action,
                    "EvalDecision": "allowed" if _allowed(holder, taken, action, resource) else "implicitDeny",
                }
                for action in actions
            ]
        }

    return answer


@cache
def _statements(holder: Holder, without: tuple[Permission, ...]) -> list[list[ParsedStatement]]:
    actions = [each for each in ASKED_ON_ANYTHING[holder] if each not in {right.action for right in without}]
    wider = {"Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    documents = [policy(holder, PLACE, without=without), *([wider] if actions else [])]
    return [parse_policy_document(json.dumps(each)) for each in documents]


def _allowed(holder: Holder, without: tuple[Permission, ...], action: str, resource: str) -> bool:
    asked = EvalContext(
        principal_arn=f"arn:aws:iam::{ACCOUNT}:role/{ROLES[holder]}", principal_type="AssumedRole",
        principal_account=ACCOUNT, action=action, resource_arn=resource, region=REGION,
    )  # fmt: skip
    return evaluate(asked, _statements(holder, without)).decision == "Allow"
