"""Who does something on the embedded AWS, and whether their policies cover it, where MiniStack does not ask.

MiniStack holds direct calls against policies when it enforces IAM (``AUTH=true``). What a service does for somebody
it lets pass: the stand-ins beside this module ask here. Without enforcement everything is allowed, as before.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import unquote

ENFORCED: Final = os.environ.get("AUTH", "false").lower() == "true"
# Called with every question: who, action, resource, and whether it is allowed.
OBSERVERS: Final[list[Callable[[str, str, str, bool], None]]] = []

_caller: ContextVar[str] = ContextVar("caller", default="")


def caller() -> Any:
    """Return the principal of the request that is worked on; None where there is none, or it may do everything."""
    from ministack.core.iam_evaluator import AuthError, resolve_principal
    from ministack.core.responses import get_account_id

    key = _caller.get()
    principal = resolve_principal(key, get_account_id()) if key else None
    return None if isinstance(principal, AuthError) or principal is None or principal.policies is None else principal


def role(arn: str, session: str) -> Any:
    """Return the principal that a service is when it has taken on a role; None where there is no such role."""
    from ministack.core import iam_evaluator
    from ministack.services import iam

    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    if iam._roles.get_scoped(account, None, name) is None:
        return None
    return iam_evaluator.PrincipalInfo(
        arn=f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        type="AssumedRole",
        account=account,
        policies=iam_evaluator._gather_role_policies(name, account),
        limits=iam_evaluator._permissions_boundary(iam._roles, name, account),
    )


def trusts(arn: str, service: str) -> bool:
    """Return whether a role's trust policy names a service, or its part in a region."""
    from ministack.core.iam_evaluator import evaluate_trust_policy
    from ministack.core.responses import get_region
    from ministack.services import iam

    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    found = iam._roles.get_scoped(account, None, name)
    if found is None:
        return False
    prefix, _, suffix = service.partition(".")
    document = found["AssumeRolePolicyDocument"]
    return any(
        evaluate_trust_policy(_services_as_callers(document), each)
        for each in (service, f"{prefix}.{get_region()}.{suffix}")
    )


def _services_as_callers(document: Any) -> Any:
    """Return a trust policy whose services MiniStack's evaluator takes for callers, which it does not know."""
    parsed = json.loads(unquote(document)) if isinstance(document, str) else document
    statements = parsed["Statement"] if isinstance(parsed["Statement"], list) else [parsed["Statement"]]
    return {
        **parsed,
        "Statement": [
            {**each, "Principal": {"AWS": each["Principal"].get("Service", [])}}
            if isinstance(each.get("Principal"), dict)
            else each
            for each in statements
        ],
    }


def refusal(principal: Any, action: str, resources: Iterable[str], **context: str) -> str:
    """Return AWS's words where a principal's policies do not cover an action on all of some resources; else nothing.

    Parameters
    ----------
    principal : PrincipalInfo or None
        None may do everything.
    action : str
    resources : iterable of str
        ARNs, or ``*``.
    **context : str
        Condition keys, with ``__`` in the place of the colon.
    """
    from ministack.core.iam_evaluator import EvalContext, evaluate
    from ministack.core.responses import get_region

    if not ENFORCED or principal is None:
        return ""
    keys = {name.replace("__", ":").lower(): value for name, value in context.items()}
    for resource in resources:
        asked = EvalContext(
            principal_arn=principal.arn,
            principal_type=principal.type,
            principal_account=principal.account,
            action=action,
            resource_arn=resource,
            region=get_region(),
            secure_transport=True,
            service_context=keys,
            principal_keys=principal.keys,
        )
        decision = evaluate(asked, principal.policies, *principal.limits).decision
        for observe in OBSERVERS:
            observe(principal.arn, action, resource, decision == "Allow")
        if decision != "Allow":
            return _said(principal.arn, action, resource, explicit=decision == "Deny")
    return ""


def refused(principal: Any, actions: Mapping[str, Iterable[str]], **context: str) -> str:
    """Return AWS's words for the first action that a principal's policies do not cover; else nothing."""
    return next(filter(None, (refusal(principal, action, on, **context) for action, on in actions.items())), "")


def _said(who: str, action: str, resource: str, *, explicit: bool) -> str:
    because = (
        "with an explicit deny in an identity-based policy"
        if explicit
        else f"because no identity-based policy allows the {action} action"
    )
    service = action.partition(":")[0].capitalize()
    return (
        f"User: {who} is not authorized to perform: {action} on resource: {resource} {because} "
        f"(Service: {service}, Status Code: 403)"
    )


def _of_tags(extract: Callable[..., str]) -> Callable[..., str]:
    """Return a function that says which resource a request is about: tags in Glue are on the one that is named."""

    def extracted(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        named = _json(body).get("ResourceArn") if service == "glue" else None
        return str(named) if named else extract(service, method, path, headers, body, *rest)

    return extracted


def _json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:  # MiniStack says what is wrong with it
        return {}
    return parsed if isinstance(parsed, dict) else {}


def install() -> None:
    """Remember who makes each request, also for what goes on after its answer; let the simulator know boundaries."""
    from ministack.core import iam_actions, iam_evaluator
    from ministack.core.router import extract_access_key_id
    from ministack.services import iam

    pin = iam_evaluator.pin_request_caller

    def pin_request_caller(headers: Mapping[str, str], query_params: Any = None) -> None:
        pin(headers, query_params)
        _caller.set(extract_access_key_id(headers or {}, query_params or {}) or "")

    iam_evaluator.pin_request_caller = pin_request_caller
    iam_actions.extract_resource_arn = _of_tags(iam_actions.extract_resource_arn)
    evaluate = iam_evaluator.evaluate
    results = iam._build_simulate_results_real

    def simulated(actions: Any, resource: str, principal_arn: str, account: str, policies: Any) -> Any:
        kind, name = principal_arn.rpartition(":")[2].split("/")[0], principal_arn.rpartition("/")[2]
        store = {"role": iam._roles, "user": iam._users}.get(kind)
        limits = iam_evaluator._permissions_boundary(store, name, account) if store is not None else []
        iam_evaluator.evaluate = lambda asked, own, *others: evaluate(asked, own, *others, *limits)
        try:
            return results(actions, resource, principal_arn, account, policies)
        finally:
            iam_evaluator.evaluate = evaluate

    iam._build_simulate_results_real = simulated
