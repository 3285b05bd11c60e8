"""The state machines as template.yaml deploys them: their definitions with what it substitutes in them."""

import json
from functools import cache
from typing import Any, Final

from sam_template import TEMPLATE, parsed

from lakehouse.lake import layout

LAYERS: Final = layout.LAYERS
AUDITS: Final = tuple(f"teste_{layer}" for layer in layout.LAYERS)
# A machine after those it starts.
MACHINES: Final = (*AUDITS, *LAYERS, "pipeline")
GOVERNANCE: Final = ("Crawl", "Govern", "Governed", "GovernanceFailed")
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
        if isinstance(value, str):
            text = text.replace(f"${{{key}}}", value)
    return text


def definition(name: str) -> dict[str, Any]:
    """Return a machine's definition, parsed; what only a deployment knows stays ``${Name}``."""
    machines: dict[str, Any] = json.loads(rendered(name))
    return machines


def ungoverned(definition: str) -> str:
    """Return the pipeline's ASL without crawlers and governance, which run for real in the e2e tests."""
    machine = json.loads(definition)
    machine["States"]["Gold"]["Next"] = "Finished"
    del machine["States"]["Finished"]["Parameters"]["governance.$"]
    del machine["States"]["Defaults"]["Parameters"]["defaults"]["crawlers"]
    for state in (*GOVERNANCE, "ReadLambdaFault", "LambdaFailed"):
        del machine["States"][state]
    del machine["States"]["Steps"]["Choices"][1]  # to governance alone
    del machine["States"]["ReadFault"]["Choices"][1]  # of a Lambda's fault
    return json.dumps(machine)
