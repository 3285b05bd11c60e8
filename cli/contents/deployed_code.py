"""The functions as they run, beside what was deployed: their code by its SHA-256, and what they run with."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cli.account.template import StackTemplate, UnknownValueError
from cli.contents.as_deployed import AsDeployed, nothing
from cli.contents.outcome import Outcome, permitted
from cli.terminal import present
from lakehouse.clients import together
from lakehouse.contract.structure import Unlike, unlike

_FUNCTION: Final = "AWS::Lambda::Function"
_TEXTS: Final = ("Handler", "Runtime", "Role")
_NUMBERS: Final = ("MemorySize", "Timeout")
_SECRET: Final = re.compile(r"KEY|TOKEN|SECRET|PASS|TRANSPORT|CREDENTIAL", re.IGNORECASE)


def code(deployed: AsDeployed) -> Outcome:
    """Compare the functions of a stack with what was deployed."""
    template = deployed.template
    if template is None:
        return nothing(deployed.refused)
    declared = {str(template.value(each["FunctionName"])): each for each in template.resources(_FUNCTION).values()}
    client = deployed.aws.client("lambda")

    def described(name: str) -> dict[str, Any] | None:
        try:
            return dict(client.get_function(FunctionName=name)["Configuration"])
        except client.exceptions.ResourceNotFoundException:
            return None

    found, refused = permitted(
        "functions as they are", lambda: dict(zip(declared, together(described, declared), strict=True)), None
    )
    if found is None:
        return nothing(refused)
    wrong, unknown = list[str](), dict[str, None]()
    for name, properties in declared.items():
        there = found[name]
        if there is None:
            wrong.append(f"{name}: the function is gone")
            continue
        differences, its_unknown = _differences(deployed, template, properties, there)
        wrong += [each.of(name).said("was deployed as", "is") for each in differences]
        unknown |= dict.fromkeys(its_unknown)
    return Outcome(wrong, present.count(len(declared), "function"), tuple(f"functions: {each}" for each in unknown))


def _differences(
    deployed: AsDeployed, template: StackTemplate, properties: Mapping[str, Any], found: Mapping[str, Any]
) -> tuple[list[Unlike], list[str]]:
    """Return how a function is not as it was deployed, and what of that is not known."""
    expected: dict[str, Any] = {key: template.value(properties[key]) for key in _TEXTS}
    expected |= {key: int(template.value(properties[key])) for key in _NUMBERS}
    there = {key: found.get(key) for key in expected}
    unknown = []
    place = template.value(properties["Code"])
    content = deployed.uploaded(place["S3Bucket"], place["S3Key"])
    if content is None:
        unknown.append("the code that was uploaded is gone, or may not be read")
    else:
        expected["CodeSha256"] = base64.b64encode(hashlib.sha256(content).digest()).decode()
        there["CodeSha256"] = found.get("CodeSha256")
    variables, hidden = _variables(template, properties)
    its = (found.get("Environment") or {}).get("Variables") or {}
    expected["Environment"] = _shown(variables)
    there["Environment"] = _shown({name: value for name, value in its.items() if name not in hidden})
    unknown += [f"the variable {name}, which the template does not show" for name in hidden]
    return [*unlike(expected, there), *_layers(template, properties, found)], unknown


def _variables(template: StackTemplate, properties: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Return the variables of a function's environment, and the names of those that the template does not show."""
    values, hidden = dict[str, str](), list[str]()
    for name, node in ((properties.get("Environment") or {}).get("Variables") or {}).items():
        try:
            value = template.value(node)
        except UnknownValueError:
            hidden.append(name)
            continue
        if value is not None:
            values[name] = str(value)
    return values, hidden


def _shown(variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables as they may be printed: of a secret only what tells one from another."""
    return {
        name: f"(hidden, {hashlib.sha256(value.encode()).hexdigest()[:8]})" if _SECRET.search(name) else value
        for name, value in variables.items()
    }


def _layers(template: StackTemplate, properties: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Unlike]:
    """Yield that a function has other layers; one that only a parameter of the account names may be any."""
    expected: list[str | None] = []
    for each in properties.get("Layers", ()):
        try:
            value = template.value(each)
        except UnknownValueError:
            expected.append(None)
            continue
        if value is not None:
            expected.append(str(value))
    there = [each["Arn"] for each in found.get("Layers", ())]
    if len(there) != len(expected) or any(one not in {None, other} for one, other in zip(expected, there, strict=True)):
        yield Unlike("Layers", [each or "any" for each in expected], there)
