"""Nothing waits for S3 one by one: round trips, one after the other, are counted, and no clock is looked at."""

import boto3
import pytest
from botocore.session import Session
from handlers import AUDIT, WRITE, called, context, layer_of_run, opens, origin, publishes
from lakehouse_tables import CASH_FLOW, FACT, PARTED
from machines import MACHINES, make_all
from many_parts import multiply, recorded_gold
from round_trips import counted
from simulated_aws import make_databases, simulated_lake
from small_lake import deploy

from cli.portal import document
from cli.session import Aws
from governance.app import handler as governs
from governance.examination import examine
from lakehouse.clients import AT_ONCE
from lakehouse.contract.model import load_all
from lakehouse.fanout import WRITE as WRITTEN
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.versions.opening import opened
from lakehouse.versions.view import View

BUCKET, RUN, MANY = "lake", "r1", 200
SYNTHETIC = {"type": "synthetic", "orders": 40, "seed": 3, "parts": 2}


def test_a_process_makes_each_client_once(monkeypatch):
    with simulated_lake(BUCKET) as lake:
        made = []
        create = Session.create_client

        def counting(session, service, *given, **more):
            made.append(service)
            return create(session, service, *given, **more)

        monkeypatch.setattr(Session, "create_client", counting)
        make_databases(layout.GOVERNANCE_DATABASE)
        made.clear()
        for run in ("a", "b", "c"):
            ran = layer_of_run(lake, run, layout.BRONZE, SYNTHETIC)
            assert ran.verdict["passed"], ran.verdict["cause"]
            publishes(run, layout.BRONZE)
        assert sorted(made) == ["glue"]
        assert CASH_FLOW not in View.of_version(lake).tables
        aws = Aws(boto3.Session(region_name="us-east-1"), "importau")
        made.clear()
        assert aws.client("glue") is aws.client("glue")
        assert aws.s3 is aws.client("s3")
        assert made == ["glue", "s3"]


@pytest.fixture(scope="module")
def lake():
    """A lake in which a run of 200 parts a table is written, audited and governed, and waits to be published."""
    with simulated_lake(BUCKET) as lake:
        make_databases(layout.GOVERNANCE_DATABASE)
        make_all(boto3.client("stepfunctions"))
        opens(RUN, source=SYNTHETIC)
        for layer in layout.LAYERS:
            task = layer.capitalize()
            staged = called(WRITE[layer], RUN, layer=layer, source=SYNTHETIC, origin=origin(layer, f"Write{task}"))
            told = {"tables": staged["tables"], "origin": origin(layer, f"Audit{task}")}
            verdict = called(AUDIT[layer], RUN, layer=layer, **told)
            assert verdict["passed"], verdict["cause"]
        multiply(lake, RUN, MANY)
        yield lake


def examined(lake):
    view = View.of_run(lake, opened(lake, RUN))
    assert [len(view.files(table)) for table in (*PARTED, FACT)] == [MANY] * (len(PARTED) + 1)
    return examine(Catalog(), view, load_all())


def test_two_hundred_parts_are_examined_in_as_many_round_trips_as_two(lake):
    with counted() as trips:
        found = examined(lake)
    assert (found.broken, found.drifted) == ((), ())
    # The opening, the reports; the listings and the catalogue; of each table one file's footer and first rows.
    assert trips.now <= 8
    assert trips.most_at_once <= AT_ONCE
    assert trips.requests["s3.GetObject"] < 60


def test_a_whole_governance_waits_no_longer_for_many_parts(lake):
    with counted() as trips:
        result = governs({"run_id": RUN, "source": SYNTHETIC}, context())
    assert result["passed"], result["cause"]
    assert trips.now <= 40
    assert trips.most_at_once <= AT_ONCE
    assert sum(trips.requests.values()) > 4 * trips.now


