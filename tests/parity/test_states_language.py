"""The state machines as AWS checks them, and as it would run them on every way through."""

import copy
import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.exceptions
import botocore.session
import pytest
import yaml
from lambda_layers import ROOT
from machines import AUDITS, MACHINES, definition
from shapes import Anything, Shape, shape_of
from states_language import Inspection, inspect

from lakehouse.lake import layout

pytestmark = pytest.mark.parity

CFN_LINT = ROOT / ".venv-sam/bin/cfn-lint"
STATELINT = ROOT / ".venv-checks/bin/statelint"
Definition = dict[str, Any]
every_machine = pytest.mark.parametrize("name", MACHINES)

# What the functions return (docs/architecture.md, "Messages between states"); the write Lambdas' results are the
# sample events of the functions that audit them. The Publish Lambda's depend on what it is to do.
PARTS = {"parts": 1, "parts_prefix": ""}
PUBLISHED = {"run_id": "", "version": 1, "runs": {}, "rows": {}, "lagging": [""], "problem": ""}
PUBLISHING = {
    "open": {"run_id": "", "base": 0, "nothing_to_do": False, "why": ""} | PARTS,
    "look": {"run_id": "", "version": 1} | PARTS,
    "commit": PUBLISHED,
    "rollback": PUBLISHED,
    "register": PUBLISHED,
    "discard": {"run_id": "", "discarded": True},
    "discover": {"run_id": "", "version": 1, "new": True, "crawlers": [""], "why": ""},
    "crawled": {"run_id": "", "discovered": 1, "differences": [""]},
}
VERDICT = {
    "run_id": "", "layer": "", "passed": True, "cause": "", "report_key": "",
    "tables": [{"table": "", "verdict": "", "rows": 0, "quarantined": 0, "errors": 0, "warnings": 0}], "lineage": {},
}  # fmt: skip
GOVERNED = {
    "run_id": "", "passed": True, "cause": "", "report_key": "", "report_etag": "", "assets": 0, "problems": 0,
    "personal": 0, "anomalies": 0, "warnings": [""], "lineage": {},
}  # fmt: skip
OF_PART = {"run_id": "", "layer": "", "part": 0, "parts": 0}
# https://docs.aws.amazon.com/glue/latest/webapi/API_Crawler.html: there is no last crawl before the first.
CRAWLER = {"Crawler": {"Name": "", "State": "", "Role": "", "DatabaseName": "", "Targets": {}}}
LAMBDA_SECONDS = 900
# "Handle transient Lambda service exceptions", AWS Step Functions guide, with the SDK's own.
LAMBDA_ERRORS = {
    "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException", "Lambda.TooManyRequestsException",
}  # fmt: skip
# A function's process that ended, whatever ended it: for want of memory or time, or with its machine. "Handling error
# conditions", the same guide; what ended without a word is Lambda.Unknown.
CRASHES = {"Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout"}

# What boto3 raises in a function, named by its class, where a service was in need or the network was.
CODE_ERRORS = {"ClientError", "ConnectionClosedError", "EndpointConnectionError", "ReadTimeoutError"}
SERVICE_ERRORS = {"glue": "Glue", "states": "AWSStepFunctions"}
PREFIXES = {"glue": "Glue", "states": "StepFunctions"}


def started(name: str, task: Mapping[str, Any]) -> str:
    """Return which machine a task of a machine starts: a layer its audit, the pipeline the layers."""
    of = task["Parameters"]["StateMachineArn"].removeprefix("${").removesuffix("StateMachineArn}").lower()
    return f"teste_{name}" if of == "audit" else of


def levels(machine: Definition) -> Iterator[Definition]:
    yield machine
    for state in machine["States"].values():
        if state["Type"] == "Map":
            yield from levels(state["ItemProcessor"])


def tasks(machine: Definition) -> Iterator[tuple[str, Definition]]:
    for level in levels(machine):
        yield from ((name, state) for name, state in level["States"].items() if state["Type"] == "Task")


