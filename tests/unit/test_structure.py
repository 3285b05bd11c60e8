"""Whole structures compared: nothing differs from itself, and whatever is changed anywhere is told by its place."""

import copy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lakehouse.contract.drift import MISSING
from lakehouse.contract.structure import Unlike, unlike, without

VALUES = st.text("abc", min_size=1) | st.integers(1, 9) | st.just(True)
KEYS = st.sampled_from(["Name", "Type", "Comment", "Parameters", "Columns"])
STRUCTURES = st.recursive(
    VALUES,
    lambda inner: st.dictionaries(KEYS, inner, min_size=1) | st.lists(inner, min_size=1, max_size=3),
    max_leaves=12,
)


def leaves(structure: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries: Any = ()
    if isinstance(structure, dict):
        entries = structure.items()
    elif isinstance(structure, list):
        entries = enumerate(structure)
    else:
        return [path]
    return [found for key, inner in entries for found in leaves(inner, (*path, key))]


@given(STRUCTURES)
@example([{"Name": {"Name": True}}])  # a name that is no text
@example([{"Name": 1}, {"Name": True}])
def test_nothing_differs_from_itself_nor_from_itself_with_what_is_empty(structure: Any) -> None:
    assert list(unlike(structure, copy.deepcopy(structure))) == []
    if isinstance(structure, dict):
        empty = {"none": None, "text": "", "list": [], "mapping": {"inner": {}}, "no": False, "zero": 0}
        assert list(unlike(structure, structure | empty)) == []


@given(STRUCTURES, st.data())
def test_whatever_is_changed_is_told_whichever_place_it_has(structure: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(leaves(structure)))
    changed = {"at": copy.deepcopy(structure)}
    place: Any = changed
    for step in ("at", *path)[:-1]:
        place = place[step]
    last = ("at", *path)[-1]
    place[last] = f"{place[last]}!"
    found = list(unlike({"at": structure}, changed))
    assert found
    assert all(each.path.startswith("at") and each.expected != each.found for each in found)
    assert list(unlike(changed, {"at": structure}))


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        ({"a": 1}, {"a": "1"}, "a: expected 1, found '1'"),
        ({"a": {"b": "x"}}, {}, f'a: expected {{"b": "x"}}, found {MISSING}'),
        ({}, {"a": "x"}, f"a: expected {MISSING}, found 'x'"),
        ({"c": [{"Name": "x", "T": 1}]}, {"c": [{"Name": "x", "T": 2}]}, "c.x.T: expected 1, found 2"),
        ({"c": ["x", "y"]}, {"c": ["x", "z"]}, "c[1]: expected 'y', found 'z'"),
        (
            {"c": [{"Name": "x"}, {"Name": "y"}]}, {"c": [{"Name": "y"}, {"Name": "x"}]},
            'c (order): expected ["x", "y"], found ["y", "x"]',
        ),
        (
            {"c": [{"Name": "x"}]}, {"c": [{"Name": "x"}, {"Name": "x"}]},
            f'c[1]: expected {MISSING}, found {{"Name": "x"}}',
        ),
        (None, {"a": 1}, f"a: expected {MISSING}, found 1"),
    ],
)  # fmt: skip
def test_a_difference_is_said_with_both_values(expected: Any, found: Any, said: str) -> None:
    (difference,) = unlike(expected, found)
    assert str(difference) == said
    assert str(difference.of("t")) == f"t.{said}"


def test_long_values_are_shown_where_they_differ() -> None:
    said = str(Unlike("a", "x" * 500 + "one", "x" * 500 + "other"))
    assert "one'" in said
    assert "other'" in said
    assert len(said) < 300


def test_what_is_unwanted_is_left_out_by_its_path() -> None:
    structure = {"Parameters": {"a": "1", "nota": "2"}, "nota": "3"}
    assert without(structure, lambda path: path == "Parameters.nota") == {"Parameters": {"a": "1"}, "nota": "3"}
