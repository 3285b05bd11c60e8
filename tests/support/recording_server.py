"""The embedded AWS, writing down each call that its IAM decides on: who, what, on which resource, and the decision.

What the stand-ins ask for somebody (CloudFormation for the caller, services for the execution role) is written down
as well.

A program of its own: `restricted_account.RestrictedAws` runs it in place of the server. The loopback interface counts
as TLS here, for the bucket's policy admits nothing else.
"""

import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

import ministack.app
from ministack.core import iam_actions, iam_evaluator

_CALLS = Path(os.environ["IMPORTAU_RECORDED_CALLS"]).open("a", buffering=1)  # noqa: SIM115 - as long as the server
_enforce, _extract, _pin = iam_evaluator.enforce, iam_actions.extract_iam_action, iam_evaluator.pin_request_origin


def enforce(access_key: str, action: str, service: str, region: str, resource_arn: str = "*", **context: Any) -> Any:
    refusal = _enforce(access_key, action, service, region, resource_arn=resource_arn, **context)
    who = getattr(iam_evaluator.resolve_credential(access_key or ""), "principal_arn", "nobody")
    written(who, action, resource_arn, refusal is None)
    return refusal


def written(who: str, action: str, resource: str, allowed: bool) -> None:
    _CALLS.write(json.dumps({"who": who, "action": action, "resource": resource, "allowed": allowed}) + "\n")


def extract_iam_action(service: str, method: str, path: str, *rest: Any) -> str | None:
    action: str | None = _extract(service, method, path, *rest)
    if action is None and service == "lakeformation":  # whose calls are paths of their names
        action = f"{service}:{path.strip('/')}"
    if action is None:
        _CALLS.write(json.dumps({"who": "unknown", "action": f"{service} {method} {path}"}) + "\n")
    return action


iam_evaluator.enforce = enforce
iam_actions.extract_iam_action = extract_iam_action
ministack.app.pin_request_origin = lambda address, secure: _pin(address, True)
runpy.run_path(str(Path(__file__).resolve().parents[2] / "cli/embedded/standin.py"))["install"]()
sys.modules["cli.embedded.standins.rights"].OBSERVERS.append(written)
ministack.app.main()
