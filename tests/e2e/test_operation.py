"""What a deployed lakehouse does by itself: it tells of runs that fail, once each, and starts when CSVs are there."""

import csv
import io
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from deployment import Deployment, deployed
from exports import SAMPLE
from told import Mail, Mailbox, changed

from lakehouse.contract import layers
from lakehouse.lake import layout

pytestmark = pytest.mark.e2e

BUCKET = "importau-lakehouse-operation"
WITHIN = 60.0
PATIENCE = 900.0  # of a run, on a machine that does much else
# As many clean runs as are asked for; some of them whole, and in the others nothing is to be done.
CLEAN = int(os.environ.get("IMPORTAU_FAULTS") or 6)
WHOLE = 2
TABLES = layers.tables_of(layers.BRONZE)
PERSONAL = "123.456.789-09"


@dataclass
class House:
    """The deployed lakehouse, and who is told of what fails in it."""

    deployment: Deployment
    mailbox: Mailbox
    failures: list[str] = field(default_factory=list)

    def start(self, machine: str = "pipeline", **given: Any) -> str:
        states = self.deployment.client("stepfunctions")
        arn = self.deployment.outputs[f"StateMachine{machine.title().replace('_', '')}Arn"]
        return str(states.start_execution(stateMachineArn=arn, input=json.dumps(given))["executionArn"])

    def ended(self, arn: str) -> dict[str, Any]:
        states, deadline = self.deployment.client("stepfunctions"), time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            described: dict[str, Any] = states.describe_execution(executionArn=arn)
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.1)
        raise AssertionError(f"{arn} did not end")

    def told(self, arn: str) -> tuple[dict[str, Any], Mail]:
        """Wait for the end of an execution that fails, and for the message about it."""
        described = self.ended(arn)
        assert described["status"] != "SUCCEEDED"
        ended = described["stopDate"].timestamp()
        mail = self.mailbox.about(described["name"], WITHIN)
        assert mail.at - ended <= WITHIN
        self.failures.append(described["name"])
        return described, mail

    def upload(self, table: str, content: bytes | None = None, **metadata: str) -> None:
        body = (SAMPLE.folder / f"{table}.csv").read_bytes() if content is None else content
        self.deployment.client("s3").put_object(
            Bucket=BUCKET, Key=layout.landing_key(table), Body=body, Metadata=metadata
        )

    def empty(self) -> None:
        s3 = self.deployment.client("s3")
        for table in TABLES:
            s3.delete_object(Bucket=BUCKET, Key=layout.landing_key(table))

    def fill(self) -> None:
        """Upload the sample as a run of its own would, so that no other one is started, and wait until that is seen."""
        before = self.calls("upload")
        for table in TABLES:
            self.upload(table, **{layout.UPLOADED_FOR: "by-hand"})
        self.looked(before + len(TABLES))

    def uploads(self) -> list[str]:
        """Return the executions that uploads started, newest first."""
        states = self.deployment.client("stepfunctions")
        listed = states.list_executions(stateMachineArn=self.deployment.outputs["StateMachinePipelineArn"])
        return [entry["executionArn"] for entry in listed["executions"] if "-upload-" in entry["name"]]

    def calls(self, message: str) -> int:
        """Return how often the Publish Lambda has said something."""
        pages = self.deployment.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName="/aws/lambda/importau-publish", filterPattern=f'"{message}"')
        return sum(f'"message":"{message}"' in each["message"] for page in found for each in page["events"])

    def looked(self, times: int) -> None:
        """Wait until the Publish Lambda has looked at so many uploads."""
        deadline = time.monotonic() + WITHIN
        while self.calls("upload") < times:
            assert time.monotonic() < deadline
            time.sleep(0.2)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with deployed(
        tmp_path_factory.mktemp("operation"), BUCKET, StartOnUpload="yes", UploadSettleSeconds="2"
    ) as deployment:
        yield House(deployment, Mailbox.of(deployment, deployment.outputs["AlertTopicArn"]))


@pytest.fixture(scope="module")
def published(house: House) -> str:
    """Publish the sample, whatever ran before."""
    house.fill()
    described = house.ended(house.start(force=True))
    assert described["status"] == "SUCCEEDED", described.get("cause")
    return str(described["name"])


