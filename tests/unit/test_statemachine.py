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
DATASETS = {f"{layout.database_of(layer)}.{table}" for layer, tables in TABLES.items() for table in tables} | {
    f"landing.{table}" for table in TABLES[layout.BRONZE]
}
# What a function that is called again may get over: its process ended, or a service or the network was in need.
CRASHES = {
    "Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout", "ClientError", "ConnectionClosedError",
    "EndpointConnectionError", "ReadTimeoutError",
}  # fmt: skip
INVOKE = "arn:aws:states:::lambda:invoke"
# What the Publish Lambda may be asked by a machine of each kind.
ASKED = {"audit": {"look"}, "layer": {"open", "commit", "register"}}
PIPELINE_ASKS = {"open", "commit", "rollback", "register", "discard", "discover", "crawled"}
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
def test_writing_a_layer_declares_exactly_its_tables(layer: str) -> None:
    own = {f"{layout.database_of(layer)}.{table}" for table in TABLES[layer]}
    match = COMMENT.fullmatch(tasks(layer)[f"Write{layer.capitalize()}"]["Comment"])
    assert match
    assert set(match["output"].split(", ")) == own


@every_machine
def test_no_state_makes_a_table_but_those_that_write_one(name: str) -> None:
    makers = {key for key, task in tasks(name).items() if not task["Comment"].endswith("| OUTPUT: -")}
    parts = {"WriteSilverPart"} if name == "silver" else set()
    starts = {layer.capitalize() for layer in layout.LAYERS}
    assert makers == (
        starts if name == "pipeline" else {f"Write{name.capitalize()}"} | parts if name in TABLES else set()
    )


@every_machine
def test_a_name_of_a_state_is_had_by_one_state_of_a_machine_inside_its_maps_too(name: str) -> None:
    names = [key for level in levels(definition(name)) for key in level["States"]]
    assert sorted(names) == sorted(set(names))


@every_machine
def test_every_task_retries_what_may_pass_by_itself_and_no_error_of_its_own(name: str) -> None:
    for key, task in tasks(name).items():
        service = task["Resource"].removesuffix(".sync:2").split(":")[-2]
        prefix = {"lambda": "Lambda.", "states": "StepFunctions.", "glue": "Glue."}[service]
        assert task["Retry"], key
        of_part = "part_key.$" in task["Parameters"].get("Payload", {})
        for retry in task["Retry"]:
            # One part of many is tried again whatever it was; with the whole run it would be too dear.
            anything = of_part and retry["ErrorEquals"] == ["States.TaskFailed"]
            crash = prefix == "Lambda." and set(retry["ErrorEquals"]) == CRASHES
            assert anything or crash or all(error.startswith(prefix) for error in retry["ErrorEquals"]), key
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


@every_machine
def test_no_state_can_change_what_is_published_but_the_publish_lambdas(name: str) -> None:
    others = {"startExecution.sync:2", "startCrawler", "getCrawler"}
    for key, task in tasks(name).items():
        if task["Resource"] != INVOKE:
            assert task["Resource"].partition(":::")[2].split(":", 1)[1].removeprefix("glue:") in others, key
    for key, state in states(name).items():
        for mapped in (state.get("ItemReader"), state.get("ResultWriter")):
            if mapped is not None and not mapped["Resource"].endswith(":listObjectsV2"):
                assert f"'{layout.STAGING_PREFIX}" in mapped["Parameters"]["Prefix.$"], key


@every_machine
def test_the_publish_lambda_is_asked_what_its_machine_may_ask_and_for_whom(name: str) -> None:
    payloads = [task["Parameters"]["Payload"] for task in publishing(name).values()]
    asked = {payload["do"] for payload in payloads}
    assert asked == ASKED["audit" if name in AUDITS else "layer"] if name != "pipeline" else asked == PIPELINE_ASKS
    layer = name.removeprefix("teste_")
    for payload in payloads:
        # A commit without a layer is of all: the pipeline's alone.
        assert payload.get("layer") == (layer if name != "pipeline" and payload["do"] != "register" else None)
        assert payload["run_id.$"] == "$.run_id"


