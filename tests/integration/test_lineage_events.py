"""Lineage as the Lambdas really tell it, on S3 (moto): standard, complete, kept, and delivered or counted."""

import json
import os
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError
from lakehouse_tables import EVERY_TABLE, FACT, TABLES
from machines import MACHINES, definition
from moto import mock_aws
from openlineage.client.generated.base import Job, JobEvent
from openlineage.client.generated.data_quality_assertions_dataset import Assertion
from openlineage_spec import problems

import bronze.app
import forecast.app
import gold.app
import silver.app
from governance.declared import job_events
from lakehouse.errors import LakehouseError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.lineage import delivery
from lakehouse.lineage.facets import output_dataset
from lakehouse.lineage.names import PRODUCER, Asset, Place, run_uuid
from lakehouse.lineage.runs import Runs
from lakehouse.lineage.table_run import Origin
from lakehouse.orchestration.pipelines import tasks_of
from lakehouse.orchestration.stepfunctions import StateMachine
from tests import teste_bronze, teste_forecast, teste_gold, teste_silver

BUCKET, RUN = "lake", "r1"
PLACE = Place("us-east-1", "123456789012", BUCKET)
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:importau-f"
CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=512, aws_request_id="1", invoked_function_arn=FUNCTION)
LAYERS = {
    layout.BRONZE: (bronze.app.handler, teste_bronze.handler),
    layout.SILVER: (silver.app.handler, teste_silver.handler),
    layout.GOLD: (gold.app.handler, teste_gold.handler),
    layout.FORECAST: (forecast.app.handler, teste_forecast.handler),
}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """The environment of a Lambda in which no backend is configured yet; what the client adds to it goes again."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    for name in list(os.environ):
        if name.startswith(("AWS_", "OPENLINEAGE")):
            del os.environ[name]
    os.environ |= {
        "LAKE_BUCKET": BUCKET, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip


@pytest.fixture
def lake():
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield Lake(BUCKET, client)


@pytest.fixture
def receiver():
    """An HTTP server on loopback that keeps what is posted, and answers with its ``status``."""
    posted = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((self.path, body))
            server.authorised.append(self.headers["Authorization"])
            if server.silent:
                server.ended.wait()
            self.send_response(server.status)
            answer = json.dumps({"id": "event", "domainId": "dzd_1"}).encode()
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.status, server.silent, server.posted, server.authorised = 201, False, posted, []
    server.ended = threading.Event()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.ended.set()
    server.shutdown()
    server.server_close()
    thread.join()


def origin(layer, state):
    return {"execution": f"arn:execution:{layer}", "state_machine": f"StateMachine_DAG_{layer}", "state": state}


def write(layer, source=None, run=RUN):
    event = {"run_id": run, "layer": layer, "origin": origin(layer, "Write")}
    return LAYERS[layer][0](event | ({"source": source} if source else {}), CONTEXT)


def audit(layer, staged):
    return LAYERS[layer][1](staged | {"origin": origin(layer, "Audit")}, CONTEXT)


def pipeline(lake, source):
    """Run the Lambdas of the three layers in turn, each on the one below as the same run made it."""
    for layer in layout.LAYERS:
        assert audit(layer, write(layer, source))["passed"]


def upload(lake, csv_dir):
    for table in TABLES[layout.BRONZE]:
        lake.write_bytes((csv_dir / f"{table}.csv").read_bytes(), layout.landing_key(table))


def kept(lake, run=RUN):
    return [lake.read_json(key) for key in lake.list(layout.lineage_prefix(run))]


def names(datasets):
    return {str(PLACE.asset(dataset["namespace"], dataset["name"])) for dataset in datasets}


def one(events, type_):
    [found] = [event for event in events if event.get("eventType") == type_]
    return found


def runs(lake):
    return Runs(lake, PLACE, Origin(RUN, "arn:execution", "machine", "State"))


class TestEventsOfThePipeline:
    """Every event of a run on the sample."""

    @pytest.fixture
    def events(self, lake, csv_dir):
        upload(lake, csv_dir)
        pipeline(lake, {"type": "csv"})
        return kept(lake)

    def test_there_are_two_events_to_write_and_two_to_audit_each_table(self, events):
        assert len(events) == 2 * 2 * len(EVERY_TABLE)

    @pytest.mark.openlineage
    def test_every_event_is_what_the_published_schemas_say(self, events):
        assert [problem for event in events for problem in problems(event)] == []

    @pytest.mark.openlineage
    def test_an_event_that_is_not_standard_would_be_noticed(self, events):
        writes = [event for event in events if ".Write." in event["job"]["name"]]
        broken = one(writes[:2], "COMPLETE")
        assert problems(broken) == []
        broken["run"]["runId"] = "r1"
        broken["outputs"][0]["facets"]["schema"]["fields"][0].pop("name")
        broken["outputs"][0]["facets"]["tags"]["_schemaURL"] = "https://openlineage.io/spec/facets/1-0-0/Tags.json"
        del broken["outputs"][0]["facets"]["dataSource"]["_producer"]
        said = "\n".join(problems(broken))
        for part in ("'r1' is not a 'uuid'", "'name' is a required", "/Tags.json", "'_producer' is a required"):
            assert part in said

    def test_every_run_starts_once_and_ends_once(self, events):
        by_run = {}
        for event in events:
            by_run.setdefault((event["run"]["runId"], event["job"]["name"]), []).append(event)
        assert len(by_run) == 2 * len(EVERY_TABLE)
        for pair in by_run.values():
            assert Counter(event["eventType"] for event in pair) == {"START": 1, "COMPLETE": 1}
            assert one(pair, "START")["eventTime"] <= one(pair, "COMPLETE")["eventTime"]

    def test_there_is_one_job_a_table_so_that_no_edge_is_false(self, events):
        jobs = {event["job"]["name"]: event for event in events if event["eventType"] == "COMPLETE"}
        assert {event["job"]["namespace"] for event in events} == {"arn:aws:states:us-east-1:123456789012"}
        assert set(jobs) == {
            f"StateMachine_DAG_{layer}.{state}.{table}"
            for layer, tables in TABLES.items()
            for table in tables
            for state in ("Write", "Audit")
        }
        for table in TABLES[layout.BRONZE]:
            job = jobs[f"StateMachine_DAG_bronze.Write.{table}"]
            assert (names(job["inputs"]), names(job["outputs"])) == (
                {f"landing.{table}"}, {f"importau_bronze.{table}"},
            )  # fmt: skip
        silver_job = jobs[f"StateMachine_DAG_silver.Write.{FACT}"]
        assert names(silver_job["inputs"]) == {f"importau_bronze.{table}" for table in TABLES[layout.BRONZE]}
        for table in TABLES[layout.GOLD]:
            job = jobs[f"StateMachine_DAG_gold.Write.{table}"]
            assert names(job["inputs"]) == {f"importau_silver.{FACT}"}
            assert names(job["outputs"]) == {f"importau_gold.{table}"}

    def test_everything_says_who_made_it_and_which_execution_it_belongs_to(self, events):
        for event in events:
            assert event["producer"] == event["run"]["facets"]["parent"]["_producer"] == PRODUCER
            parent = event["run"]["facets"]["parent"]
            layer = event["job"]["name"].split(".")[0].removeprefix("StateMachine_DAG_")
            assert parent["run"]["runId"] == run_uuid(f"arn:execution:{layer}")
            job = parent["job"]
            assert (job["namespace"], job["name"]) == (PLACE.job_namespace, f"StateMachine_DAG_{layer}")

    def test_an_output_has_every_facet_and_the_rows_and_bytes_that_were_written(self, lake, events):
        for event in events:
            for output in event.get("outputs", ()):
                table = PLACE.asset(output["namespace"], output["name"]).table
                wanted = {"schema", "dataSource", "ownership", "documentation", "tags", "symlinks"}
                assert set(output["facets"]) == {*wanted, "columnLineage"}
                statistics = output["outputFacets"]["outputStatistics"]
                assert statistics["rowCount"] == len(lake.read_table(layout.run_key(table, RUN)))
                assert statistics["size"] == lake.size(layout.run_key(table, RUN))

    def test_an_audit_reads_and_writes_nothing_and_tells_each_rule_of_its_own_table(self, lake, events):
        audits = [e for e in events if ".Audit." in e["job"]["name"] and e["eventType"] == "COMPLETE"]
        assert len(audits) == len(EVERY_TABLE)
        for event in audits:
            layer, table = event["job"]["name"].removeprefix("StateMachine_DAG_").split(".Audit.")
            report = lake.read_json(layout.quality_key(RUN, layer))
            [rules] = [entry["rules"] for entry in report["tables"] if entry["table"] == table]
            assert event.get("outputs", []) == []
            told = {d["name"]: d["inputFacets"]["dataQualityAssertions"] for d in event["inputs"] if d["inputFacets"]}
            assert list(told) == [f"table/{layout.database_of(layer)}/{table}"]
            [facet] = told.values()
            assert [(a["name"], a["success"]) for a in facet["assertions"]] == [
                (rule["rule"], rule["failed"] == 0) for rule in rules
            ]


@pytest.fixture
def of_synthetic_data(lake):
    write(layout.BRONZE, {"type": "synthetic", "orders": 20, "seed": 1})
    return kept(lake)


def test_synthetic_data_comes_from_no_csv(of_synthetic_data):
    ended = [event for event in of_synthetic_data if event["eventType"] == "COMPLETE"]
    assert [event.get("inputs", []) for event in ended] == [[]] * 7


@pytest.fixture
def of_a_failure(lake):
    with pytest.raises(LakehouseError, match="no rate"), runs(lake).of(FACT):
        lake.write_bytes(b"x", layout.run_key("cambio", RUN))
        lake.read_bytes(layout.run_key("cambio", RUN))
        raise LakehouseError("no rate for USD")
    return kept(lake)


def test_a_run_that_fails_says_so_once_with_the_reason_and_what_it_had_done(of_a_failure):
    assert Counter(event["eventType"] for event in of_a_failure) == {"START": 1, "FAIL": 1}
    failed = one(of_a_failure, "FAIL")
    assert failed["run"]["facets"]["errorMessage"]["message"] == "no rate for USD"
    assert names(failed["inputs"]) == {"importau_bronze.cambio"}
    assert "outputStatistics" not in failed["outputs"][0]["outputFacets"]


def test_a_handler_whose_input_is_gone_tells_which_table_failed(lake):
    with pytest.raises(StorageError):
        write(layout.SILVER)
    assert (
        "has nothing published; run bronze first" in one(kept(lake), "FAIL")["run"]["facets"]["errorMessage"]["message"]
    )


def test_the_reason_of_a_failure_is_not_lost_when_its_event_cannot_be_kept(lake, monkeypatch):
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")

    def refuse(*_):
        raise refused

    with pytest.raises(LakehouseError, match="the cause") as raised, runs(lake).of(FACT):
        monkeypatch.setattr(lake, "write_bytes", refuse)
        raise LakehouseError("the cause")
    assert "AccessDenied" in raised.value.__notes__[0]


@pytest.fixture
def of_a_table_that_could_not_be_read(lake):
    with runs(lake).of("cambio") as run:
        run.assertions = [Assertion("check", success=False, name="esquema_confere", actual="1", expected="0")]
    return kept(lake)


def test_a_table_that_could_not_be_read_still_has_its_failed_assertion(of_a_table_that_could_not_be_read):
    [dataset] = one(of_a_table_that_could_not_be_read, "COMPLETE")["inputs"]
    assert dataset["name"] == "table/importau_bronze/cambio"
    assert [a["success"] for a in dataset["inputFacets"]["dataQualityAssertions"]["assertions"]] == [False]


@pytest.fixture
def declared(lake):
    machines = []
    for short in MACHINES:
        name, machine = f"StateMachine_DAG_{short}", definition(short)
        machines.append(StateMachine(name, f"arn:{name}", machine["Comment"], machine, tuple(tasks_of(machine))))
    told = runs(lake)
    jobs = job_events(machines, PLACE, datetime.now(UTC))
    for name, event in jobs.items():
        told.declare(name, event)
    events = kept(lake)
    assert len(events) == len(jobs) == told.kept > 20
    return events


def test_every_declared_job_is_kept_apart_and_is_no_run(lake, declared):
    assert all(key.startswith("governance/lineage/r1/declared/") for key in lake.list("governance/"))
    assert {event["producer"] for event in declared} == {PRODUCER}
    assert "run" not in declared[0]


@pytest.fixture
def sent_by_http(receiver):
    os.environ["OPENLINEAGE_URL"] = receiver.url
    result = write(layout.BRONZE, {"type": "synthetic", "orders": 20, "seed": 1})
    assert result["lineage"] == {"kept": 14, "undelivered": 0, "problems": []}
    return [json.loads(body) for _, body in receiver.posted]


@pytest.fixture
def sent_to_datazone(lake, receiver):
    os.environ["OPENLINEAGE__TRANSPORT"] = json.dumps(
        {"type": "amazon_datazone_api", "domainId": "dzd_1", "endpointOverride": receiver.url}
    )
    told = runs(lake)
    with told.of("cambio"):
        pass
    told.declare("machine.State", a_job())
    assert told.summary() == {"kept": 3, "undelivered": 0, "problems": []}
    return [json.loads(body) for _, body in receiver.posted]


@pytest.mark.openlineage
@pytest.mark.parametrize(
    "events",
    ["of_synthetic_data", "of_a_failure", "of_a_table_that_could_not_be_read", "declared", "sent_by_http",
     "sent_to_datazone"],
)  # fmt: skip
def test_every_kind_of_event_is_what_the_published_schemas_say(lake, events, request):
    found = request.getfixturevalue(events)
    assert found
    assert [problem for event in found for problem in problems(event)] == []


class TestDelivery:
    """Where a backend is configured."""

    def test_every_event_arrives_where_marquez_and_openmetadata_take_them(self, lake, receiver, sent_by_http):
        assert {path for path, _ in receiver.posted} == {"/api/v1/lineage"}
        arrived = sent_by_http

        def identity(event):
            return event["run"]["runId"], event["eventType"], event["job"]["name"]

        assert sorted(map(identity, arrived)) == sorted(map(identity, kept(lake)))
        assert all("sourceCodeLocation" not in event["job"]["facets"] for event in arrived)

    def test_declared_jobs_arrive_too(self, lake, receiver):
        os.environ["OPENLINEAGE_URL"] = receiver.url
        told = runs(lake)
        told.declare("machine.State", a_job())
        assert (told.undelivered, len(receiver.posted)) == (0, 1)

    def test_openmetadata_has_a_path_and_a_token_of_its_own(self, lake, receiver):
        os.environ |= {
            "OPENLINEAGE_URL": receiver.url,
            "OPENLINEAGE_ENDPOINT": "api/v1/openlineage/lineage",
            "OPENLINEAGE_API_KEY": "a-token",
        }
        told = runs(lake)
        told.declare("machine.State", a_job())
        assert [path for path, _ in receiver.posted] == ["/api/v1/openlineage/lineage"]
        assert receiver.authorised == ["Bearer a-token"]

    def test_a_backend_that_is_down_fails_no_run_and_is_counted(self, lake, receiver):
        os.environ["OPENLINEAGE_URL"] = receiver.url
        receiver.shutdown()
        receiver.server_close()
        began = time.monotonic()
        result = write(layout.BRONZE, {"type": "synthetic", "orders": 20, "seed": 1})
        assert time.monotonic() - began < 10
        assert (result["lineage"]["kept"], result["lineage"]["undelivered"]) == (14, 14)
        assert "ConnectionError" in result["lineage"]["problems"][0]

    def test_a_backend_that_answers_500_fails_no_run_and_is_counted(self, lake, receiver):
        os.environ["OPENLINEAGE_URL"] = receiver.url
        receiver.status = 500
        result = write(layout.BRONZE, {"type": "synthetic", "orders": 20, "seed": 1})
        assert (result["lineage"]["undelivered"], len(result["lineage"]["problems"])) == (14, 1)
        assert "500" in result["lineage"]["problems"][0]
        assert len(receiver.posted) == 14 * (1 + delivery.RETRIES)

    def test_a_backend_that_refuses_is_counted_with_its_answer(self, lake, receiver):
        os.environ["OPENLINEAGE_URL"] = receiver.url
        receiver.status = 401
        told = runs(lake)
        told.declare("machine.State", a_job())
        assert told.undelivered == 1
        assert "401" in told.problems[0]

    def test_a_backend_that_never_answers_is_given_up_soon(self, lake, receiver, monkeypatch):
        monkeypatch.setattr(delivery, "TIMEOUT", 0.1)
        monkeypatch.setattr(delivery, "PATIENCE", 0.3)
        os.environ["OPENLINEAGE_URL"] = receiver.url
        receiver.silent = True
        told = runs(lake)
        for number in range(20):
            told.declare(f"machine.State{number}", a_job())
        assert (told.kept, told.undelivered) == (20, 20)
        assert len(receiver.posted) < 8
        assert ["timed out" in told.problems[0], "not tried" in told.problems[-1]] == [True, True]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"OPENLINEAGE_URL": "not a url"},
            {"OPENLINEAGE__TRANSPORT": '{"type": "amazon_datazone_api"}'},
            {"OPENLINEAGE__TRANSPORT__TYPE": "nothing.like.it"},
        ],
    )
    def test_a_backend_configured_badly_fails_no_run_and_is_told(self, lake, wrong):
        os.environ |= wrong
        told = runs(lake)
        with told.of("cambio"):
            pass
        assert (told.kept, told.undelivered) == (2, 2)
        assert "not configured well" in told.problems[0]

    def test_without_a_backend_nothing_is_sent_and_nothing_is_missing(self, lake, capsys):
        told = runs(lake)
        with told.of("cambio"):
            pass
        assert told.summary() == {"kept": 2, "undelivered": 0, "problems": []}
        assert "eventType" not in capsys.readouterr().out

    def test_amazon_datazone_takes_runs_and_is_sent_no_jobs(self, receiver, sent_to_datazone):
        assert [path for path, _ in receiver.posted] == ["/v2/domains/dzd_1/lineage/events"] * 2
        assert all("run" in event for event in sent_to_datazone)

    def test_amazon_datazone_that_is_down_is_counted_with_the_cause(self, lake, receiver):
        os.environ["OPENLINEAGE__TRANSPORT"] = json.dumps(
            {"type": "amazon_datazone_api", "domainId": "dzd_1", "endpointOverride": receiver.url}
        )
        receiver.shutdown()
        receiver.server_close()
        told = runs(lake)
        with told.of("cambio"):
            pass
        assert told.undelivered == 2
        assert "EndpointConnectionError" in told.problems[0]


def a_job():
    asset = Asset.of_table("cambio")
    return JobEvent(
        eventTime=datetime.now(UTC).isoformat(),
        job=Job(PLACE.job_namespace, "machine.State.cambio"),
        outputs=[output_dataset(asset, PLACE, ())],
    )
