"""The state machines as deployed: their structure, what their tasks declare, and where every failure ends."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from lakehouse_tables import EVERY_TABLE, TABLES
from machines import AUDITS, MACHINES, definition, rendered, source
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from sam_template import TEMPLATE

from lakehouse.lake import layout

# The one form of a task's comment: description, owner, and tables it reads and writes ("-" for none).
COMMENT = re.compile(
    r"(?P<description>[^|]{20,}) \| OWNER: (?P<owner>[a-z-]+)"
    r" \| INPUTS: (?P<inputs>\S+(?:, \S+)*) \| OUTPUT: (?P<output>\S+(?:, \S+)*)"
)
DATASETS = {f"importau_{layer}.{table}" for layer, tables in TABLES.items() for table in tables} | {
    f"landing.{table}" for table in TABLES[layout.BRONZE]
}
every_machine = pytest.mark.parametrize("name", MACHINES)


def levels(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the machine and the machine inside each of its maps."""
    yield definition
    for state in definition["States"].values():
        if state["Type"] == "Map":
            yield from levels(state["ItemProcessor"])


def states(name: str) -> dict[str, dict[str, Any]]:
    return {key: state for level in levels(definition(name)) for key, state in level["States"].items()}


def tasks(name: str) -> dict[str, dict[str, Any]]:
    return {key: state for key, state in states(name).items() if state["Type"] == "Task"}


def successors(state: dict[str, Any]) -> set[str]:
    branches = [state, *state.get("Choices", ()), *state.get("Catch", ())]
    return {branch["Next"] for branch in branches if "Next" in branch} | {
        state[key] for key in ("Default",) if key in state
    }