def publishing(name: str) -> dict[str, dict[str, Any]]:
    """Return the tasks that call the Publish Lambda."""
    return {
        key: task
        for key, task in tasks(name).items()
        if task["Parameters"].get("FunctionName") == "${PublishFunctionArn}"
    }


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_nothing_is_published_but_through_a_passed_audit(layer: str) -> None:
    machine = definition(layer)
    assert before("Publish", machine) == {"AuditPassed"}
    passed = {"Variable": "$.audit.passed", "BooleanEquals": True}
    assert machine["States"]["AuditPassed"]["Choices"] == [
        {"And": [passed, {"Variable": "$.publish", "BooleanEquals": False}], "Next": "Audited"},
        passed | {"Next": "Publish"},
    ]
    assert machine["States"]["AuditPassed"]["Default"] == "AuditFailed"
    assert machine["States"]["AuditFailed"] | {"Comment": ""} == {
        "Type": "Fail",
        "Comment": "",
        "Error": "AuditFailed",
        "CausePath": "$.audit.cause",
    }


def test_the_pipeline_publishes_once_after_every_layer_and_governance_have_passed() -> None:
    machine = definition("pipeline")
    # Besides, what was held is published: a step by itself.
    assert before("Publish", machine) == {"Governed", "Steps"}
    assert {"Variable": "$.only", "StringEquals": "publish", "Next": "Publish"} in machine["States"]["Steps"]["Choices"]
    # Of the steps only the whole of it is left, after an upload or at once.
    machine["States"]["Steps"]["Choices"] = machine["States"]["Steps"]["Choices"][:2]
    # Where nothing is to be done, crawlers may run all the same; only governance by itself comes after them.
    alone, *rest = machine["States"]["AfterCrawl"]["Choices"]
    assert alone == {"Variable": "$.only", "StringEquals": "governance", "Next": "Govern"}
    machine["States"]["AfterCrawl"]["Choices"] = rest
    way = ("Open", "AnythingToDo", "Bronze", "Silver", "Gold", "Govern", "Governed")
    assert "Publish" in reachable("Steps", machine["States"])
    for step in way:
        others = {key: state for key, state in machine["States"].items() if key != step}
        others[step] = {"Type": "Fail"}
        assert "Publish" not in reachable("Steps", others), step
    passed = {"Variable": "$.governance.passed", "BooleanEquals": True}
    governed = machine["States"]["Governed"]
    assert [(choice.get("And", [choice])[0], choice["Next"]) for choice in governed["Choices"]] == [
        (passed, "Register"),
        (passed, "Held"),
        (passed | {"Next": "Publish"}, "Publish"),
    ]
    assert governed["Default"] == "GovernanceFailed"


@pytest.mark.parametrize("name", [*layout.LAYERS, "pipeline"])
def test_where_there_is_nothing_to_do_no_layer_is_run(name: str) -> None:
    machine = definition(name)
    assert before("Open", machine) <= {"ResolveInput", "Steps", "Settle"}
    (choice,) = machine["States"]["AnythingToDo"]["Choices"]
    nothing = {"Variable": "$.opened.nothing_to_do", "BooleanEquals": True, "Next": "NothingToDo"}
    if name == "pipeline":  # what was published may not have been crawled
        assert choice == nothing | {"Next": "Discover"}
        assert nothing in machine["States"]["AfterCrawl"]["Choices"]
        assert not {"Bronze", "Silver", "Gold", "Forecast"} & reachable("Discover", machine["States"])
    else:
        assert choice == nothing
    assert machine["States"]["NothingToDo"]["End"] is True


