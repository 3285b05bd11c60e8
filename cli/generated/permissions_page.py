"""The parts of docs/permissions.md that are made from the table of permissions."""

import json
from collections.abc import Iterator
from typing import Final, get_args

from cli.account.execution_role import SERVICES
from cli.account.permissions import EXAMPLE, NEEDS, Holder, as_json, permissions, policy

# The parameters of template.yaml with which the lakehouse does something by itself.
BY_ITSELF: Final = ("AlertOn", "ScheduleExpression", "StartOnUpload")
_HOLDERS: Final[tuple[Holder, ...]] = get_args(Holder)


def parts() -> dict[str, str]:
    """Return the content of every part, by name: a table and a policy of each holder, and the trust policy."""
    tables = {f"{holder} table": "\n".join(_table(holder)) for holder in _HOLDERS}
    policies = {f"{holder} policy": f"```json\n{as_json(policy(holder, EXAMPLE))}\n```" for holder in _HOLDERS}
    policies |= {f"{holder} policy by itself": f"```json\n{_by_itself(holder)}\n```" for holder in _HOLDERS}
    return tables | policies | {"occasions table": "\n".join(_occasions()), "trust": f"```json\n{_trust_policy()}\n```"}


def _by_itself(holder: Holder) -> str:
    """Return what a holder needs besides for what the lakehouse does by itself."""
    return as_json(policy(holder, EXAMPLE, BY_ITSELF, permissions(holder)))


def _table(holder: Holder) -> Iterator[str]:
    yield "| permission | on | needed by | to | what still works without it |"
    yield "|---|---|---|---|---|"
    for need in NEEDS:
        if need.holder == holder and not need.only_with:
            actions = ", ".join(f"`{action}`" for action in need.actions)
            yield f"| {actions} | {need.resource} | {', '.join(need.needed_by)} | {need.purpose} | {need.without} |"


def _occasions() -> Iterator[str]:
    yield "| only with | whose | permission | on | to |"
    yield "|---|---|---|---|---|"
    for need in sorted((need for need in NEEDS if need.only_with), key=lambda need: (need.only_with, need.holder)):
        actions = ", ".join(f"`{action}`" for action in need.actions)
        whose = {"user": "yours", "role": "the execution role's"}[need.holder]
        yield f"| {_named(need.only_with)} | {whose} | {actions} | {need.resource} | {need.purpose} |"


def _named(occasion: str) -> str:
    return occasion if " " in occasion else f"`{occasion}`"


def _trust_policy() -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": list(SERVICES)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