# ---- starts ----------------------------------------------------------------------------------------------------------


def test_seven_uploads_start_one_run_and_fewer_none(house: House) -> None:
    house.empty()
    before, started = house.calls("upload"), house.uploads()
    for table in TABLES[:-1]:
        house.upload(table)
    house.looked(before + len(TABLES) - 1)
    assert house.uploads() == started
    house.upload(TABLES[-1])
    house.looked(before + len(TABLES))
    (run,) = set(house.uploads()) - set(started)
    described = house.ended(run)
    assert described["status"] == "SUCCEEDED"
    assert json.loads(described["output"])["version"] > 0
    assert json.loads(described["input"])["source"]["inputs"].keys() == set(TABLES)


def test_one_new_file_starts_one_run_and_two_at_once_start_one_that_reads_both(house: House, published: str) -> None:
    before, started = house.calls("upload"), set(house.uploads())
    house.upload("produtos")
    house.looked(before + 1)
    (again,) = set(house.uploads()) - started
    output = json.loads(house.ended(again)["output"])
    assert output["nothing_to_do"], "its content is what was there"

    rows = (SAMPLE.folder / "produtos.csv").read_bytes().replace(b"\n", b"\r\n")
    others = (SAMPLE.folder / "fornecedores.csv").read_bytes().replace(b"\n", b"\r\n")
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(house.upload, ("produtos", "fornecedores"), (rows, others)))
    house.looked(before + 3)
    ended = [house.ended(arn) for arn in set(house.uploads()) - started - {again}]
    outputs = [json.loads(each["output"]) for each in ended]
    assert len([output for output in outputs if "nothing_to_do" not in output]) == 1
    assert all("uploaded since" in output["why"] for output in outputs if "nothing_to_do" in output)
    house.fill()


def test_a_file_that_is_uploaded_for_a_run_starts_no_other(house: House) -> None:
    before, started = house.calls("upload"), house.uploads()
    house.fill()
    house.looked(before + len(TABLES))
    assert house.uploads() == started


# ---- messages --------------------------------------------------------------------------------------------------------


def header(table: str) -> bytes:
    first, *others = (SAMPLE.folder / f"{table}.csv").read_bytes().splitlines(keepends=True)
    return b"".join([first.replace(b"_", b"-"), *others])


def repeated(table: str, column: str, value: str) -> bytes:
    """Return an exported CSV with one value in every row of a column."""
    rows = list(csv.DictReader(io.StringIO((SAMPLE.folder / f"{table}.csv").read_text("utf-8-sig"))))
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(row | {column: value} for row in rows)
    return out.getvalue().encode()


def raising(error: str, message: str = "x") -> str:
    """Return a Publish Lambda that raises an error of a name."""
    return f"class {error}(Exception): pass\ndef handler(event, context):\n    raise {error}({message!r})\n"


SLEEPS = "import time\ndef handler(event, context):\n    time.sleep(30)\n"
ENDS = "import os\ndef handler(event, context):\n    os._exit(1)\n"
SERVICE = "An error occurred ({}) when calling the PutObject operation: said"
PIPELINE = "Pipeline"
LOST_CENTS = (
    "+\nimport numpy as _n\nimport silver.sharing as _s\n"
    "_s.share = lambda total, weight: total[..., None] * weight // _n.maximum(weight.sum(-1, keepdims=True), 1)\n"
)
NO_RUNNING = "+\nimport gold.cash_flow as _c\n_c._running = lambda total, _: total\n"
REFUSED = (
    'def handler(event, context):\n    return {"passed": False, "cause": "1 problem: x", "report_key": "", '
    '"run_id": "r", "assets": 0, "problems": 1, "warnings": [], "lineage": {}}\n'
)


@contextmanager
def landed(house: House, **contents: bytes | None) -> Iterator[None]:
    """Have other content in the landing folder; None: a file that is not there."""
    for table, content in contents.items():
        if content is None:
            house.deployment.client("s3").delete_object(Bucket=BUCKET, Key=layout.landing_key(table))
        else:
            house.upload(table, content, **{layout.UPLOADED_FOR: "by-hand"})
    try:
        yield
    finally:
        for table in contents:
            house.upload(table, **{layout.UPLOADED_FOR: "by-hand"})


