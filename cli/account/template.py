"""The template of a deployed stack with values in the place of its functions: what CloudFormation was given. Pure.

It is the template after its transforms, so it has the very resources. What no template says (a dynamic reference, a
parameter that is not shown, an attribute that only the service knows) is `UnknownValueError`, and is not compared.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_NOTHING: Final = object()
_REFERENCE: Final = re.compile(r"\$\{(!?)([^}]+)\}")
_DYNAMIC: Final = "{{resolve:"
_LISTS: Final = ("List<", "CommaDelimitedList")


class UnknownValueError(ValueError):
    """The template does not say what a value is."""


@dataclass(frozen=True)
class StackTemplate:
    """A stack's template, and what its references stand for.

    Attributes
    ----------
    body : mapping
        With ``Resources``, and perhaps ``Parameters`` and ``Conditions``.
    parameters : mapping of str to str
        With which the stack was deployed.
    physical : mapping of str to str
        What each resource is called, by its name in the template.
    stack_id : str
        The stack's ARN: region, account and name are in it.
    """

    body: Mapping[str, Any]
    parameters: Mapping[str, str]
    physical: Mapping[str, str]
    stack_id: str

    def resources(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """Return the properties of the resources of a type that the stack has, by their names in the template."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.body.get("Resources", {}).items()
            if resource["Type"] == kind and ("Condition" not in resource or self._holds(resource["Condition"]))
        }

    def value(self, node: Any) -> Any:
        """Return a part of the template with values in it; None for what is left out by ``AWS::NoValue``.

        Raises
        ------
        UnknownValueError
            The template does not say what it is.
        """
        found = self._value(node)
        return None if found is _NOTHING else found

    def _value(self, node: Any) -> Any:
        if isinstance(node, str):
            if _DYNAMIC in node:
                raise UnknownValueError(node)
            return node
        if isinstance(node, list):
            return [value for each in node if (value := self._value(each)) is not _NOTHING]
        if not isinstance(node, Mapping):
            return node
        if len(node) == 1:
            ((name, given),) = node.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._called(name, given)
        return {key: value for key, each in node.items() if (value := self._value(each)) is not _NOTHING}

    def _called(self, function: str, given: Any) -> Any:
        match function:
            case "Ref":
                return self._referred(given)
            case "Fn::GetAtt":
                return self._attribute(*(given if isinstance(given, list) else given.split(".", 1)))
            case "Fn::Sub":
                text, values = (given, {}) if isinstance(given, str) else given
                return self._substituted(text, values)
            case "Fn::If":
                return self._value(given[1] if self._holds(given[0]) else given[2])
            case "Fn::Join":
                return str(given[0]).join(map(str, self._value(given[1])))
            case "Fn::Select":
                return self._value(given[1])[int(self._value(given[0]))]
        raise UnknownValueError(function)

    def _referred(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        _, partition, _, region, account, stack = self.stack_id.split(":", 5)
        own = {
            "AWS::Region": region, "AWS::AccountId": account, "AWS::Partition": partition,
            "AWS::StackName": stack.split("/")[1], "AWS::StackId": self.stack_id, "AWS::URLSuffix": "amazonaws.com",
        }  # fmt: skip
        if name in own:
            return own[name]
        declared = self.body.get("Parameters", {}).get(name)
        if declared is not None and str(declared.get("NoEcho", "")).lower() == "true":
            raise UnknownValueError(name)  # CloudFormation keeps it to itself
        if declared is not None:
            text = self.parameters.get(name, str(declared.get("Default", "")))
            return text.split(",") if declared["Type"].startswith(_LISTS) else text
        if name in self.physical:
            return self.physical[name]
        raise UnknownValueError(name)

    def _attribute(self, name: str, attribute: str) -> str:
        resource = self.body["Resources"].get(name, {})
        if attribute == "Arn" and name in self.physical and resource.get("Type") == "AWS::Lambda::Function":
            _, partition, _, region, account, _ = self.stack_id.split(":", 5)
            return f"arn:{partition}:lambda:{region}:{account}:function:{self.physical[name]}"
        raise UnknownValueError(f"{name}.{attribute}")

    def _substituted(self, text: str, values: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in values:
                return str(self._value(values[name]))
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._referred(name))

        return str(self._value(_REFERENCE.sub(value, text)))

    def _holds(self, condition: Any) -> bool:
        if isinstance(condition, str):
            return self._holds(self.body["Conditions"][condition])
        ((function, given),) = condition.items()
        match function:
            case "Condition":
                return self._holds(given)
            case "Fn::Not":
                return not self._holds(given[0])
            case "Fn::And":
                return all(map(self._holds, given))
            case "Fn::Or":
                return any(map(self._holds, given))
            case "Fn::Equals":
                return str(self._value(given[0])) == str(self._value(given[1]))
        raise UnknownValueError(function)
