"""The parts of docs/permissions.md that are made from the table of permissions."""

import json
import re
from collections.abc import Iterator
from typing import Final

from cli.account.execution_role import SERVICES
from cli.account.permissions import EXAMPLE, NEEDS, Holder, as_json, policy

_PART: Final = re.compile(r"(<!-- generated: (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def regenerated(page: str) -> str:
    """Return a page with every marked part generated again."""
    return _PART.sub(lambda part: f"{part[1]}{_content(part['name'])}\n{part[3]}", page)


def _content(name: str) -> str:
    match name.split():
        case [("user" | "role") as holder, "table"]:
            return "\n".join(_table(holder))
        case [("user" | "role") as holder, "policy"]:
            return f"```json\n{as_json(policy(holder, EXAMPLE))}\n```"
        case ["trust"]:
            return f"```json\n{_trust_policy()}\n```"
    raise AssertionError(f"no part is called {name}")


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