@pytest.mark.parametrize("name", [*layout.LAYERS, "pipeline"])
def test_a_catalogue_that_did_not_follow_is_registered_again_and_then_said_to_be_behind(name: str) -> None:
    machine = definition(name)
    assert successors(machine["States"]["Publish"]) == {"CatalogueFollowed", "ReadFault"}
    assert "Register" in successors(machine["States"]["CatalogueFollowed"])
    (catch,) = machine["States"]["Register"]["Catch"]
    after = [machine["States"][key] for key in reachable(catch["Next"], machine["States"])]
    ends = [state for state in after if state["Type"] == "Fail"]
    assert len(ends) == 2
    assert {state["Error"] for state in ends} == {"CatalogueBehind"}


def test_a_step_of_the_pipeline_by_itself_does_nothing_else() -> None:
    machine = definition("pipeline")
    settle, *choices = machine["States"]["Steps"]["Choices"]
    whole, after_upload = {"Variable": "$.only", "StringEquals": ""}, {"Variable": "$.settle", "NumericGreaterThan": 0}
    assert settle == {"And": [whole, after_upload], "Next": "Settle"}
    assert machine["States"]["Settle"] | {"Comment": ""} == {
        "Type": "Wait", "Comment": "", "SecondsPath": "$.settle", "Next": "Open",
    }  # fmt: skip
    steps = {choice["StringEquals"]: choice["Next"] for choice in choices}
    assert set(steps) == {"", "governance", "publish", "discard", "rollback", "register"}
    layers = {layer.capitalize() for layer in layout.LAYERS}
    for only, first in steps.items():
        found = reachable(first, machine["States"])
        assert (found >= layers) if only == "" else not (found & layers), only
        assert ("Discard" in found) == (only == "discard")
        assert ("RollBack" in found) == (only == "rollback")
    assert machine["States"]["Steps"]["Default"] == "UnknownStep"


def before(key: str, machine: dict[str, Any]) -> set[str]:
    """Return the states from which one is entered."""
    return {name for name, state in machine["States"].items() if key in successors(state)}


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_a_distributed_map_runs_under_its_own_name_and_leaves_its_results_in_the_runs_staging(layer: str) -> None:
    (found,) = ((key, state) for key, state in states(layer).items() if "ItemReader" in state)
    key, state = found
    # The label is what a Map Run's ARN says of the state.
    assert key == state["Label"] == f"{layer.capitalize()}Parts"
    assert state["ItemReader"]["Parameters"]["Prefix.$"] == "$.opened.parts_prefix"
    own = layout.work_prefix("{}", layer)
    assert state["ResultWriter"]["Parameters"]["Prefix.$"] == f"States.Format('{own}parts/map', $.run_id)"


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_an_audits_distributed_map_leaves_its_results_in_the_staging_of_what_it_audits(layer: str) -> None:
    (found,) = ((key, state) for key, state in states(f"teste_{layer}").items() if "ItemReader" in state)
    key, state = found
    assert key == state["Label"] == f"Audit{layer.capitalize()}Parts"
    assert state["ItemReader"]["Parameters"]["Prefix.$"] == "$.parts_prefix"
    own = layout.work_prefix("{}", layer)
    assert state["ResultWriter"]["Parameters"]["Prefix.$"] == f"States.Format('{own}parts/audited', $.run_id)"


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_a_layer_is_audited_by_its_own_machine_under_its_own_executions_name(layer: str) -> None:
    audit = tasks(layer)[f"Audit{layer.capitalize()}"]
    assert audit["Resource"] == "arn:aws:states:::states:startExecution.sync:2"
    assert audit["Parameters"]["StateMachineArn"] == "${AuditStateMachineArn}"
    assert audit["Parameters"]["Input"]["of"] == "staged"
    nested = [audit, *(task for task in tasks("pipeline").values() if "startExecution" in task["Resource"])]
    assert len(nested) == 1 + len(layout.LAYERS)
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
        # An audit goes through the layer's own parts, or where it cuts no table, through those of its inputs.
        text = re.sub(r'"(parts|parts_prefix)\.\$": "\$\.(staged|opened)\.\1"', r'"\1": ""', text)
        return text.replace(f'"layer": "{layer}"', "")

    assert len({skeleton(name) for name in names}) == 1
