"""The state machines as template.yaml deploys them: their definitions with what it substitutes in them."""

import json
from functools import cache
from typing import Any, Final

from sam_template import ROLE, TEMPLATE, parsed

from lakehouse.lake import layout

LAYERS: Final = layout.LAYERS
AUDITS: Final = tuple(f"teste_{layer}" for layer in layout.LAYERS)
# A machine after those it starts.
MACHINES: Final = (*AUDITS, *LAYERS, "pipeline")
_PREFIX: Final = "StateMachine_DAG_"


@cache
def _resources() -> dict[str, dict[str, Any]]:
    machines = {
        resource["Properties"]["Name"].removeprefix(_PREFIX): resource["Properties"]
        for resource in parsed()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::StateMachine"
    }
    assert set(machines) == set(MACHINES)
    return machines


@cache
def _parameters() -> dict[str, dict[str, Any]]:
    parameters: dict[str, dict[str, Any]] = parsed()["Parameters"]
    return parameters


def source(name: str) -> str:
    """Return the path, from the project's root, of the file that defines a machine."""
    path: str = _resources()[name]["DefinitionUri"]
    return path


def rendered(name: str, **values: str) -> str:
    """Return a machine's definition as it is deployed.

    Parameters
    ----------
    name : str
        One of `MACHINES`.
    **values : str
        In the place of what only a deployment knows (ARNs, the bucket); what is not given stays ``${Name}``.
    """
    substitutions = _resources()[name]["DefinitionSubstitutions"]
    text = (TEMPLATE.parent / source(name)).read_text("utf-8")
    for key, value in (substitutions | values).items():
        known = _default(value)
        if isinstance(known, str):
            text = text.replace(f"${{{key}}}", known)
    return text


def _default(value: Any) -> Any:
    """Return the default of a parameter in the place of a reference to it; any other value as it is."""
    if not isinstance(value, dict) or "Ref" not in value:
        return value
    parameter = _parameters().get(value["Ref"], {})
    return str(parameter["Default"]) if "Default" in parameter and parameter["Type"] == "Number" else value


def make_all(states: Any) -> None:
    """Make every machine as it is deployed, by a client of Step Functions; none of them can be run."""
    for name in MACHINES:
        states.create_state_machine(name=f"{_PREFIX}{name}", definition=rendered(name), roleArn=ROLE)


def definition(name: str) -> dict[str, Any]:
    """Return a machine's definition, parsed; what only a deployment knows stays ``${Name}``."""
    machines: dict[str, Any] = json.loads(rendered(name))
    return machines