def inspected(name: str, machine: Definition | None = None) -> Inspection:
    """Inspect a machine; what it does not give itself is given by nobody, for it may be started without an input."""

    def results(task: Mapping[str, Any]) -> Shape:
        parameters = task.get("Parameters", {})
        match task["Resource"]:
            case "arn:aws:states:::lambda:invoke":
                function = parameters["FunctionName"]
                if "part_key.$" in parameters["Payload"]:
                    return shape_of({"Payload": OF_PART})
                if "Publish" in function:
                    return shape_of({"Payload": PUBLISHING[parameters["Payload"]["do"]]})
                written = json.loads((ROOT / f"events/teste_{name}.json").read_text()) if "Write" in function else None
                payload = written or (VERDICT if "Audit" in function else GOVERNED)
                return shape_of({"ExecutedVersion": "", "StatusCode": 200, "Payload": payload})
            case "arn:aws:states:::states:startExecution.sync:2":
                answer = shape_of({"ExecutionArn": "", "Name": "", "Status": ""})
                called = started(name, task)
                machine = audited_alone(called) if called in layout.LAYERS else None
                return type(answer)({**answer.of, "Output": inspected(called, machine).output})
            case "arn:aws:states:::aws-sdk:glue:getCrawler":
                return shape_of(CRAWLER)
            case "arn:aws:states:::aws-sdk:glue:startCrawler":
                return shape_of({})
            case resource:
                raise AssertionError(f"what {resource} answers is not written down here")

    return inspect(machine or definition(name), shape_of({}), results)


def audited_alone(layer: str) -> Definition:
    """Return a layer's machine as the pipeline calls it: there is something to do, and it publishes nothing itself."""
    machine = copy.deepcopy(definition(layer))
    for choice, only in (("AnythingToDo", "HasParts"), ("AuditPassed", "Audited")):
        assert only in _next(machine["States"][choice])
        machine["States"][choice] = {"Type": "Pass", "Next": only}
    return machine


@every_machine
def test_every_reference_is_to_what_is_there_on_every_way(name: str) -> None:
    assert inspected(name).problems == ()


def test_a_machine_returns_what_whoever_started_it_reads() -> None:
    judged = {"run_id", "layer", "report_key", "tables"}
    nothing = {"run_id", "nothing_to_do", "why", "version"}
    for layer in layout.LAYERS:
        assert outputs(layer) == {
            "NothingToDo": nothing | {"layer"},
            "Audited": judged,
            "Published": judged | {"version"},
        }
        assert set(inspected(layer, audited_alone(layer)).output.of) == judged
    for audit in AUDITS:
        assert outputs(audit) == {"Audited": judged | {"passed", "cause"}}
    made = {"run_id", *layout.LAYERS, "governance"}
    assert outputs("pipeline") == {
        "NothingToDo": nothing | {"discovery"},
        "Held": made | {"held", "base"},
        "Discarded": {"run_id", "discarded"},
        "Finished": made | {"version", "discovery"},
    }


def test_the_pipeline_has_its_layers_do_all_their_work_and_publish_nothing() -> None:
    for key, task in tasks(definition("pipeline")):
        if ":states:startExecution" in task["Resource"]:
            given = task["Parameters"]["Input"]
            assert (given["force"], given["publish"]) == (True, False), key


def outputs(name: str) -> dict[str, set[str]]:
    """Return the fields of what a machine returns, by the state in which it ends."""
    ends = {key: one for key, one in definition(name)["States"].items() if one.get("End")}
    return {key: {field.removesuffix(".$") for field in one["Parameters"]} for key, one in ends.items()}


def state(machine: Definition, name: str) -> Definition:
    return next(level["States"][name] for level in levels(machine) if name in level["States"])


