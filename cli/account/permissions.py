"""Every permission that the lakehouse needs: of whom, on what, for what, and what still works without it.

The one source of `./importau check`, of docs/permissions.md and of the tests that hold both against what is really
called. Two holders need permissions: the *user*, who deploys and runs, and the existing *execution role*, which
functions, state machines and crawlers run as.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from lakehouse.contract.layers import BRONZE, tables_of

_TABLE: Final = Path(__file__).with_suffix(".toml")

Holder = Literal["user", "role"]
# Who makes the call: our own code, which the tests observe; or a service for the holder, which they cannot observe.
Caller = Literal["own", "cloudformation", "step functions", "lambda", "glue crawler", "sometimes"]


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
    """

    partition: str
    region: str
    account: str
    bucket: str
    stack: str
    role: str
    caller: str


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
    """

    holder: Holder
    actions: tuple[str, ...]
    resource: str
    needed_by: tuple[str, ...]
    purpose: str
    without: str
    caller: Caller = "own"
    optional: bool = False


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


def permissions(holder: Holder | None = None, needed_by: Iterable[str] = ()) -> Iterator[Permission]:
    """Yield each permission once per resource; only one holder's, and only for some commands, where those are named."""
    commands = frozenset(needed_by)
    for need in NEEDS:
        if holder in (None, need.holder) and (not commands or commands.intersection(need.needed_by)):
            for action in need.actions:
                yield Permission(action, need)


def arns(resource: str, place: Place) -> list[str]:
    """Return the ARNs of a resource as a policy names them."""
    return [_filled(arn, place) for arn in RESOURCES[resource].arns]


def sample(resource: str, place: Place) -> str:
    """Return one ARN of a resource, without wildcards."""
    return _filled(RESOURCES[resource].sample, place)


def names_in(place: Place) -> dict[str, str]:
    """Return what stands for the names in braces in an ARN or a command."""
    return vars(place) | {"table": tables_of(BRONZE)[0]}


def policy(holder: Holder, place: Place) -> dict[str, Any]:
    """Return the least policy of a holder, as IAM takes it.

    Parameters
    ----------
    holder : {"user", "role"}
    place : Place

    Returns
    -------
    dict
        One statement for all actions on the same resources.
    """
    actions: dict[str, set[str]] = {}
    for permission in permissions(holder):
        actions.setdefault(permission.need.resource, set()).add(permission.action)
    statements = [
        {
            "Sid": "".join(word.capitalize() for word in resource.replace("'", "").split()),
            "Effect": "Allow",
            "Action": sorted(its_actions),
            "Resource": _one_or_all(arns(resource, place)),
        }
        for resource, its_actions in actions.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def as_json(document: Mapping[str, Any]) -> str:
    """Return a policy as text to paste."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def _filled(arn: str, place: Place) -> str:
    return arn.format_map(names_in(place))


def _one_or_all(values: Sequence[str]) -> str | list[str]:
    unique = list(dict.fromkeys(values))
    return unique[0] if len(unique) == 1 else unique
