"""State machines as data: tasks wherever they are, and comments read as they are written."""

import pytest
from machines import MACHINES, definition

from lakehouse.lineage.names import Asset
from lakehouse.orchestration.pipelines import Task, read_comment, tasks_of


def task(comment="Faz algo | OWNER: dados | INPUTS: a.b, c.d | OUTPUT: e.f", **more):
    return {"Type": "Task", "Comment": comment, "Resource": "arn:aws:states:::lambda:invoke", "End": True, **more}


def only(definition):
    [found] = tasks_of({"States": {"T": definition}})
    return found


def test_a_comment_is_a_description_and_fields():
    assert only(task()) == Task(
        name="T", description="Faz algo", owner="dados", resource="arn:aws:states:::lambda:invoke",
        inputs=("a.b", "c.d"), outputs=("e.f",), attempts=0,
    )  # fmt: skip


def test_a_hyphen_stands_for_nothing():
    found = only(task("Faz algo | OWNER: dados | INPUTS: - | OUTPUT: -"))
    assert (found.inputs, found.outputs, found.unread) == ((), (), ())


def test_a_comment_without_fields_is_a_description():
    assert read_comment("Faz algo: assim") == ("Faz algo: assim", {})
    assert only(task("")).description == ""


def test_spaces_do_not_matter():
    found = only(task("  Faz algo|OWNER:dados |INPUTS: a.b,c.d  ,| OUTPUT :e.f"))
    assert (found.description, found.owner, found.inputs, found.outputs) == (
        "Faz algo", "dados", ("a.b", "c.d"), ("e.f",),
    )  # fmt: skip
    assert found.unread == ()


@pytest.mark.parametrize(
    ("comment", "unread"),
    [
        ("x | DONO: d | INPUTS: a.b | OUTPUT: -", "DONO: d"),
        ("x | OWNER: d | INPUT: a.b | OUTPUT: -", "INPUT: a.b"),
        ("x | OWNER: d | inputs: a.b | OUTPUT: -", "inputs: a.b"),
        ("x | OWNER: d | INPUTS: a.b | OUTPUTS: c.d", "OUTPUTS: c.d"),
        ("x | OWNER: d | INPUTS a.b | OUTPUT: -", "INPUTS a.b"),
        ("x | OWNER: d | INPUTS: a.b | INPUTS: c.d | OUTPUT: -", "INPUTS: c.d"),
    ],
)
def test_a_field_misspelled_or_given_twice_is_not_lost(comment, unread):
    assert only(task(comment)).unread == (unread,)


def test_tasks_inside_maps_and_parallels_are_found_in_order():
    inner = {"StartAt": "X", "States": {"X": task()}}
    definition = {
        "States": {
            "A": task(),
            "B": {"Type": "Map", "ItemProcessor": {"States": {"M": task()}}},
            "C": {"Type": "Map", "Iterator": {"States": {"I": task()}}},
            "D": {"Type": "Parallel", "Branches": [inner, {"States": {"Y": {"Type": "Map", "ItemProcessor": inner}}}]},
            "E": {"Type": "Pass"},
            "F": task(),
        }
    }
    assert [found.name for found in tasks_of(definition)] == ["A", "M", "I", "X", "X", "F"]


def test_attempts_are_all_the_retries_there_may_be():
    retry = [{"ErrorEquals": ["a"], "MaxAttempts": 5}, {"ErrorEquals": ["b"]}, {"ErrorEquals": ["c"], "MaxAttempts": 0}]
    assert only(task(Retry=retry)).attempts == 8  # Step Functions tries 3 times again where nothing is said


@pytest.mark.parametrize("name", MACHINES)
def test_every_task_of_the_project_declares_owner_and_assets_that_exist(name):
    found = list(tasks_of(definition(name)))
    assert found
    for one in found:
        assert one.description, one.name
        assert one.owner, one.name
        assert one.unread == (), one.name
        assert [name for name in (*one.inputs, *one.outputs) if not Asset.is_known(name)] == [], one.name