BREAKS: dict[str, tuple[str, Callable[[Definition], Any], str]] = {
    "a result that is kept nowhere": (
        "bronze", lambda m: state(m, "AuditBronze").update(ResultPath=None), "AuditPassed: $.audit.passed"
    ),
    "a field that no function returns": (
        "bronze", lambda m: state(m, "WriteBronze")["ResultSelector"].update({"x.$": "$.Payload.xyz"}), "$.Payload.xyz"
    ),
    "a field that no listed part has": (
        "gold", lambda m: state(m, "GoldParts")["ItemSelector"].update({"k.$": "$$.Map.Item.Value.kei"}), "Value.kei"
    ),
    "a default that is gone": (
        "silver", lambda m: state(m, "Defaults")["Parameters"]["defaults"].pop("run_id.$"), "WriteSilver: $.run_id"
    ),
    "a number of parts that is not handed on": (
        "silver", lambda m: state(m, "Open")["ResultSelector"].pop("parts.$"), "HasParts: $.opened.parts"
    ),
    "a version that another step of the Lambda gives": (
        "bronze", lambda m: state(m, "Publish")["Parameters"]["Payload"].update(do="discard"), "$.Payload.version"
    ),
    "a version that was not looked for": (
        "teste_gold", lambda m: state(m, "UseLook").update(Parameters={"of.$": "$.of"}), "AuditGold: $.run_id"
    ),
    "a folder that only a layer gives": (
        "teste_gold", lambda m: state(m, "Defaults")["Parameters"]["defaults"].pop("of"), "AuditGold: $.of"
    ),
    "a verdict that the audit's machine does not hand on": (
        "bronze", lambda m: state(m, "AuditBronze")["ResultSelector"].update({"x.$": "$.Output.xyz"}), "$.Output.xyz"
    ),
    "a cause that may not be there": (
        "silver", lambda m: state(m, "ReadFault").update(Default="TaskFailed"), "TaskFailed: $.fault.Cause"
    ),
    "an item that was not selected": (
        "pipeline", lambda m: state(m, "Crawl").pop("ItemSelector"), "GetCrawler: $.crawler"
    ),
    "a last crawl before the first": (
        "pipeline", lambda m: state(m, "CrawlerReady")["Choices"][0]["And"].pop(1), "LastCrawl.Status"
    ),
    "a text with more places than values": (
        "bronze", lambda m: state(m, "AuditStopped").update(CausePath="States.Format('{} {}', $.fault.Error)"),
        "not one {} for each",
    ),
    "a function that there is not": (
        "gold", lambda m: state(m, "GoldParts")["ItemSelector"].update({"k.$": "States.Concat('a')"}), "no intrinsic"
    ),
    "a context that there is not": (
        "bronze", lambda m: state(m, "Defaults")["Parameters"].update({"x.$": "$$.Execution.Arn"}), "$$.Execution.Arn"
    ),
}  # fmt: skip


@pytest.mark.parametrize("broken", BREAKS)
def test_a_reference_to_what_may_be_missing_is_found(broken: str) -> None:
    name, break_it, said = BREAKS[broken]
    machine = copy.deepcopy(definition(name))
    break_it(machine)
    assert any(said in problem for problem in inspected(name, machine).problems), inspected(name, machine).problems


# ---- what AWS says of the definitions --------------------------------------------------------------------------------


def linted(folder: Path, machines: Mapping[str, Definition]) -> dict[str, list[str]]:
    """Return what AWS's linter for CloudFormation, which has the schema of the language, says of each definition."""
    role = "arn:aws:iam::123456789012:role/LabRole"
    resources = {
        name: {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"RoleArn": role, "Definition": machine},
        }
        for name, machine in machines.items()
    }
    (folder / "machines.yaml").write_text(yaml.safe_dump({"Resources": resources}, sort_keys=False))
    command = [str(CFN_LINT), "--format", "json", "--non-zero-exit-code", "none", "--regions", "us-east-1", "--"]
    ran = subprocess.run([*command, "machines.yaml"], cwd=folder, capture_output=True, text=True, check=True)
    said: dict[str, list[str]] = {name: [] for name in machines}
    for problem in json.loads(ran.stdout):
        said[problem["Location"]["Path"][1]].append(problem["Message"])
    return said


