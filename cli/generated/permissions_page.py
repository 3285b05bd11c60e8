"""The parts of docs/permissions.md that are made from the table of permissions."""

import json
from collections.abc import Iterator
from typing import Final, get_args

from cli.account.execution_role import SERVICES
from cli.account.permissions import EXAMPLE, NEEDS, Holder, as_json, policy

_HOLDERS: Final[tuple[Holder, ...]] = get_args(Holder)


def parts() -> dict[str, str]:
    """Return the content of every part, by name: a table and a policy of each holder, and the trust policy."""
    tables = {f"{holder} table": "\n".join(_table(holder)) for holder in _HOLDERS}
    policies = {f"{holder} policy": f"```json\n{as_json(policy(holder, EXAMPLE))}\n```" for holder in _HOLDERS}
    return tables | policies | {"trust": f"```json\n{_trust_policy()}\n```"}


def _table(holder: Holder) -> Iterator[str]:
    yield "| permission | on | needed by | to | what still works without it |"
    yield "|---|---|---|---|---|"
    for need in NEEDS:
        if need.holder == holder:
            actions = ", ".join(f"`{action}`" for action in need.actions)
            yield f"| {actions} | {need.resource} | {', '.join(need.needed_by)} | {need.purpose} | {need.without} |"


def _trust_policy() -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": list(SERVICES)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