@contextmanager
def seconds_of(house: House, machine: str, seconds: int) -> Iterator[None]:
    """Give a machine so many seconds."""
    states, arn = house.deployment.client("stepfunctions"), house.deployment.outputs[f"StateMachine{machine}Arn"]
    was = states.describe_state_machine(stateMachineArn=arn)["definition"]
    states.update_state_machine(
        stateMachineArn=arn, definition=json.dumps(json.loads(was) | {"TimeoutSeconds": seconds})
    )
    try:
        yield
    finally:
        states.update_state_machine(stateMachineArn=arn, definition=was)


def stopping(house: House, machine: str, *, of: str) -> Callable[[str], None]:
    """Return what stops the execution of a machine as soon as another one's has started it."""

    def stop(arn: str) -> None:
        states, deadline = house.deployment.client("stepfunctions"), time.monotonic() + WITHIN
        wanted = arn.replace(f"_{of}:", f"_{machine}:")
        while time.monotonic() < deadline:
            try:
                states.stop_execution(executionArn=wanted)
            except states.exceptions.ExecutionDoesNotExist:
                time.sleep(0.05)
            else:
                return

    return stop


@dataclass(frozen=True)
class Injected:
    """A failure: what is changed for it, what is started, and what the message then says."""

    says: str
    change: Callable[[House], Any] = lambda _: ExitStack()
    machine: str = "pipeline"
    given: dict[str, Any] = field(default_factory=dict)
    meanwhile: Callable[[House], Callable[[str], None]] = lambda _: lambda _: None


def with_code(function: str, source: str, **configured: Any) -> Callable[[House], Any]:
    return lambda house: changed(house.deployment, function, {f"{function}/app.py": source}, **configured)


def with_publish(source: str, **configured: Any) -> Callable[[House], Any]:
    return with_code("publish", source, **configured)


@contextmanager
def slow_layer(house: House) -> Iterator[None]:
    """Have Bronze take some seconds, of which it is given one."""
    with with_code("bronze", SLEEPS.replace("30", "5"))(house), seconds_of(house, "Bronze", 1):
        yield


FORCED = {"force": True}
INJECTED = {
    "a step that there is not": Injected("unknown-step", given={"only": "x"}),
    "a CSV that is missing": Injected("input", lambda house: landed(house, pedidos=None)),
    "a CSV with other columns": Injected("input", lambda house: landed(house, cambio=header("cambio"))),
    "a CSV in another encoding": Injected("input", lambda house: landed(house, produtos=b"\xff\xfe\x00\x41")),
    "an empty CSV": Injected("input", lambda house: landed(house, pagamentos=b"")),
    "a rule of Bronze": Injected(
        "audit", lambda house: landed(house, itens_pedido=repeated("itens_pedido", "pedido_id", ""))
    ),
    "a rule of Silver": Injected("audit", with_code("silver", LOST_CENTS), "silver", FORCED),
    "a rule of Gold": Injected("audit", with_code("gold", NO_RUNNING), "gold", FORCED),
    "governance": Injected("governance", with_code("governance", REFUSED), given=FORCED),
    "a Lambda's timeout": Injected("timeout", with_publish(SLEEPS, Timeout=1)),
    "a Lambda's process": Injected("crashed", with_publish(ENDS)),
    "a Lambda's memory": Injected("memory", with_publish(raising("MemoryError", "malloc of 10 bytes failed"))),
    "S3 denies": Injected("denied", with_publish(raising("ClientError", SERVICE.format("AccessDenied")))),
    "Glue denies": Injected("denied", with_publish(raising("GlueError", "not authorized to perform: glue:GetTable"))),
    "S3 throttles": Injected("throttled", with_publish(raising("ClientError", SERVICE.format("SlowDown")))),
    "the network": Injected("service", with_publish(raising("EndpointConnectionError"))),
    "a file that was replaced": Injected("replaced", with_publish(raising("ReplacedError", "it is not what it was"))),
    "a bug": Injected("bug", with_publish(raising("KeyError", PERSONAL))),
    "a publication that was overtaken": Injected(
        "refused", with_publish(raising("LakehouseError", "version 9, of run x, came between")), "silver"
    ),
    "a rollback to nowhere": Injected("input", given={"only": "rollback", "version": 999}),
    "a run that was not audited": Injected("refused", given={"only": "publish", "run_id": "never-was"}),
    "the catalogue": Injected("catalogue", with_publish(raising("LakehouseError", "x")), given={"only": "register"}),
    "a run that is aborted": Injected(
        "aborted", given=FORCED, meanwhile=lambda house: stopping(house, "pipeline", of="pipeline")
    ),
    "a layer that is aborted": Injected(
        "part-stopped", given=FORCED, meanwhile=lambda house: stopping(house, "bronze", of="pipeline")
    ),
    "a run that takes too long": Injected("run-timed-out", lambda house: seconds_of(house, PIPELINE, 1), given=FORCED),
    "a layer that takes too long": Injected("part-stopped", slow_layer, given=FORCED),
}  # fmt: skip