REFUSED: dict[str, Callable[[Definition], Any]] = {
    "StartsNowhere": lambda machine: machine.update(StartAt="Nowhere"),
    "CatchesToNowhere": lambda machine: state(machine, "WriteBronze").update(Catch=[{"ErrorEquals": ["States.ALL"]}]),
    "Misspelt": lambda machine: state(machine, "WriteBronze").update(Retries=[]),
    "NeverEnds": lambda machine: state(machine, "Published").pop("End"),
    "ChoosesNothing": lambda machine: state(machine, "AuditPassed")["Choices"][0].pop("Next"),
}


def test_the_definitions_are_of_the_schema_of_the_states_language(tmp_path: Path) -> None:
    said = linted(tmp_path, {name.title().replace("_", ""): definition(name) for name in MACHINES})
    assert len(said) == len(MACHINES)
    assert not any(said.values()), said


def test_a_definition_that_the_service_would_refuse_is_found(tmp_path: Path) -> None:
    machines = {name: definition("bronze") for name in REFUSED}
    for name, break_it in REFUSED.items():
        break_it(machines[name])
    said = linted(tmp_path, machines)
    assert all(said.values()), said


def stated(folder: Path, machines: Mapping[str, Definition]) -> dict[str, list[str]]:
    """Return what statelint says of each machine: what the specification of the language says, apart from AWS's own.

    It does not know ``Label``, which AWS adds, and wants a rate that is whole written as a fraction, as JSON need not.
    """
    said: dict[str, list[str]] = {}
    for name, machine in machines.items():
        file = folder / f"{name}.json"
        file.write_text(json.dumps(machine), encoding="utf-8")
        ran = subprocess.run([STATELINT, "--ignore=FLOAT", file], capture_output=True, text=True, check=False)
        told = [line.strip() for line in ran.stdout.splitlines() if line.startswith(" ")]
        assert ran.returncode == bool(told), ran.stderr
        said[name] = [line for line in told if not line.startswith('Field "Label" not allowed in ')]
    return said


def test_the_definitions_are_what_the_specification_of_the_language_says(tmp_path: Path) -> None:
    said = stated(tmp_path, {name: definition(name) for name in MACHINES})
    assert said == {name: [] for name in MACHINES}


def test_a_definition_that_the_specification_forbids_is_found(tmp_path: Path) -> None:
    machines = {name: definition("bronze") for name in REFUSED}
    for name, break_it in REFUSED.items():
        break_it(machines[name])
    said = stated(tmp_path, machines)
    assert all(said.values()), said


@every_machine
def test_a_call_of_a_service_is_of_its_model(name: str) -> None:
    """Every parameter is one of the call's, and none that it needs is missing (botocore's models are AWS's own)."""
    session = botocore.session.get_session()
    for key, task in tasks(definition(name)):
        service, _, action = task["Resource"].removeprefix("arn:aws:states:::").removeprefix("aws-sdk:").partition(":")
        model = session.get_service_model({"states": "stepfunctions"}.get(service, service))
        operation = action.partition(".")[0]
        called = model.operation_model(operation[0].upper() + operation[1:]).input_shape
        known = {member.lower() for member in called.members}
        given = {parameter.removesuffix(".$").lower() for parameter in task["Parameters"]}
        assert given <= known, f"{name}.{key}: {given - known}"
        assert {each.lower() for each in called.required_members} <= given, f"{name}.{key}"


# ---- retries and time ------------------------------------------------------------------------------------------------


