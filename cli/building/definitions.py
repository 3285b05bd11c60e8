"""The definitions of the state machines as `template.yaml` deploys them, with what it substitutes in them."""

from collections.abc import Mapping
from typing import Any, Final

from cli import ROOT
from cli.account.permissions import Place

_MACHINE: Final = "AWS::Serverless::StateMachine"


def definitions(place: Place) -> dict[str, str]:
    """Return the definition of every state machine, by its name.

    Parameters
    ----------
    place : Place
        Whose region, account, stack and bucket the ARNs in them have; parameters have their defaults.
    """
    from samtranslator.yaml_helper import yaml_parse

    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    filled = _Filled(template, place)
    machines = [each["Properties"] for each in template["Resources"].values() if each["Type"] == _MACHINE]
    return {filled.named(properties["Name"]): filled.definition(properties) for properties in machines}


class _Filled:
    """What references in a template stand for at a place."""

    def __init__(self, template: Mapping[str, Any], place: Place) -> None:
        self._resources: Mapping[str, Any] = template["Resources"]
        self._parameters: Mapping[str, Any] = template["Parameters"]
        self._place = place

    def definition(self, properties: Mapping[str, Any]) -> str:
        """Return a machine's definition with its substitutions."""
        text: str = (ROOT / properties["DefinitionUri"]).read_text(encoding="utf-8")
        for name, value in properties["DefinitionSubstitutions"].items():
            text = text.replace(f"${{{name}}}", self._value(value))
        return text

    def _value(self, value: Any) -> str:
        if not isinstance(value, Mapping):
            return str(value)
        ((function, given),) = value.items()
        match function:
            case "Ref":
                return self._referred(given)
            case "Fn::GetAtt":  # the Arn of a function is all that is asked for
                return self._arn(given[0] if isinstance(given, list) else given.partition(".")[0])
            case "Fn::If":
                return self._value(given[1])
            case "Fn::Sub":
                return self.named(given)
        raise ValueError(f"template.yaml: {function} is not known in a substitution")

    def _referred(self, name: str) -> str:
        if name in self._parameters:
            return str(self._parameters[name].get("Default", ""))
        resource = self._resources[name]
        match resource["Type"]:
            case "AWS::Serverless::StateMachine":
                return self._machine(self.named(resource["Properties"]["Name"]))
            case "AWS::S3::Bucket":
                return self._place.bucket
        return self.named(resource["Properties"]["Name"])

    def _arn(self, name: str) -> str:
        place = self._place
        function = self.named(self._resources[name]["Properties"]["FunctionName"])
        return f"arn:{place.partition}:lambda:{place.region}:{place.account}:function:{function}"

    def _machine(self, name: str) -> str:
        place = self._place
        return f"arn:{place.partition}:states:{place.region}:{place.account}:stateMachine:{name}"

    def named(self, text: Any) -> str:
        """Return a name as it is written in the template, filled in."""
        if isinstance(text, Mapping) and "Fn::If" in text:  # the one of a stage, or the one of none
            _, of_stage, of_none = text["Fn::If"]
            text = of_stage if self._place.stage else of_none
        named = text["Fn::Sub"] if isinstance(text, Mapping) else text
        known = {"AWS::StackName": self._place.stack, "AWS::Region": self._place.region, "Stage": self._place.stage}
        for name, value in (known | {"AWS::AccountId": self._place.account}).items():
            named = named.replace(f"${{{name}}}", value)
        return str(named)
