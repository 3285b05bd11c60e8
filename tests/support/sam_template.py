"""template.yaml as CloudFormation receives it: after the SAM transform, and with its conditions evaluated."""

import os
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final
from unittest import mock

import boto3
from samtranslator.public.translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

TEMPLATE: Final = Path(__file__).resolve().parents[2] / "template.yaml"
ROLE: Final = "arn:aws:iam::123456789012:role/LabRole"
_NO_VALUE: Final = {"Ref": "AWS::NoValue"}

Template = dict[str, Any]


def parsed() -> Template:
    """Return template.yaml as it is written, with the names of no stage; what is returned may be changed."""
    return deepcopy(_parsed())


def written() -> Template:
    """Return template.yaml as it is written; what is returned may be changed."""
    template: Template = yaml_parse(TEMPLATE.read_text("utf-8"))
    return template


@cache
def _parsed() -> Template:
    template: Template = _of_no_stage(written())
    return template


def _of_no_stage(value: Any) -> Any:
    """Return a part of the template in which a name that may say the stage says none."""
    if isinstance(value, list):
        return [_of_no_stage(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value and value["Fn::If"][0] == "HasStage":
        return _of_no_stage(value["Fn::If"][2])
    return {key: _of_no_stage(inner) for key, inner in value.items()}


def transformed(**parameters: str) -> Template:
    """Return the result of the SAM transform, with local paths as `sam package` leaves them.

    Parameters
    ----------
    **parameters : str
        Those that are not as the template's defaults.
    """
    packaged = written()
    packaged["Globals"]["Function"]["CodeUri"] = "s3://artifacts/code"
    for resource in packaged["Resources"].values():
        for path in {"ContentUri", "DefinitionUri"} & resource["Properties"].keys():
            resource["Properties"][path] = "s3://artifacts/content"
    with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": "us-east-1"}):
        policies = ManagedPolicyLoader(boto3.session.Session().client("iam"))
        result: Template = transform(packaged, defaults(packaged) | {"ExecutionRoleArn": ROLE} | parameters, policies)
    return result


def defaults(template: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters that have a default."""
    return {name: str(one["Default"]) for name, one in template["Parameters"].items() if "Default" in one}


def decided(template: Mapping[str, Any], **parameters: str) -> dict[str, dict[str, Any]]:
    """Return the resources that exist with these parameters, with every `Fn::If` evaluated."""
    values = defaults(template) | parameters

    def text(side: Any) -> str:
        if not isinstance(side, Mapping):
            return str(side)
        if "Fn::Select" in side:  # of a list that is a parameter
            index, listed = side["Fn::Select"]
            return values[listed["Ref"]].split(",")[int(index)]
        return values[side["Ref"]]

    def holds(condition: Any) -> bool:
        ((kind, of),) = condition.items() if isinstance(condition, Mapping) else (("Condition", condition),)
        match kind:
            case "Condition":
                return holds(template["Conditions"][of])
            case "Fn::Not":
                return not holds(of[0])
            case "Fn::And":
                return all(map(holds, of))
            case "Fn::Equals":
                one, other = (text(side) for side in of)
                return one == other
        raise AssertionError(f"{kind} is not known here")

    def value(of: Any) -> Any:
        if isinstance(of, Mapping):
            if "Fn::If" in of:
                condition, then, otherwise = of["Fn::If"]
                return value(then if holds(condition) else otherwise)
            if set(of) == {"Ref"} and of["Ref"] in values:
                return values[of["Ref"]]
            return {key: decided_ for key, inner in of.items() if (decided_ := value(inner)) != _NO_VALUE}
        if isinstance(of, list):
            return [decided_ for inner in of if (decided_ := value(inner)) != _NO_VALUE]
        return of

    resources_made = {
        name: resource
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or holds(resource["Condition"])
    }
    return {name: value({**resource, "Condition": _NO_VALUE}) for name, resource in resources_made.items()}


def of_type(resources: Mapping[str, Mapping[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the resources of a type, by logical name."""
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}