@every_machine
def test_what_is_retried_is_an_error_that_the_service_can_give(name: str) -> None:
    session = botocore.session.get_session()
    for key, task in tasks(definition(name)):
        service, _, action = task["Resource"].removeprefix("arn:aws:states:::").removeprefix("aws-sdk:").partition(":")
        if service == "lambda":
            known = LAMBDA_ERRORS | CRASHES | CODE_ERRORS
        else:
            # What the service's model names, what any service may answer, and the SDK's own; an error that has no name
            # of its own comes as the service's.
            model = session.get_service_model({"states": "stepfunctions"}.get(service, service))
            names = {re.sub("(Exception)?$", "Exception", shape.name, count=1) for shape in model.error_shapes}
            names |= {"SdkClientException", "ThrottlingException", f"{SERVICE_ERRORS[service]}Exception"}
            known = {f"{PREFIXES[service]}.{error}" for error in names}
        if "part_key.$" in task["Parameters"].get("Payload", {}):
            known = known | {"States.TaskFailed"}  # one part of many: whatever it was, only that part is tried again
        for retry in task["Retry"]:
            retried = set(retry["ErrorEquals"])
            assert retried <= known, f"{name}.{key}: {retried - known} of {action}"


def test_an_error_of_our_code_that_is_retried_is_one_that_a_call_of_aws_raises() -> None:
    raised = {name for name in CODE_ERRORS if issubclass(getattr(botocore.exceptions, name), Exception)}
    assert raised == CODE_ERRORS


@every_machine
def test_a_function_that_crashed_is_called_again(name: str) -> None:
    for key, task in tasks(definition(name)):
        if task["Resource"].endswith("lambda:invoke"):
            retried = {error for retry in task["Retry"] for error in retry["ErrorEquals"]}
            assert retried >= CRASHES or "States.TaskFailed" in retried, key
            assert retried >= LAMBDA_ERRORS, key


@every_machine
def test_retries_and_catches_are_in_an_order_in_which_each_can_be_reached(name: str) -> None:
    for level in levels(definition(name)):
        for key, one in level["States"].items():
            for handlers in (one.get("Retry", []), one.get("Catch", [])):
                seen: set[str] = set()
                for handler in handlers:
                    errors = set(handler["ErrorEquals"])
                    assert errors and not errors & seen and "States.ALL" not in seen, key
                    assert errors == {"States.ALL"} or "States.ALL" not in errors, f"{key}: States.ALL stands alone"
                    seen |= errors
            for retry in one.get("Retry", ()):
                assert retry["IntervalSeconds"] < retry["MaxDelaySeconds"]
                assert retry["JitterStrategy"] == "FULL"


@every_machine
def test_a_task_has_more_time_than_what_it_waits_for_and_a_machine_more_than_its_tasks_together(name: str) -> None:
    machine = definition(name)
    for key, task in tasks(machine):
        if task["Resource"].endswith("lambda:invoke"):
            assert task["TimeoutSeconds"] > LAMBDA_SECONDS, key
        if ":states:startExecution" in task["Resource"]:
            assert task["TimeoutSeconds"] > definition(started(name, task))["TimeoutSeconds"], key
    assert sum(task.get("TimeoutSeconds", 0) for _, task in tasks(machine)) < machine["TimeoutSeconds"]


@every_machine
def test_every_way_leads_to_an_end(name: str) -> None:
    for level in levels(definition(name)):
        ends = {key for key, one in level["States"].items() if one.get("End") or one["Type"] in ("Fail", "Succeed")}
        grown = True
        while grown:
            more = {key for key, one in level["States"].items() if key not in ends and _next(one) & ends}
            grown, ends = bool(more), ends | more
        assert ends == set(level["States"])


def _next(one: Definition) -> set[str]:
    ways = [one, *one.get("Choices", ()), *one.get("Catch", ()), {"Next": one.get("Default")}]
    return {way["Next"] for way in ways if way.get("Next")}


def test_a_shape_that_only_the_run_knows_may_be_asked_for_anything() -> None:
    machine = {"StartAt": "End", "States": {"End": {"Type": "Fail", "CausePath": "$.whatever.there.is"}}}
    assert inspect(machine, Anything(), lambda _: Anything()).problems == ()
    assert inspect(machine, shape_of({}), lambda _: Anything()).problems == (
        "End: $.whatever.there.is is not always there",
    )
