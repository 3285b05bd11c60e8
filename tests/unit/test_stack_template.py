"""A stack's template with values in it: what references stand for, and what no template says."""

from typing import Any

import pytest

from cli.account.template import StackTemplate, UnknownValueError

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/importau/0"
BODY: dict[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": ""},
        "Memory": {"Type": "Number", "Default": 512},
        "Subnets": {"Type": "CommaDelimitedList", "Default": "a,b"},
        "Token": {"Type": "String", "NoEcho": True},
    },
    "Conditions": {
        "HasStage": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, ""]}]},
        "Both": {"Fn::And": [{"Condition": "HasStage"}, {"Fn::Equals": [{"Ref": "Memory"}, 512]}]},
        "Either": {"Fn::Or": [{"Condition": "HasStage"}, {"Fn::Equals": ["1", "1"]}]},
        "HasToken": {"Fn::Equals": [{"Ref": "Token"}, ""]},
    },
    "Resources": {
        "F": {"Type": "AWS::Lambda::Function", "Properties": {"Timeout": 3}},
        "B": {"Type": "AWS::S3::Bucket"},
        "Staged": {"Type": "AWS::S3::Bucket", "Condition": "HasStage"},
    },
}
PHYSICAL = {"F": "importau-f", "B": "lake"}


def value(node: Any, **parameters: str) -> Any:
    return StackTemplate(BODY, parameters, PHYSICAL, STACK).value(node)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"Ref": "Stage"}, ""),
        ({"Ref": "Memory"}, "512"),
        ({"Ref": "B"}, "lake"),
        ({"Ref": "AWS::AccountId"}, "123456789012"),
        ({"Fn::GetAtt": ["F", "Arn"]}, "arn:aws:lambda:us-east-1:123456789012:function:importau-f"),
        ({"Fn::GetAtt": "F.Arn"}, "arn:aws:lambda:us-east-1:123456789012:function:importau-f"),
        ({"Fn::Sub": "${AWS::StackName}-${B}-${!kept}"}, "importau-lake-${kept}"),
        ({"Fn::Sub": ["s3://${X}/${F.Arn}", {"X": {"Ref": "B"}}]},
         "s3://lake/arn:aws:lambda:us-east-1:123456789012:function:importau-f"),
        ({"Fn::Join": ["-", ["a", {"Ref": "B"}]]}, "a-lake"),
        ({"Fn::Select": [1, {"Ref": "Subnets"}]}, "b"),
        ({"Fn::If": ["HasStage", "yes", "no"]}, "no"),
        ({"Fn::If": ["Either", "yes", "no"]}, "yes"),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]}, {"b": [1]}),
        ({"Ref": "AWS::NoValue"}, None),
        ({"Condition": "text"}, {"Condition": "text"}),
        (True, True),
    ],
)  # fmt: skip
def test_each_function_has_its_value(node: Any, expected: Any) -> None:
    assert value(node) == expected


@pytest.mark.parametrize(
    "node",
    [
        {"Ref": "Nobody"},
        {"Ref": "Token"},
        {"Fn::If": ["HasToken", 1, 2]},
        {"Fn::GetAtt": ["B", "Arn"]},
        {"Fn::ImportValue": "x"},
        "{{resolve:ssm:/a}}",
        {"Fn::Sub": "{{resolve:ssm:/${B}}}"},
    ],
)
def test_what_the_template_does_not_say_is_unknown(node: Any) -> None:
    with pytest.raises(UnknownValueError):
        value(node)


def test_resources_are_those_whose_conditions_hold() -> None:
    template = StackTemplate(BODY, {}, PHYSICAL, STACK)
    assert template.resources("AWS::Lambda::Function") == {"F": {"Timeout": 3}}
    assert list(template.resources("AWS::S3::Bucket")) == ["B"]
    assert list(StackTemplate(BODY, {"Stage": "dev"}, PHYSICAL, STACK).resources("AWS::S3::Bucket")) == ["B", "Staged"]
    assert value({"Fn::If": ["Both", 1, 2]}, Stage="dev") == 1