def reachable(start: str, all_states: dict[str, dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    waiting = {start}
    while waiting:
        found |= waiting
        waiting = set().union(*(successors(all_states[key]) for key in waiting)) - found
    return found


def test_layers_have_one_definition_and_so_have_their_audits() -> None:
    assert {source(layer) for layer in layout.LAYERS} == {"statemachine/layer.asl.json"}
    assert {source(audit) for audit in AUDITS} == {"statemachine/teste.asl.json"}
    assert source("pipeline") == "statemachine/pipeline.asl.json"


@every_machine
def test_no_definition_names_a_table(name: str) -> None:
    text = (TEMPLATE.parent / source(name)).read_text("utf-8").lower()
    assert not {
        word for word in re.findall(r"[a-z0-9_]+", re.sub(r'"Comment": "[^|"]*', "", text)) if word in EVERY_TABLE
    }


@every_machine
def test_an_independent_parser_of_the_states_language_accepts_the_definition(name: str) -> None:
    AmazonStateLanguageParser.parse(rendered(name))


@every_machine
def test_every_state_is_reached_and_every_next_state_exists(name: str) -> None:
    for level in levels(definition(name)):
        assert reachable(level["StartAt"], level["States"]) == set(level["States"])


@every_machine
def test_a_machine_ends_by_itself_and_says_what_it_is(name: str) -> None:
    machine = definition(name)
    assert machine["TimeoutSeconds"] > max(task.get("TimeoutSeconds", 0) for task in tasks(name).values())
    assert len(machine["Comment"]) > 20


@every_machine
def test_every_task_says_what_it_does_for_whom_and_with_which_tables(name: str) -> None:
    for key, task in tasks(name).items():
        match = COMMENT.fullmatch(task["Comment"])
        assert match, f"{name}.{key}: {task['Comment']}"
        declared = [one for names in ("inputs", "output") if match[names] != "-" for one in match[names].split(", ")]
        assert set(declared) <= DATASETS, f"{name}.{key} names {set(declared) - DATASETS}"


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_writing_and_publishing_a_layer_declare_exactly_its_tables(layer: str) -> None:
    own = {f"importau_{layer}.{table}" for table in TABLES[layer]}
    for key in (f"Write{layer.capitalize()}", "PublishTable", "PublishPart"):
        match = COMMENT.fullmatch(tasks(layer)[key]["Comment"])
        assert match
        assert set(match["output"].split(", ")) == own


@every_machine
def test_every_task_retries_what_may_pass_by_itself_and_no_error_of_its_own(name: str) -> None:
    for key, task in tasks(name).items():
        service = task["Resource"].removesuffix(".sync:2").split(":")[-2]
        prefix = {"lambda": "Lambda.", "s3": "S3.", "states": "StepFunctions.", "glue": "Glue."}[service]
        assert task["Retry"], key
        of_part = "part_key.$" in task["Parameters"].get("Payload", {})
        for retry in task["Retry"]:
            # One part of many is tried again whatever it was; with the whole run it would be too dear.
            anything = of_part and retry["ErrorEquals"] == ["States.TaskFailed"]
            assert anything or all(error.startswith(prefix) for error in retry["ErrorEquals"]), key
            assert retry["BackoffRate"] > 1
            assert 1 < retry["MaxAttempts"] <= 6


@every_machine
def test_every_fault_ends_in_a_fail_state_that_says_its_cause(name: str) -> None:
    for level in levels(definition(name)):
        for key, state in level["States"].items():
            if state["Type"] in ("Task", "Map") and "Catch" not in state:
                # Inside a map, whose own catch takes it.
                assert level.get("ProcessorConfig"), f"{name}.{key} has no catch"
            for catch in state.get("Catch", ()):
                if catch["ErrorEquals"] == ["Glue.CrawlerRunningException"]:
                    continue  # no fault: it is waited for
                assert catch["ErrorEquals"] == ["States.ALL"]
                after = {key: level["States"][key] for key in reachable(catch["Next"], level["States"])}
                ends = [state for state in after.values() if not successors(state)]
                assert {state["Type"] for state in ends} == {"Fail"}
                assert all(state.get("CausePath") or state.get("Cause") for state in ends)


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_nothing_is_published_but_through_a_passed_audit(layer: str) -> None:
    machine = definition(layer)
    for publication in ("Publish", "PublishParts"):
        assert [key for key, state in machine["States"].items() if publication in successors(state)] == ["AuditPassed"]
    passed = {"Variable": "$.audit.passed", "BooleanEquals": True}
    assert machine["States"]["AuditPassed"]["Choices"] == [
        {"And": [passed, {"Variable": "$.staged.in_parts", "BooleanEquals": True}], "Next": "PublishParts"},
        passed | {"Next": "Publish"},
    ]
    assert machine["States"]["AuditFailed"] | {"Comment": ""} == {
        "Type": "Fail",
        "Comment": "",
        "Error": "AuditFailed",
        "CausePath": "$.audit.cause",
    }


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_a_distributed_map_runs_under_its_own_name_and_leaves_its_results_in_the_runs_staging(layer: str) -> None:
    found = {key: state for key, state in states(layer).items() if "ItemReader" in state}
    assert set(found) == {f"{layer.capitalize()}Parts", "PublishParts", "RetireParts"}
    # The label is what a Map Run's ARN says of the state.
    assert {key: state["Label"] for key, state in found.items()} == {key: key for key in found}
    prefixes = {key: state["ResultWriter"]["Parameters"]["Prefix.$"] for key, state in found.items()}
    own = layout.staging_prefix("{}", layer)
    assert prefixes.pop(f"{layer.capitalize()}Parts") == f"States.Format('{own}parts/map', $.run_id)"
    assert all("'{}parts/" in prefix and "$.staged.staging_prefix" in prefix for prefix in prefixes.values())


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_an_audits_distributed_map_leaves_its_results_in_the_staging_of_what_it_audits(layer: str) -> None:
    (found,) = ((key, state) for key, state in states(f"teste_{layer}").items() if "ItemReader" in state)
    key, state = found
    assert key == state["Label"] == f"Audit{layer.capitalize()}Parts"
    own = layout.staging_prefix("{}", layer)
    assert state["ResultWriter"]["Parameters"]["Prefix.$"] == f"States.Format('{own}parts/audited', $.run_id)"


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_a_layer_is_audited_by_its_own_machine_under_its_own_executions_name(layer: str) -> None:
    audit = tasks(layer)[f"Audit{layer.capitalize()}"]
    assert audit["Resource"] == "arn:aws:states:::states:startExecution.sync:2"
    assert audit["Parameters"]["StateMachineArn"] == "${AuditStateMachineArn}"
    assert audit["Parameters"]["Input"]["of"] == "staged"
    nested = [audit, *(task for task in tasks("pipeline").values() if "startExecution" in task["Resource"])]
    assert len(nested) == 4
    # So that a start that is tried again cannot start a second execution.
    assert {task["Parameters"]["Name.$"] for task in nested} == {"$$.Execution.Name"}


@pytest.mark.parametrize("audit", AUDITS)
def test_only_an_audit_of_what_is_published_fails_by_its_verdict(audit: str) -> None:
    machine = definition(audit)
    assert [key for key, state in machine["States"].items() if "AuditFailed" in successors(state)] == ["Judged"]
    (choice,) = machine["States"]["Judged"]["Choices"]
    assert choice["Or"] == [
        {"Variable": "$.audit.passed", "BooleanEquals": True},
        {"Variable": "$.of", "StringEquals": "staged"},
    ]
    assert machine["States"]["Defaults"]["Parameters"]["defaults"]["of"] == "published"


@pytest.mark.parametrize("names", [layout.LAYERS, AUDITS])
def test_machines_of_a_kind_differ_only_in_what_they_are_about(names: tuple[str, ...]) -> None:
    def skeleton(name: str) -> str:
        layer = name.removeprefix("teste_")
        text = rendered(name).replace(layer.capitalize(), "Layer").replace(f"/{layer}/parts/", "/layer/parts/")
        text = re.sub(r'"Comment": "[^"]*"', '"Comment": ""', text)
        text = re.sub(r'"Prefix(\.\$)?": "[^"]*(pedidos|parts/|CORRELACIONADO)-?[^"]*"', '"Prefix": ""', text)
        return text.replace(f'"layer": "{layer}"', "").replace(f"audit of {layer} passed", "")

    assert len({skeleton(name) for name in names}) == 1