@pytest.mark.parametrize("part", [0, 1, 137])
def test_a_file_that_was_replaced_after_its_audit_is_named_whichever_it_is(lake, part):
    key = layout.run_key("pagamentos", RUN, part, MANY)
    whole = lake.read_bytes(key)
    lake.write_bytes(whole + b" ", key)
    try:
        (problem,) = examined(lake).broken
    finally:
        lake.write_bytes(whole, key)
    assert problem.startswith(f"pagamentos: s3://{BUCKET}/{key} is not the file that it was")
    assert examined(lake).broken == ()


def test_a_file_that_is_gone_is_named_and_so_is_one_that_nobody_audited(lake):
    key, foreign = layout.run_key(FACT, RUN, 199, MANY), f"{layout.run_prefix('cambio', RUN)}outro.parquet"
    whole = lake.read_bytes(key)
    lake.client.delete_object(Bucket=BUCKET, Key=key)
    lake.write_bytes(b"PAR1", foreign)
    try:
        found = examined(lake)
    finally:
        lake.write_bytes(whole, key)
        lake.client.delete_object(Bucket=BUCKET, Key=foreign)
    assert found.broken == (
        f"cambio: {foreign} was written by somebody else",
        f"{FACT}: s3://{BUCKET}/{key} does not exist",
    )


@pytest.mark.parametrize("recorded", ["", "0" * 16])
def test_a_file_whose_schema_no_audit_recorded_or_another_one_is_opened(lake, recorded):
    report_key = layout.quality_key(RUN, layout.SILVER)
    report = lake.read_json(report_key)
    changed = lake.read_json(report_key)
    file = changed["tables"][0]["files"][77]
    file["schema"] = recorded
    lake.write_json(changed, report_key)
    try:
        with counted() as trips:
            found = examined(lake)
    finally:
        lake.write_json(report, report_key)
    told = f"{FACT}: {file['key']} does not have the schema that its audit recorded"
    assert found.broken == ((told,) if recorded else ())
    assert trips.now <= 9


def test_what_is_published_is_listed_and_not_opened_and_gold_and_portal_read_it_together(lake, monkeypatch):
    # The catalogue's own search is none of moto's.
    monkeypatch.setattr(Catalog, "searched", Catalog.tables)
    with counted() as trips:
        published = publishes(RUN)
    assert published["lagging"] == []
    assert trips.now <= 16
    assert trips.requests["s3.GetObject"] <= 12

    opens("g1", layout.GOLD, force=True)
    key = layout.run_key(FACT, RUN, 0, MANY)
    called(WRITE[layout.GOLD], "g1", layer=layout.GOLD, part_key=key)
    first = lake.read_json(layout.part_record_key("g1", layout.GOLD, WRITTEN, 0, MANY))
    recorded_gold(lake, "g1", first, MANY)
    with counted() as trips:
        staged = called(WRITE[layout.GOLD], "g1", layer=layout.GOLD, origin=origin(layout.GOLD, "WriteGold"))
    assert staged["tables"][0]["rows_read"] == MANY * first["rows"]
    waves = -(-MANY // AT_ONCE) + -(-MANY * len(first["tables"]) // AT_ONCE)
    assert trips.now <= waves + 20
    assert trips.most_at_once <= AT_ONCE

    aws = Aws(boto3.Session(region_name="us-east-1"), "importau")
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:StateMachine_DAG_"
    deploy(aws, **{f"StateMachine{name.title().replace('_', '')}Arn": f"{arn}{name}" for name in MACHINES})
    vars(aws)["_deployed"] = {"Parameters": [{"ParameterKey": "MemorySize", "ParameterValue": "1024"}]}
    with counted() as trips:
        shown = document.gather(aws, opened_at(lake))
    assert shown["problems"] == []
    assert shown["dashboards"]["volume"] is not None
    # Three times the fact's columns, sixteen files at once: a footer and the columns each.
    assert trips.now <= 3 * 2 * -(-MANY // 16) + 90
    assert trips.most_at_once <= AT_ONCE


def opened_at(lake):
    from datetime import datetime

    return datetime.fromisoformat(opened(lake, RUN).at)
