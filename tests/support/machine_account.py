"""The state machines in an account, with stand-ins for their Lambdas: how they are made, run, and looked at."""

import json
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse_tables import TABLES
from machines import rendered
from stand_ins import BUCKET, ROLE

from lakehouse.lake import layout


@dataclass
class Account:
    """Clients of one embedded AWS and the ARNs of the machines."""

    s3: Any
    states: Any
    machines: dict[str, str]
    glue: Any = None

    def run(self, machine: str, **given: Any) -> dict[str, Any]:
        """Run a machine to its end and return what Step Functions says of the execution."""
        arn = self.states.start_execution(
            stateMachineArn=self.machines[machine], name=str(uuid.uuid4()), input=json.dumps(given)
        )
        return self.ended(arn["executionArn"])

    def succeeded(self, machine: str, **given: Any) -> dict[str, Any]:
        """Run a machine, and return its output."""
        execution = self.run(machine, **given)
        assert execution["status"] == "SUCCEEDED", execution
        output: dict[str, Any] = json.loads(execution["output"])
        return output

    def ended(self, arn: str) -> dict[str, Any]:
        """Wait for the end of an execution."""
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            execution: dict[str, Any] = self.states.describe_execution(executionArn=arn)
            if execution["status"] != "RUNNING":
                return execution
            time.sleep(0.05)
        raise AssertionError(f"{arn} did not end")

    def nested(self, execution: dict[str, Any], machine: str) -> dict[str, Any]:
        """Return the execution of another machine that has an execution's name."""
        arn = self.machines[machine].replace(":stateMachine:", ":execution:")
        found: dict[str, Any] = self.states.describe_execution(executionArn=f"{arn}:{execution['name']}")
        return found

    def audit_of(self, execution: dict[str, Any]) -> dict[str, Any]:
        """Return the execution of the audit that a layer's execution started, which has its name."""
        machine = execution["executionArn"].rpartition(":StateMachine_DAG_")[2].partition(":")[0]
        return self.nested(execution, f"teste_{machine}")

    def entered(self, execution: dict[str, Any]) -> list[str]:
        """Return the states of an execution, in the order in which it entered them."""
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=execution["executionArn"])
        events = [event for page in pages for event in page["events"]]
        return [each["stateEnteredEventDetails"]["name"] for each in events if "stateEnteredEventDetails" in each]

    def body(self, key: str) -> str:
        """Return an object's content."""
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content.decode()

    def keys(self, prefix: str) -> list[str]:
        """Return the keys under a prefix."""
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())]

    @property
    def newest(self) -> dict[str, Any]:
        """The newest version, as the stand-in for the Publish Lambda keeps it."""
        version: dict[str, Any] = json.loads(self.body(self.keys(layout.VERSIONS_PREFIX)[-1]))
        return version

    @property
    def number(self) -> int:
        """The number of the newest version; 0 where there is none."""
        return len(self.keys(layout.VERSIONS_PREFIX))

    def runs(self) -> dict[str, set[str | None]]:
        """Return the runs that wrote the published files of each layer."""
        return {
            layer: {layout.run_of_key(key) for table in tables for key in self.newest["tables"].get(table, ())}
            for layer, tables in TABLES.items()
        }

    def fail(self, what: str, *said: str) -> None:
        """Let the next calls of a kind fail, each with a message of its own."""
        for number, message in enumerate(said):
            self.s3.put_object(Bucket=BUCKET, Key=f"faults/{what}/{number}", Body=message.encode())

    def calls(self, run_id: str, what: str = "") -> list[str]:
        """Return the calls of a run's Lambdas: what each was asked for."""
        prefix = f"calls/{run_id}/"
        return [key.removeprefix(prefix).rpartition("/")[0] for key in self.keys(prefix + what)]

    def asked(self, run_id: str, what: str) -> dict[str, Any]:
        """Return the event of the one call of a kind that a run made."""
        (key,) = self.keys(f"calls/{run_id}/{what}/")
        event: dict[str, Any] = json.loads(self.body(key))
        return event

    def parts_called(self, run_id: str, layer: str, step: str) -> dict[int, int]:
        """Return how often a step was called for each part."""
        asked = self.calls(run_id, f"{layer}/{step}/part/")
        return Counter(int(call.rpartition("/")[2]) for call in asked)

    def maps(self, execution: dict[str, Any]) -> dict[str, str]:
        """Return how each Distributed Map of an execution ended."""
        runs = self.states.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
        ended = [self.states.describe_map_run(mapRunArn=run["mapRunArn"]) for run in runs]
        return {run["mapRunArn"].split("/")[1].split(":")[0]: run["status"] for run in ended}


def with_machines(states: Any, lambdas: Mapping[str, str]) -> dict[str, str]:
    """Make every machine, on the stand-ins with these ARNs (`stand_ins.create_all`); return their ARNs by name."""
    of_all = {"PublishFunctionArn": lambdas["publish"], "LakeBucket": BUCKET}
    machines: dict[str, str] = {}
    for layer in layout.LAYERS:
        audit = f"teste_{layer}"
        machines[audit] = _machine(states, audit, {"AuditFunctionArn": lambdas["audit"]} | of_all)
        own = {"WriteFunctionArn": lambdas["write"], "AuditStateMachineArn": machines[audit]}
        machines[layer] = _machine(states, layer, own | of_all)
    nested = {f"{layer.capitalize()}StateMachineArn": machines[layer] for layer in layout.LAYERS}
    machines["pipeline"] = _machine(states, "pipeline", nested | of_all | {"GovernanceFunctionArn": lambdas["govern"]})
    return machines


def _machine(states: Any, name: str, substitutions: dict[str, str]) -> str:
    definition = rendered(name, **substitutions)
    assert "${" not in definition
    answer: dict[str, str] = states.create_state_machine(
        name=f"StateMachine_DAG_{name}", definition=definition, roleArn=ROLE
    )
    return answer["stateMachineArn"]
