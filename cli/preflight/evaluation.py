"""What IAM policies say of a request, as AWS evaluates them within an account, as far as that can be decided.

Pure, and of three values: a policy may depend on something that only the request itself will have. Such an answer is
``unknown``, and never taken for one of the others. AWS's rules: "Policy evaluation logic" and "IAM JSON policy
elements" in the IAM User Guide.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

Verdict = Literal["allowed", "denied", "unknown"]
# What denies, where that is not a policy that the holder has.
Reason = Literal["", "boundary", "organization"]
# Yes, no, or not decidable beforehand.
Truth = bool | None


@dataclass(frozen=True)
class Policy:
    """A policy by its name.

    Attributes
    ----------
    name : str
    document : mapping
        As IAM has it: ``Statement``, and the rest.
    """

    name: str
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Held:
    """The policies of a user or a role.

    Attributes
    ----------
    policies : tuple of Policy
        Inline and attached ones, a user's groups' included.
    boundary : Policy or None
        The permission boundary.
    unread : tuple of str
        What may not be read, in words; with any, only a denial is certain.
    """

    policies: tuple[Policy, ...]
    boundary: Policy | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """A request whose fate is asked for.

    Attributes
    ----------
    action, resource : str
        The resource's ARN without wildcards, or ``*`` where the action has none.
    context : mapping of str to (str or None)
        What is known of the request, by condition key in small letters; None where the request will not have the key.
    """

    action: str
    resource: str
    context: Mapping[str, str | None]


@dataclass(frozen=True)
class Decision:
    """What the policies say.

    Attributes
    ----------
    verdict : {"allowed", "denied", "unknown"}
    how : str
        Which policy says so, or what the answer depends on.
    reason : {"", "boundary"}
        What denies, where it is the permission boundary.
    """

    verdict: Verdict
    how: str
    reason: Reason = ""


def decide(held: Held, request: Request) -> Decision:
    """Return what the policies of a user or role say of a request.

    Within one account, and without a policy of the resource: an explicit denial wins, otherwise the policies and, where
    there is one, the boundary have to allow it.
    """
    bounds = () if held.boundary is None else (held.boundary,)
    denials = [(policy, _says(policy, "Deny", request)) for policy in (*held.policies, *bounds)]
    for policy, says in denials:
        if says:
            return Decision("denied", f"the policy {policy.name} denies it", _reason(policy, held))
    allowed = _any(_says(policy, "Allow", request) for policy in held.policies)
    within = True if held.boundary is None else _says(held.boundary, "Allow", request)
    if held.boundary is not None and within is False:
        return Decision("denied", f"the permission boundary {held.boundary.name} does not allow it", "boundary")
    if allowed is False and not held.unread:
        return Decision("denied", "no policy allows it")
    if held.unread:
        return Decision("unknown", f"{held.unread[0]} may not be read")
    open_ones = [policy.name for policy, says in denials if says is None]
    if allowed and within and not open_ones:
        return Decision("allowed", "the policies allow it")
    depends = open_ones or [
        policy.name for policy in (*held.policies, *bounds) if _says(policy, "Allow", request) is None
    ]
    return Decision("unknown", f"the policy {depends[0]} has a condition that only the request itself decides")


def _reason(policy: Policy, held: Held) -> Reason:
    return "boundary" if policy is held.boundary else ""


def _says(policy: Policy, effect: str, request: Request) -> Truth:
    """Return whether a policy has a statement of an effect that applies to a request."""
    return _any(
        _applies(statement, request)
        for statement in _list(policy.document.get("Statement"))
        if statement.get("Effect") == effect
    )


def _applies(statement: Mapping[str, Any], request: Request) -> Truth:
    return _all(
        (
            _named(statement, "Action", request.action, request, fold=True),
            _named(statement, "Resource", request.resource, request, fold=False),
            *(
                _condition(operator, key, _list(values), request.context)
                for operator, pairs in (statement.get("Condition") or {}).items()
                for key, values in pairs.items()
            ),
        )
    )


def _named(statement: Mapping[str, Any], element: str, value: str, request: Request, *, fold: bool) -> Truth:
    """Return whether an element of a statement, or its opposite (``NotAction``), names a value."""
    if f"Not{element}" in statement:
        return _not(_any(_like(value, each, request.context, fold) for each in _list(statement[f"Not{element}"])))
    return _any(_like(value, each, request.context, fold) for each in _list(statement.get(element)))


# ---- patterns --------------------------------------------------------------------------------------------------------

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
# Characters that would be wildcards, written as variables.
_ESCAPED: Final = frozenset("*?$")


def _like(value: str, pattern: str, context: Mapping[str, str | None], fold: bool) -> Truth:
    """Return whether a value is like a pattern; None where that hangs on a policy variable whose value is not known."""
    certain, uncertain = [], False
    position = 0
    for variable in _VARIABLE.finditer(pattern):
        certain.append(_expression(pattern[position : variable.start()]))
        name = variable[1].partition(",")[0].strip()
        known = name if name in _ESCAPED else context.get(name.lower())
        uncertain = uncertain or known is None
        certain.append(".*" if known is None else re.escape(known))
        position = variable.end()
    certain.append(_expression(pattern[position:]))
    matches = _compiled("".join(certain), fold).fullmatch(value) is not None
    return None if matches and uncertain else matches


def _expression(pattern: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)


@lru_cache(maxsize=4096)
def _compiled(expression: str, fold: bool) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if fold else 0))


# ---- conditions ------------------------------------------------------------------------------------------------------


def _equal(value: str, expected: str) -> bool:
    return value == expected


def _equal_folded(value: str, expected: str) -> bool:
    return value.lower() == expected.lower()


def _glob(value: str, expected: str) -> bool:
    return _compiled(_expression(expected), fold=False).fullmatch(value) is not None


# The operators that can be decided; of the others (dates, numbers, addresses) nothing is known beforehand.
_OPERATORS: Final[dict[str, Callable[[str, str], bool]]] = {
    "stringequals": _equal,
    "stringequalsignorecase": _equal_folded,
    "stringlike": _glob,
    "arnequals": _glob,
    "arnlike": _glob,
    "bool": _equal_folded,
}
_NEGATED: Final = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}
_SET_OPERATORS: Final = ("forallvalues:", "foranyvalue:")
_IF_EXISTS: Final = "ifexists"


def _condition(operator: str, key: str, expected: Sequence[Any], context: Mapping[str, str | None]) -> Truth:
    """Return whether one key of a condition holds."""
    name, key = operator.lower(), key.lower()
    if key not in context:
        return None
    value = context[key]
    if name == "null":
        return (value is None) in [str(each).lower() == "true" for each in expected]
    quantifier = next((each for each in _SET_OPERATORS if name.startswith(each)), "")
    name = name.removeprefix(quantifier)
    optional, name = name.endswith(_IF_EXISTS), name.removesuffix(_IF_EXISTS)
    plain = _NEGATED.get(name, name)
    if plain not in _OPERATORS or any("${" in str(each) for each in expected):
        return None
    if value is None:
        absent = optional or name in _NEGATED or quantifier == "forallvalues:"
        return absent and quantifier != "foranyvalue:"
    found = any(_OPERATORS[plain](value, _text(each)) for each in expected)
    return not found if name in _NEGATED else found


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# ---- three values ----------------------------------------------------------------------------------------------------


def _any(truths: Iterable[Truth]) -> Truth:
    known = list(truths)
    return True if True in known else None if None in known else False


def _all(truths: Iterable[Truth]) -> Truth:
    known = list(truths)
    return False if False in known else None if None in known else True


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
