"""Whether what a state machine's JSONPaths refer to always exists.

A definition is run on shapes instead of values. A shape has the fields that exist on every path to a state: a reference
to any other field will some day fail a run with ``States.Runtime``. Amazon States Language, JSONPath only:
https://states-language.net/spec.html; intrinsic functions: "Intrinsic functions for JSONPath states" in AWS's guide.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shapes import (
    Anything,
    Fields,
    Items,
    Leaf,
    Shape,
    UnsureReferenceError,
    at,
    common,
    shape_of,
    steps_of,
    with_value,
)

Definition = Mapping[str, Any]
# https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
CONTEXT: Final = shape_of(
    {
        "Execution": {"Id": "", "Input": {}, "Name": "", "RoleArn": "", "StartTime": ""},
        "State": {"EnteredTime": "", "Name": "", "RetryCount": 0},
        "StateMachine": {"Id": "", "Name": ""},
        "Task": {"Token": ""},
    }
)
# How many arguments an intrinsic function takes, at least and at most.
INTRINSICS: Final = {
    "States.Format": (1, 99), "States.StringToJson": (1, 1), "States.JsonToString": (1, 1), "States.Array": (0, 99),
    "States.ArrayPartition": (2, 2), "States.ArrayContains": (2, 2), "States.ArrayRange": (3, 3),
    "States.ArrayGetItem": (2, 2), "States.ArrayLength": (1, 1), "States.ArrayUnique": (1, 1),
    "States.Base64Encode": (1, 1), "States.Base64Decode": (1, 1), "States.Hash": (2, 2), "States.JsonMerge": (3, 3),
    "States.MathRandom": (2, 3), "States.MathAdd": (2, 2), "States.StringSplit": (2, 2), "States.UUID": (0, 0),
}  # fmt: skip
# What a catcher receives; there is not always a cause.
FAULT: Final = shape_of({"Error": ""})

# What a Distributed Map lists, and what it returns when it writes its results to S3.
LISTED: Final = shape_of([{"Etag": "", "Key": "", "LastModified": 0, "Size": 0, "StorageClass": ""}])
RESULTS_WRITTEN: Final = shape_of({"MapRunArn": "", "ResultWriterDetails": {"Bucket": "", "Key": ""}})

_CALL: Final = re.compile(r"(?P<name>States\.\w+)\((?P<arguments>.*)\)", re.DOTALL)


@dataclass(frozen=True)
class Inspection:
    """The result of inspecting a definition.

    Attributes
    ----------
    problems : tuple of str
        Where, and which reference.
    output : Shape
        What every successful execution of the machine returns.
    """

    problems: tuple[str, ...]
    output: Shape


Results = Callable[[Definition], Shape]


def inspect(definition: Definition, machine_input: Shape, results: Results, context: Shape = CONTEXT) -> Inspection:
    """Follow every path through a definition.

    Parameters
    ----------
    definition : mapping
        A state machine, or the processor of a map.
    machine_input : Shape
        Its input.
    results : callable
        Returns the shape of the answer of a task's service.
    context : Shape
        The context object.
    """
    walk = _Walk(definition["States"], results, context)
    walk.enter(definition["StartAt"], machine_input)
    outputs: list[Shape] = []
    problems: dict[str, None] = {}
    for final in (False, True):  # only when all paths are known, it is known what always exists
        outputs.clear()
        problems.clear()
        pending = set(walk.inputs) if final else {definition["StartAt"]}
        while pending:
            name = min(pending)
            pending.discard(name)
            for next_name, shape in walk.leave(name, problems):
                if next_name is None:
                    outputs.append(shape)
                elif walk.enter(next_name, shape):
                    pending.add(next_name)
    return Inspection(tuple(problems), common(outputs) if outputs else Leaf())


class _Walk:
    """The states of one level, and what is known at the entry of each."""

    def __init__(self, states: Mapping[str, Definition], results: Results, context: Shape) -> None:
        self.states, self.results, self.context = states, results, context
        self.inputs: dict[str, Shape] = {}

    def enter(self, name: str, shape: Shape) -> bool:
        """Record a further path into a state; return whether less is known of its input than before."""
        known = self.inputs.get(name)
        self.inputs[name] = shape if known is None else common([known, shape])
        return self.inputs[name] != known

    def leave(self, name: str, problems: dict[str, None]) -> Iterator[tuple[str | None, Shape]]:
        """Yield the next states, with their input; None is the end."""
        state, machine_input = self.states[name], self.inputs[name]
        scope = _Scope(machine_input, self.context, lambda problem: problems.setdefault(f"{name}: {problem}"))
        work = scope.within(scope.read(state.get("InputPath", "$")))
        for key in ("ErrorPath", "CausePath", "SecondsPath", "TimestampPath"):
            if key in state:
                work.read(state[key])
        if state["Type"] == "Fail":
            return
        if state["Type"] == "Choice":
            yield from self._chosen(state, work)
            return
        result = work.shape
        if state["Type"] not in ("Wait", "Succeed"):
            result = self._result(state, work)
            if "ResultSelector" in state:
                result = scope.within(result).template(state["ResultSelector"])
            result = scope.placed(state.get("ResultPath", "$"), result)
        yield state.get("Next"), scope.within(result).read(state.get("OutputPath", "$"))
        for catch in state.get("Catch", ()):
            yield catch["Next"], scope.placed(catch.get("ResultPath", "$"), FAULT)

    def _result(self, state: Definition, work: "_Scope") -> Shape:
        match state["Type"]:
            case "Pass":
                return shape_of(state["Result"]) if "Result" in state else work.template(state.get("Parameters"))
            case "Task":
                work.template(state.get("Parameters"))
                return self.results(state)
            case "Map":
                results = Items(self._mapped(state, work))
                if "ResultWriter" in state:
                    work.template(state["ResultWriter"]["Parameters"])
                    return RESULTS_WRITTEN
                return results
        raise AssertionError(f"a {state['Type']} is not known here")

    def _chosen(self, state: Definition, work: "_Scope") -> Iterator[tuple[str, Shape]]:
        for choice in state["Choices"]:
            yield choice["Next"], work.condition(choice)
        if "Default" in state:
            yield state["Default"], work.shape

    def _mapped(self, state: Definition, work: "_Scope") -> Shape:
        items = (
            _read_items(state["ItemReader"], work) if "ItemReader" in state else work.read(state.get("ItemsPath", "$"))
        )
        if not isinstance(items, Items | Anything):
            work.say(f"{state.get('ItemsPath', '$')} is no list")
        item = items.of if isinstance(items, Items) else Anything()
        assert isinstance(self.context, Fields)
        context = Fields({**self.context.of, "Map": Fields({"Item": Fields({"Index": Leaf(), "Value": item})})})
        inner = _Scope(work.shape, context, work.say)
        selected = inner.template(state["ItemSelector"]) if "ItemSelector" in state else item
        inspected = inspect(state["ItemProcessor"], selected, self.results, self.context)
        for problem in inspected.problems:
            work.say(problem)
        return inspected.output


@dataclass(frozen=True)
class _Scope:
    """What an expression may refer to, and a function to report any other reference."""

    shape: Shape
    context: Shape
    say: Callable[[str], Any]

    def within(self, shape: Shape) -> "_Scope":
        return _Scope(shape, self.context, self.say)

    def read(self, expression: str | None) -> Shape:
        """Return the shape of a path or of an intrinsic function's result."""
        if expression is None:  # "InputPath": null
            return Fields()
        try:
            return self._value(expression)
        except UnsureReferenceError as problem:
            self.say(str(problem))
            return Anything()

    def template(self, template: Any) -> Shape:
        """Return the shape of a payload template; without one, that of the state's input."""
        if template is None:
            return self.shape
        if isinstance(template, Mapping):
            fields = {}
            for key, value in template.items():
                dynamic = key.endswith(".$")
                fields[key.removesuffix(".$")] = self.read(value) if dynamic else self.template_value(value)
            return Fields(fields)
        return self.template_value(template)

    def template_value(self, value: Any) -> Shape:
        """Return the shape of one value of a payload template."""
        if isinstance(value, list):
            return Items(common([self.template_value(inner) for inner in value]) if value else Anything())
        return self.template(value) if isinstance(value, Mapping) else Leaf()

    def placed(self, path: str | None, result: Shape) -> Shape:
        """Return the state's input with a result at a path; null leaves it as it is."""
        if path is None:
            return self.shape
        return with_value(self.shape, [match["name"] for match in steps_of(path)], result)

    def condition(self, test: Definition) -> Shape:
        """Check the variables of a choice; return what is known where its condition holds."""
        if "And" in test:
            scope = self
            for inner in test["And"]:
                scope = scope.within(scope.condition(inner))
            return scope.shape
        for inner in (*test.get("Or", ()), *([test["Not"]] if "Not" in test else ())):
            self.condition(inner)
        if "Variable" not in test:
            return self.shape
        if "IsPresent" not in test:
            self.read(test["Variable"])
            return self.shape
        if not test["IsPresent"] or test["Variable"].startswith("$$"):
            return self.shape
        steps = [match["name"] for match in steps_of(test["Variable"])]
        try:
            return with_value(self.shape, steps, self._value(test["Variable"]))
        except UnsureReferenceError:
            return with_value(self.shape, steps, Leaf())

    def _value(self, expression: str) -> Shape:
        if expression.startswith("$$"):
            return at(self.context, expression[1:], expression)
        if expression.startswith("$"):
            return at(self.shape, expression, expression)
        call = _CALL.fullmatch(expression)
        if call is None:
            raise UnsureReferenceError(f"{expression} is neither a path nor an intrinsic function")
        return self._called(call["name"], list(_arguments(call["arguments"])))

    def _called(self, name: str, arguments: list[str]) -> Shape:
        least, most = INTRINSICS.get(name, (1, 0))
        if not least <= len(arguments) <= most:
            raise UnsureReferenceError(f"{name} with {len(arguments)} arguments is no intrinsic function")
        shapes = [self._value(text) if text.startswith(("$", "States.")) else Leaf() for text in arguments]
        match name:
            case "States.Format":
                if len(re.findall(r"(?<!\\)\{\}", arguments[0])) != len(arguments) - 1:
                    raise UnsureReferenceError(f"{name} has not one {{}} for each argument: {arguments[0]}")
            case "States.JsonMerge":
                if arguments[2] != "false":
                    raise UnsureReferenceError("States.JsonMerge merges on one level only: its third argument is false")
                first, second = (shape.of if isinstance(shape, Fields) else {} for shape in shapes[:2])
                return Fields({**first, **second})
            case "States.StringToJson" | "States.ArrayGetItem":
                return Anything()
            case "States.Array":
                return Items(common(shapes) if shapes else Anything())
            case _ if "Array" in name or name == "States.StringSplit":
                return Anything()
        return Leaf()


def _read_items(reader: Definition, work: _Scope) -> Shape:
    """Return the items that a Distributed Map reads: a listing, or a JSON file that only the run knows."""
    work.template(reader["Parameters"])
    return LISTED if reader["Resource"].endswith(":listObjectsV2") else Items(Anything())


def _arguments(text: str) -> Iterator[str]:
    """Yield the arguments of a call; commas in quotes and in nested calls do not separate any."""
    depth, quoted, start = 0, False, 0
    for place, character in enumerate(text):
        if character == "'" and text[place - 1 : place] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, ")": -1}.get(character, 0)
            if character == "," and depth == 0:
                yield text[start:place].strip()
                start = place + 1
    if text.strip():
        yield text[start:].strip()
