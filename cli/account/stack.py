"""A CloudFormation stack: its state, its recovery from a failed one, its change sets, its deletion."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli
from cli.errors import CliError, UsageError
from lakehouse.stage import NONE

Show = Callable[[str], None]

# The parameters of template.yaml that say of which stage a stack is, and of which commit its code.
STAGE: Final = "Stage"
COMMIT: Final = "Commit"
REVIEW: Final = "REVIEW_IN_PROGRESS"  # a first change set was made, and nothing was ever deployed
DELETED: Final = "DELETE_COMPLETE"
# Nothing is left of the deployment that failed, and CloudFormation allows only to delete the stack.
DEAD: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})
WELL: Final = frozenset(
    {
        "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    }
)  # fmt: skip
_DEPLOYED: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
_LOOK_SECONDS: Final = 5.0
# The embedded AWS has no request limits to respect.
_LOOK_SECONDS_LOCALLY: Final = 0.5
_EVENTS: Final = "300"
# CloudFormation's reasons for giving up a resource because another one failed.
_CONSEQUENCE: Final = "cancelled"


@dataclass(frozen=True)
class Change:
    """What a change set does to a resource.

    Attributes
    ----------
    action : str
        ``Add``, ``Modify``, ``Remove``.
    resource, type : str
        Its logical name, and its type, such as ``AWS::Lambda::Function``.
    replaced : bool
        Whether the resource is replaced by a new one.
    """

    action: str
    resource: str
    type: str
    replaced: bool


def parameters_of(described: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the parameters that a deployment keeps: those of the stack as CloudFormation describes it.

    Parameters
    ----------
    described : mapping or None
        None where there is no stack. One of which nothing was ever deployed keeps none.
    """
    if described is None or described.get("StackStatus") == REVIEW:
        return {}
    return {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in described.get("Parameters", ())}


def stage_of(stack: str, described: Mapping[str, Any] | None, named: str | None) -> str:
    """Return the stage of a stack: its own, or where it is not deployed yet the one that was named.

    Parameters
    ----------
    stack : str
        Its name.
    described : mapping or None
        As CloudFormation describes it; None where there is none.
    named : str or None
        The stage that was named; None where none was.

    Raises
    ------
    UsageError
        It is of another stage than was named: everything in it would be renamed, and its tables lost.
    """
    if described is None or described.get("StackStatus") == REVIEW:
        return named or NONE
    its = parameters_of(described).get(STAGE, NONE)
    if named is not None and named != its:
        other, fix = (f"stage {its}", f"Say --stage {its}") if its else ("no stage", "Leave --stage out")
        raise UsageError(f"the stack {stack} is of {other}, and not of stage {named}", f"{fix}, or --stack.")
    return its


class StackError(CliError):
    """CloudFormation failed; the message has its reasons."""