@pytest.mark.parametrize("what", INJECTED)
def test_a_failure_is_told_of_within_a_minute(house: House, published: str, what: str) -> None:
    injected = INJECTED[what]
    with injected.change(house):
        arn = house.start(injected.machine, **injected.given)
        injected.meanwhile(house)(arn)
        described, mail = house.told(arn)
    key = kept(house, described["name"])
    assert key["kind"] == injected.says
    assert (key["subject"], key["text"]) == (mail.subject, mail.text)
    assert mail.subject.isascii()
    assert PERSONAL not in mail.text
    assert mail.text.count("./importau ") >= 2
    assert f"run: {injected.given.get('run_id') or described['name']}\n" in mail.text
    assert "publicado: a versão " in mail.text
    assert "step: could not be found out" not in mail.text
    if injected.says == "audit":
        rules = [line for line in mail.text.splitlines() if line.startswith(("rule: ", "regra: "))]
        assert len(rules) >= 2
        assert all(" of " in line or " de " in line for line in rules)
        assert "report: s3://" in mail.text


def kept(house: House, execution: str) -> dict[str, Any]:
    """Return what the lake keeps of the message about an execution."""
    s3 = house.deployment.client("s3")
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=layout.ALERTS_PREFIX).get("Contents", ())
        for entry in listed:
            if entry["Key"].endswith(f"-{execution}.json"):
                content: dict[str, Any] = json.loads(s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read())
                return content
        time.sleep(0.1)
    raise AssertionError(f"no message about {execution} is kept")


def test_a_message_is_sent_once_and_none_is_of_anything_else(house: House, published: str) -> None:
    """What came after all of the above is one message for each execution that somebody started and that failed."""
    subjects = [mail.subject for mail in house.mailbox.look()]
    assert len(subjects) == len(house.failures), subjects


def test_clean_runs_are_not_told_of(house: House, published: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = len(house.mailbox.look())
    whole = [house.ended(house.start(force=True)) for _ in range(WHOLE)]
    with ThreadPoolExecutor(4) as threads:
        idle = list(threads.map(lambda _: house.ended(house.start()), range(CLEAN - WHOLE)))
    assert all(json.loads(each["output"])["nothing_to_do"] for each in idle)
    assert {each["status"] for each in (*idle, *whole)} == {"SUCCEEDED"}
    # A run that fails after all of them is told of, and nothing else was: events are handled in their order.
    house.told(house.start(only="x"))
    assert len(house.mailbox.look()) == before + 1
    with capsys.disabled():
        print(f"\n{CLEAN} clean runs, {WHOLE} of them whole: 0 messages")


def test_messages_are_listed_and_shown_by_the_command(house: House, published: str, tmp_path: Path) -> None:
    _, mail = house.told(house.start(only="x"))
    from cli.running.alerts import sent
    from cli.session import at

    found = sent(at(house.deployment.endpoint))
    assert len(found) == len(house.failures)
    assert (found[0].subject, found[0].text) == (mail.subject, mail.text)
