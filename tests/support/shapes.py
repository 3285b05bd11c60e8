"""Shapes: what is known of a value before a run, which is the fields that an object has on every path to its use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Union

Shape = Union["Fields", "Items", "Anything", "Leaf"]


@dataclass(frozen=True)
class Leaf:
    """A text, number or truth value: nothing is inside."""


@dataclass(frozen=True)
class Anything:
    """A value that only the run knows: any field may be there."""


@dataclass(frozen=True)
class Fields:
    """An object with at least these fields."""

    of: Mapping[str, Shape] = field(default_factory=dict)


@dataclass(frozen=True)
class Items:
    """A list of such items."""

    of: Shape


def shape_of(value: Any) -> Shape:
    """Return the shape of an example."""
    if isinstance(value, Mapping):
        return Fields({key: shape_of(inner) for key, inner in value.items()})
    if isinstance(value, list):
        return Items(common([shape_of(inner) for inner in value]) if value else Anything())
    return Leaf()


_STEP: Final = re.compile(r"\.(?P<name>[A-Za-z_][\w-]*)|\[(?P<index>\*|\d+)\]")


class UnsureReferenceError(Exception):
    """A reference to what is not always there, or an expression that is none."""


def at(shape: Shape, path: str, reference: str) -> Shape:
    """Return the shape at a path; raise `UnsureReferenceError` with the `reference` when it may be missing."""
    for step in steps_of(path):
        if isinstance(shape, Anything):
            return shape
        if step["index"] == "*" and isinstance(shape, Items):
            rest = path[step.end() :]
            return Items(at(shape.of, f"${rest}", reference))
        if step["index"] is not None and isinstance(shape, Items):
            shape = shape.of
        elif step["name"] is not None and isinstance(shape, Fields) and step["name"] in shape.of:
            shape = shape.of[step["name"]]
        else:
            raise UnsureReferenceError(f"{reference} is not always there")
    return shape


def steps_of(path: str) -> list[re.Match[str]]:
    """Return the steps of a reference path: names and indexes."""
    steps = list(_STEP.finditer(path))
    if not path.startswith("$") or "".join(match[0] for match in steps) != path[1:]:
        raise UnsureReferenceError(f"{path} is no path")
    return steps


def with_value(shape: Shape, steps: list[str], value: Shape) -> Shape:
    """Return a shape with a value at a path; anything else on the way becomes an object, as in Step Functions."""
    if not steps:
        return value
    if isinstance(shape, Anything):
        return shape
    fields = shape.of if isinstance(shape, Fields) else {}
    return Fields({**fields, steps[0]: with_value(fields.get(steps[0], Fields()), steps[1:], value)})


def common(shapes: list[Shape]) -> Shape:
    """Return what all of these shapes have in common."""
    result, *others = shapes
    for other in others:
        result = _both(result, other)
    return result


def _both(one: Shape, other: Shape) -> Shape:
    if one == other or isinstance(other, Anything):
        return one
    if isinstance(one, Anything):
        return other
    if isinstance(one, Fields) and isinstance(other, Fields):
        return Fields({key: _both(one.of[key], other.of[key]) for key in one.of if key in other.of})
    if isinstance(one, Items) and isinstance(other, Items):
        return Items(_both(one.of, other.of))
    return Leaf()
