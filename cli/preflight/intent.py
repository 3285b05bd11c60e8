"""What is to be deployed, as far as it decides which permissions are needed; and what fails without each of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from cli.account.permissions import Need, Permission, permissions
from cli.account.stack import REVIEW, parameters_of

# What does not work without a permission: a deployment, a run of the pipeline, or neither.
Stops = Literal["deploy", "run", ""]
_CREATE_BUCKET: Final = "s3:CreateBucket"
# Parameters whose permissions only those need who give them, and what stands for not giving them.
_OCCASIONS: Final = {
    "KmsKeyArn": "", "ReservedConcurrency": "-1", "SubnetIds": "",
    "AlertOn": "nothing", "ScheduleExpression": "", "StartOnUpload": "no",
}  # fmt: skip


@dataclass(frozen=True)
class Intent:
    """A deployment that is wanted.

    Attributes
    ----------
    parameters : mapping of str to str
        Of template.yaml, as far as they are not its defaults.
    chosen : frozenset of str
        The names of those that a person gave, so that nothing else does.
    first : bool
        Whether the stack is new.
    has_bucket : bool
        Whether the bucket exists.
    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    chosen: frozenset[str] = frozenset()
    first: bool = True
    has_bucket: bool = False

    @property
    def occasions(self) -> tuple[str, ...]:
        """The parameters that need permissions of their own (`Need.only_with`)."""
        return tuple(name for name, none in _OCCASIONS.items() if self.parameters.get(name, none) != none)

    @property
    def in_vpc(self) -> bool:
        """Whether the functions are to be in a VPC."""
        return "SubnetIds" in self.occasions

    def needed(self) -> list[Permission]:
        """Return the permissions that a deployment and a run need, of both holders."""
        own = permissions("user", ("deploy", "run"), self.occasions)
        return [*own, *permissions("role", given=self.occasions)]

    def stopped(self, permission: Permission) -> Stops:
        """Return what fails without a permission: the deployment, or a run after it."""
        need = permission.need
        if self._is_needless(permission):
            return ""
        stops: Stops = "deploy" if "deploy" in need.needed_by else "run"
        if need.avoided_by:
            return stops
        if need.optional or need.caller == "sometimes":
            return ""
        return stops if need.holder == "role" or stops in need.needed_by else ""

    def with_parameters(self, values: Mapping[str, str]) -> "Intent":
        """Return the same with other parameters."""
        return replace(self, parameters={**self.parameters, **values})

    def _is_needless(self, permission: Permission) -> bool:
        need = permission.need
        return (
            (need.only_with != "" and need.only_with not in self.occasions)
            or need.during == ("change" if self.first else "first")
            or (permission.action == _CREATE_BUCKET and self.has_bucket)
            or self._avoids(need)
        )

    def _avoids(self, need: Need) -> bool:
        name, _, value = need.avoided_by.partition("=")
        return bool(name) and self.parameters.get(name) == value


def intended(
    described: Mapping[str, Any] | None, requested: Mapping[str, str], *, has_bucket: bool, ours: Iterable[str] = ()
) -> Intent:
    """Return what a deployment would have: the parameters that are requested, or else the stack's.

    Parameters
    ----------
    described : mapping or None
        The stack as CloudFormation describes it; None where there is none.
    requested : mapping of str to str
        Parameters of template.yaml.
    has_bucket : bool
    ours : iterable of str
        The names of requested parameters that no person gave.
    """
    first = described is None or described["StackStatus"] == REVIEW
    return Intent(parameters_of(described) | dict(requested), frozenset(requested) - frozenset(ours), first, has_bucket)