class Stack:
    """A stack by name, which may not exist.

    Parameters
    ----------
    aws_cli : AwsCli
    name : str
    pause : callable
        Waits that many seconds.
    """

    def __init__(self, aws_cli: AwsCli, name: str, pause: Callable[[float], None] = time.sleep) -> None:
        self.aws_cli, self.name, self._pause = aws_cli, name, pause
        # A person would not poll: the command that waits is shown once instead.
        self._quietly = replace(aws_cli, show_commands=False)

    # ---- what there is -----------------------------------------------------------------------------------------------

    def described(self) -> dict[str, Any] | None:
        """Return CloudFormation's description, or None when there is no such stack."""
        return self._described(self.aws_cli, self.name)

    @staticmethod
    def _described(aws_cli: AwsCli, name: str) -> dict[str, Any] | None:
        try:
            stack: dict[str, Any] = aws_cli.run("cloudformation", "describe-stacks", "--stack-name", name)["Stacks"][0]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError" and "does not exist" in str(error):
                return None
            raise
        return stack

    def resources(self) -> list[dict[str, Any]]:
        """Return the stack's resources as CloudFormation lists them."""
        answer = self.aws_cli.run("cloudformation", "list-stack-resources", "--stack-name", self.name)
        return [entry for entry in answer["StackResourceSummaries"] if entry["ResourceStatus"] != DELETED]

    # ---- recovery into a state that a deployment may start from ---------------------------------------------------

    def recover(self, say: Show, show: Show) -> dict[str, Any] | None:
        """Wait for a running operation, clean up a failed one, and return the stack's description; None without one.

        Parameters
        ----------
        say : callable
            Called once for each thing that is done.
        show : callable
            Called with what CloudFormation is doing.

        Raises
        ------
        StackError
            CloudFormation cannot get it out of its state.
        """
        description = self.described()
        while description is not None and (status := description["StackStatus"]) not in WELL and status != REVIEW:
            if status == DELETED:
                return None
            if status.endswith("_IN_PROGRESS"):
                say(f"the stack {self.name} is being worked on ({status}): waiting for that to end")
                description = self._ended(description["StackId"], show)
            elif status in DEAD:
                say(f"the stack {self.name} is in {status}: its last deployment failed, so what is left is deleted")
                self.delete(show)
                description = None
            elif status == "UPDATE_ROLLBACK_FAILED":
                say(f"the stack {self.name} is in {status}: the rollback goes on")
                self.aws_cli.run("cloudformation", "continue-update-rollback", "--stack-name", self.name)
                description = self._well(description["StackId"], show, "its rollback could not be finished")
            elif status == "UPDATE_FAILED":
                say(f"the stack {self.name} is in {status}: it goes back to what it was")
                self.aws_cli.run("cloudformation", "rollback-stack", "--stack-name", self.name)
                description = self._well(description["StackId"], show, "it could not be rolled back")
            else:
                raise StackError(f"the stack {self.name} is in {status}, which nothing can be deployed from")
        return description

    # ---- change sets -------------------------------------------------------------------------------------------------

    def changes(self, change_set: str) -> list[Change]:
        """Return what a change set would do."""
        answer = self.aws_cli.run("cloudformation", "describe-change-set", "--change-set-name", change_set)
        changes = (change["ResourceChange"] for change in answer["Changes"])
        return [
            Change(
                change["Action"],
                change["LogicalResourceId"],
                change["ResourceType"],
                change.get("Replacement") == "True",
            )
            for change in changes
        ]

    def discard(self, change_set: str) -> None:
        """Delete a change set, and the stack, too, where it has nothing else."""
        self.aws_cli.run("cloudformation", "delete-change-set", "--change-set-name", change_set)
        description = self.described()
        if description is not None and description["StackStatus"] == REVIEW:
            self.aws_cli.run("cloudformation", "delete-stack", "--stack-name", self.name)

    def execute(self, change_set: str, show: Show) -> dict[str, Any]:
        """Execute a change set, and return the stack's description.

        Raises
        ------
        StackError
            It failed, and CloudFormation rolled it back.
        """
        self.aws_cli.run("cloudformation", "execute-change-set", "--change-set-name", change_set)
        description = self.described()
        if description is None:
            raise StackError(f"the stack {self.name} is gone while it was being deployed")
        description = self._ended(description["StackId"], show)
        if description["StackStatus"] not in _DEPLOYED:
            raise StackError(
                f"the deployment failed and CloudFormation took it back ({description['StackStatus']}):"
                + self._reasons(description["StackId"]),
                "Mend the cause and deploy again: it goes on from here.",
            )
        return description

    # ---- its end -----------------------------------------------------------------------------------------------------

    def delete(self, show: Show) -> None:
        """Delete the stack; resources with the deletion policy Retain stay.

        Raises
        ------
        StackError
            A resource could not be deleted.
        """
        description = self.described()
        if (
            description is not None
            and description["StackStatus"] != REVIEW
            and description["StackStatus"].endswith("_IN_PROGRESS")
        ):
            description = self._ended(description["StackId"], show)
        if description is None or description["StackStatus"] == DELETED:
            return
        self.aws_cli.run("cloudformation", "delete-stack", "--stack-name", self.name)
        description = self._ended(description["StackId"], show)
        if description["StackStatus"] != DELETED:
            raise StackError(
                f"the stack {self.name} could not be deleted ({description['StackStatus']}):"
                + self._reasons(description["StackId"]),
                "Mend the cause and try again; what was deleted before stays deleted.",
            )

    # ---- waiting -----------------------------------------------------------------------------------------------------

    def _well(self, stack_id: str, show: Show, otherwise: str) -> dict[str, Any]:
        description = self._ended(stack_id, show)
        if description["StackStatus"] not in WELL:
            raise StackError(
                f"the stack {self.name}: {otherwise} ({description['StackStatus']}):{self._reasons(stack_id)}",
                "Mend what CloudFormation names and try again, or leave those resources as they are: "
                + self.aws_cli.command(
                    "cloudformation", "continue-update-rollback", "--stack-name", self.name,
                    "--resources-to-skip", "NAME",
                ),
            )  # fmt: skip
        return description

    def _ended(self, stack_id: str, show: Show) -> dict[str, Any]:
        """Wait until no operation is running; by id, as a deleted stack has no name."""
        look = _LOOK_SECONDS if self.aws_cli.endpoint is None else _LOOK_SECONDS_LOCALLY
        while True:
            description = self._described(self._quietly, stack_id)
            if description is None:  # deleted, and already forgotten
                return {"StackId": stack_id, "StackStatus": DELETED}
            if not description["StackStatus"].endswith("_IN_PROGRESS"):
                return description
            newest = next(self._events(stack_id), None)
            if newest is not None:
                show(f"{newest['ResourceStatus']} {newest['LogicalResourceId']}")
            self._pause(look)

    def _events(self, stack_id: str) -> Iterator[Mapping[str, Any]]:
        """Yield the events of the stack's last operation, newest first."""
        answer = self._quietly.run(
            "cloudformation", "describe-stack-events", "--stack-name", stack_id, "--max-items", _EVENTS
        )
        for event in answer["StackEvents"]:
            yield event
            is_own = event["PhysicalResourceId"] == stack_id
            if is_own and event.get("ResourceStatusReason") == "User Initiated":
                return

    def _reasons(self, stack_id: str) -> str:
        """Return why resources failed, one per line, in order, without those that failed only because of others."""
        failed = [
            (event["LogicalResourceId"], event.get("ResourceStatusReason", ""))
            for event in self._events(stack_id)
            if event["ResourceStatus"].endswith("_FAILED") and event["PhysicalResourceId"] != stack_id
        ]
        causes = [pair for pair in reversed(failed) if _CONSEQUENCE not in pair[1]] or failed
        lines = dict.fromkeys(f"\n  {resource}: {reason or 'no reason was given'}" for resource, reason in causes)
        return "".join(lines) or " no reason was given"


def tell(changes: Sequence[Change]) -> list[tuple[str, str]]:
    """Return a change set's changes for people to read: (what is done to which type, the resources' names)."""
    grouped: dict[str, list[str]] = {}
    for change in sorted(changes, key=lambda change: (change.action, change.type, change.resource)):
        word = "replace" if change.replaced else change.action.lower()
        grouped.setdefault(f"{word} {change.type.removeprefix('AWS::')}", []).append(change.resource)
    return [(what, ", ".join(resources)) for what, resources in grouped.items()]
