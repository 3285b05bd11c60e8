"""Every permission that the lakehouse needs: of whom, on what, for what, and what still works without it.

The one source of `./importau check`, of docs/permissions.md and of the tests that hold both against what is really
called. Two holders need permissions: the *user*, who deploys and runs, and the existing *execution role*, which
functions, state machines and crawlers run as.
"""

import json
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from lakehouse.contract.layers import BRONZE, tables_of
from lakehouse.stage import NONE, staged

_TABLE: Final = Path(__file__).with_suffix(".toml")

Holder = Literal["user", "role"]
# Who makes the call: our own code, which the tests observe; or a service for the holder, which they cannot observe.
Caller = Literal["own", "cloudformation", "step functions", "lambda", "glue crawler", "athena", "sometimes"]
During = Literal["any", "first", "change"]


@dataclass(frozen=True)
class Place:
    """Where the lakehouse is, which its ARNs depend on.

    Attributes
    ----------
    partition, region, account : str
    bucket, stack : str
    role : str
        ARN of the execution role.
    caller : str
        ARN of the user or role whose policies apply to the caller.
    key : str
        ARN of the key of one's own that encrypts; that of any key where there is none.
    stage : str
        Empty where it is of none.
    """

    partition: str
    region: str
    account: str
    bucket: str
    stack: str
    role: str
    caller: str
    key: str = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    stage: str = NONE


# The placeholders in docs/permissions.md, for a reader to replace.
EXAMPLE: Final = Place(
    "aws", "us-east-1", "123456789012", "importau-lakehouse-nome-sobrenome", "importau",
    "arn:aws:iam::123456789012:role/LabRole", "arn:aws:iam::123456789012:role/voclabs",
)  # fmt: skip


@dataclass(frozen=True)
class Resource:
    """A resource that permissions are about.

    Attributes
    ----------
    arns : tuple of str
        As a policy names it, with the fields of `Place` in braces. There are several where a service checks a resource
        and those that contain it (Glue: catalogue, database, table).
    sample : str
        One of its ARNs without wildcards, as the policy simulator requires.
    """

    arns: tuple[str, ...]
    sample: str


@dataclass(frozen=True)
class Need:
    """Permissions that are needed together, for the same reason.

    Attributes
    ----------
    holder : {"user", "role"}
    actions : tuple of str
        Such as ``s3:PutObject``.
    resource : str
        A key of `RESOURCES`.
    needed_by : tuple of str
        Commands of `./importau` for the user, functions and services for the role.
    purpose : str
        What it is needed for.
    without : str
        What still works without it.
    caller : str
        Who makes the call.
    optional : bool
        Whether the lakehouse can be deployed, filled, governed and verified without it.
    during : {"any", "first", "change"}
        Whether only the first deployment of a stack needs it, or only a later change.
    avoided_by : str
        A parameter of template.yaml with which nobody needs it, ``Name=value``; empty where there is none.
    only_with : str
        A parameter of template.yaml, or another occasion, without which nobody needs it; empty where there is none.
    """

    holder: Holder
    actions: tuple[str, ...]
    resource: str
    needed_by: tuple[str, ...]
    purpose: str
    without: str
    caller: Caller = "own"
    optional: bool = False
    during: During = "any"
    avoided_by: str = ""
    only_with: str = ""


@dataclass(frozen=True)
class Permission:
    """One action of a need.

    Attributes
    ----------
    action : str
    need : Need
    """

    action: str
    need: Need

    @property
    def holder(self) -> Holder:
        """Who needs it."""
        return self.need.holder


def _read() -> tuple[dict[str, Resource], tuple[Need, ...]]:
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    resources = {
        name: Resource(tuple(entry["arns"]), entry.get("sample", entry["arns"][-1]))
        for name, entry in table["resource"].items()
    }
    needs = tuple(
        Need(**entry | {"actions": tuple(entry["actions"]), "needed_by": tuple(entry["needed_by"])})
        for entry in table["need"]
    )
    return resources, needs


RESOURCES, NEEDS = _read()


def permissions(
    holder: Holder | None = None, needed_by: Iterable[str] = (), given: Iterable[str] = ()
) -> Iterator[Permission]:
    """Yield each permission once per resource.

    Parameters
    ----------
    holder : {"user", "role"}, optional
        Only this holder's.
    needed_by : iterable of str
        Only for these commands, where any is named.
    given : iterable of str
        The occasions (`Need.only_with`) whose permissions are yielded, too.
    """
    commands, occasions = frozenset(needed_by), {"", *given}
    for need in NEEDS:
        wanted = holder in (None, need.holder) and (not commands or commands.intersection(need.needed_by))
        if wanted and need.only_with in occasions:
            for action in need.actions:
                yield Permission(action, need)


def arns(resource: str, place: Place) -> list[str]:
    """Return the ARNs of a resource as a policy names them."""
    return [_filled(arn, place) for arn in RESOURCES[resource].arns]


def sample(resource: str, place: Place) -> str:
    """Return one ARN of a resource, without wildcards."""
    return _filled(RESOURCES[resource].sample, place)


def names_in(place: Place) -> dict[str, str]:
    """Return what stands for the names in braces in an ARN or a command.

    Besides the fields of `Place`: ``{table}``, any table; ``{_stage}`` and ``{-stage}``, how a name ends in the stage,
    and ``{stack-}``, how that of a layer begins in one.
    """
    ends = {f"{joint}stage": staged("", place.stage, joint) for joint in "_-"}
    return vars(place) | ends | {"stack-": f"{place.stack}-" if place.stage else "", "table": tables_of(BRONZE)[0]}


def policy(
    holder: Holder, place: Place, given: Iterable[str] = (), without: Iterable[Permission] = ()
) -> dict[str, Any]:
    """Return the least policy of a holder, as IAM takes it.

    Parameters
    ----------
    holder : {"user", "role"}
    place : Place
    given : iterable of str
        The occasions (`Need.only_with`) that it covers.
    without : iterable of Permission
        What it leaves out.

    Returns
    -------
    dict
        One statement for all actions on the same resources; what another one grants on these and more is not repeated,
        since a managed policy has 6,144 characters at most.
    """
    actions: dict[str, set[str]] = {}
    left_out = frozenset(without)
    for permission in permissions(holder, given=given):
        if permission in left_out:
            continue
        actions.setdefault(permission.need.resource, set()).add(permission.action)
    on = {resource: arns(resource, place) for resource in actions}
    wider = {
        resource: {action for other in actions if _is_wider(on[other], on[resource]) for action in actions[other]}
        for resource in actions
    }
    statements = [
        {
            "Sid": "".join(word.capitalize() for word in resource.replace("'", "").split()),
            "Effect": "Allow",
            "Action": sorted(its_actions - wider[resource]),
            "Resource": _one_or_all(on[resource]),
        }
        for resource, its_actions in actions.items()
        if its_actions - wider[resource]
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def as_json(document: Mapping[str, Any]) -> str:
    """Return a policy as text to paste."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def _filled(arn: str, place: Place) -> str:
    return arn.format_map(names_in(place))


def _is_wider(some: Collection[str], others: Collection[str]) -> bool:
    """Return whether some resources are all of the others, and more."""
    return set(some) > set(others) or ("*" in some and "*" not in others)


def _one_or_all(values: Sequence[str]) -> str | list[str]:
    unique = list(dict.fromkeys(values))
    return unique[0] if len(unique) == 1 else unique
