"""A large run as it is deployed: 64 parts through every Distributed Map, and what comes out is what one part gives.

However many parts a run has, one commit publishes all of them.

With 1 000 000 orders all of it takes two minutes on two cores, three and a half on busy ones: deploying, the run in 64
parts (40 s; 80 s), the same orders in one part (40 s; 90 s), and asking about them. IMPORTAU_E2E_ORDERS changes it.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deployed_lakehouse import Lakehouse
from deployment import Deployment
from lakehouse_tables import EVERY_TABLE, EXPORTED, FACT, FORECAST, PARTED

from cli.contents import verification
from cli.contents.catalogue import Finder, entries
from cli.contents.download import download
from cli.portal.document import gather
from cli.session import Aws, at
from lakehouse.contract import layers
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.wholeness import differing

pytestmark = pytest.mark.e2e

ORDERS = int(os.environ.get("IMPORTAU_E2E_ORDERS", "1000000"))
PARTS = 64
# A laptop has cores for two Lambdas at once, not for the eight of the deployed definitions.
AT_ONCE = 2
CUT = (*PARTED, FACT)
WHOLE = sorted({*EVERY_TABLE} - {*CUT})


@dataclass(frozen=True)
class Run:
    """A run that ended well, and what it left: the keys of every table, and the bytes of those that are not cut."""

    output: dict[str, Any]
    keys: dict[str, list[str]]
    content: dict[str, list[bytes]]

    @property
    def run_id(self) -> str:
        return str(self.output["run_id"])


@pytest.fixture(scope="module")
def lakehouse(deployment: Deployment) -> Iterator[Lakehouse]:
    """Return the deployed lakehouse, whose Distributed Maps run two executions at once; restore it afterwards."""
    states, before = deployment.client("stepfunctions"), {}
    for name in (*layout.LAYERS, *(f"teste_{layer}" for layer in layout.LAYERS)):
        arn = deployment.outputs[f"StateMachine{name.title().replace('_', '')}Arn"]
        before[arn] = states.describe_state_machine(stateMachineArn=arn)["definition"]
        slower, maps = re.subn(r"States.StringToJson\('8'\)", f"States.StringToJson('{AT_ONCE}')", before[arn])
        assert maps == 1
        states.update_state_machine(stateMachineArn=arn, definition=slower)
    lakehouse = Lakehouse(deployment)
    lakehouse.forget()
    yield lakehouse
    for arn, definition in before.items():
        states.update_state_machine(stateMachineArn=arn, definition=definition)


def run(lakehouse: Lakehouse, parts: int, orders: int = ORDERS) -> Run:
    source = {"type": "synthetic", "orders": orders, "seed": 11, "parts": parts, "accept_volume": EXPORTED}
    execution = lakehouse.deployment.run("pipeline", patience=1500, source=source, force=True)
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    keys = {table: lakehouse.files(table) for table in EVERY_TABLE}
    return Run(execution["output"], keys, {table: lakehouse.published_bytes(table) for table in WHOLE})


def expected(run_id: str, parts: int) -> dict[str, list[str]]:
    """Return the keys of every table of a run in some parts."""
    return {
        table: [layout.run_key(table, run_id, part, parts) for part in range(parts)]
        if table in CUT
        else [layout.run_key(table, run_id)]
        for table in EVERY_TABLE
    }


@pytest.fixture(scope="module")
def aws(deployment: Deployment) -> Aws:
    return at(deployment.endpoint)


@pytest.fixture(scope="module")
def large(lakehouse: Lakehouse) -> Run:
    return run(lakehouse, PARTS)


@pytest.fixture(scope="module")
def seen(large: Run, aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the commands say of the large run while it is what is published."""
    folder: Path = tmp_path_factory.mktemp("export")
    download(aws, folder)
    return {
        "exported": {str(file.relative_to(folder)) for file in folder.glob("[bsgf]*/*.parquet")},
        "found": Finder(entries(Catalog(aws.client("glue"), aws.stage))).ranked("forecast"),
        "failed": [check.id for check in verification.verified(aws) if not check.passed],
        "document": gather(aws, datetime.now(UTC)),
    }


@pytest.fixture(scope="module")
def small(seen: dict[str, Any], lakehouse: Lakehouse) -> Run:
    """The same orders in one part, on the same lake, after everything was asked of the large run."""
    return run(lakehouse, 1)


def test_every_part_of_every_cut_table_is_published(large: Run) -> None:
    assert large.keys == expected(large.run_id, PARTS)


def test_many_parts_are_published_by_one_short_commit(
    lakehouse: Lakehouse, large: Run, record_property: Callable[[str, object], None]
) -> None:
    states = lakehouse.deployment.client("stepfunctions")
    arn = large.output["gold"]["execution"].replace("_DAG_gold", "_DAG_pipeline")
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
    at = {
        (event["type"], details["name"]): event["timestamp"]
        for page in pages
        for event in page["events"]
        for details in (event.get("stateEnteredEventDetails") or event.get("stateExitedEventDetails") or {"name": ""},)
    }
    took = (at["TaskStateExited", "Publish"] - at["TaskStateEntered", "Publish"]).total_seconds()
    record_property("publish_seconds", took)  # 2 s at the most on two idle cores
    assert took < 30
    assert large.output["version"] == 1


def test_all_audits_and_governance_pass(lakehouse: Lakehouse, large: Run) -> None:
    reports = [lakehouse.json(layout.quality_key(large.run_id, layer)) for layer in layout.LAYERS]
    assert [report["passed"] for report in reports] == [True] * len(layout.LAYERS)
    rows = {table["table"]: table["rows"] for report in reports for table in report["tables"]}
    assert rows["pedidos"] == ORDERS
    assert large.output["governance"]["passed"]
    assert large.output["governance"]["problems"] == 0


def test_a_large_run_can_be_verified_searched_and_exported(seen: dict[str, Any]) -> None:
    # How many parts are worked on at once was changed by this test, which is told, and nothing else.
    assert seen["failed"] == ["definitions"]
    assert f"importau_gold.{FORECAST}" in {entry.id for entry in seen["found"]}
    wanted = {f"{layout.layer_of(table)}/{layout.file_name(table, p, PARTS)}" for table in CUT for p in range(PARTS)}
    assert seen["exported"] == wanted | {f"{layout.layer_of(table)}/{layout.file_name(table)}" for table in WHOLE}


def test_the_cost_of_a_large_run_is_that_of_its_parts_too(
    seen: dict[str, Any], lakehouse: Lakehouse, large: Run
) -> None:
    records = lakehouse.table(layout.governance_table_key("execucoes")).to_pylist()
    silver, audit = (
        next(row for row in records if (row["pipeline"], row["run_id"]) == (f"StateMachine_DAG_{name}", large.run_id))
        for name in ("silver", "teste_silver")
    )
    assert silver["execucoes_filhas"] == PARTS
    assert 0 < silver["execucoes_filhas_lidas"] < PARTS
    assert audit["execucoes_filhas"] == PARTS
    # What the audit did is its own: it is paid for once.
    assert silver["lambda_s"] + audit["lambda_s"] > silver["duracao_s"] / 2
    assert silver["custo_lambda_usd"] > 0
    assert audit["custo_lambda_usd"] > 0
    (shown,) = [each for each in seen["document"]["runs"] if each["run_id"] == large.run_id]
    requests = next(line for line in shown["cost"]["lines"] if line["what"] == "lambda_requests")
    # Bronze audits its parts, silver and gold write and audit theirs; and those that are not of a part: a layer opens,
    # writes and audits, the pipeline opens, governs, publishes, discovers, and notes what was crawled.
    assert int(requests["quantity"]) == 5 * PARTS + 3 * len(layout.LAYERS) + 5


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_what_is_published_in_parts_passes_its_audit_again(lakehouse: Lakehouse, large: Run, layer: str) -> None:
    execution = lakehouse.deployment.run(f"teste_{layer}", patience=600)
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    report = lakehouse.json(layout.published_audit_key(execution["name"], layer))
    before = lakehouse.json(layout.quality_key(large.run_id, layer))
    assert report["published_by"] == large.run_id
    assert [table["rows"] for table in report["tables"]] == [table["rows"] for table in before["tables"]]


def test_one_part_gives_the_same_bytes_and_the_parts_stay_in_their_own_version(
    aws: Aws, large: Run, small: Run
) -> None:
    assert small.content == large.content
    assert small.keys == expected(small.run_id, 1)
    lake = Lake(aws.bucket, aws.s3)
    older = chain.read(lake, large.output["version"])
    assert {name: [file.key for file in table.files] for name, table in older.tables.items()} == large.keys
    assert differing(lake, older.tables.values()) == []


@pytest.mark.parametrize("parts", [3, 5])
def test_few_parts_are_published_together_too(lakehouse: Lakehouse, small: Run, parts: int) -> None:
    before = lakehouse.version()
    few = run(lakehouse, parts, orders=2_000)
    assert few.keys == expected(few.run_id, parts)
    assert few.output["version"] == before["number"] + 1
    assert len(lakehouse.published("pedidos")) == 2_000


def test_each_map_run_had_all_parts_and_no_fault(lakehouse: Lakehouse, large: Run) -> None:
    states = lakehouse.deployment.client("stepfunctions")
    ended = {}
    executions = [(layer, large.output[layer]["execution"]) for layer in layout.LAYERS]
    executions += [(layer, arn.replace("_DAG_", "_DAG_teste_")) for layer, arn in executions]
    for layer, arn in executions:
        for each in states.list_map_runs(executionArn=arn)["mapRuns"]:
            told = states.describe_map_run(mapRunArn=each["mapRunArn"])
            ended[layer, each["mapRunArn"].split("/")[1].split(":")[0]] = (
                told["status"], told["maxConcurrency"], told["executionCounts"]["succeeded"],
            )  # fmt: skip
    assert {layer for layer, _ in ended} == {layout.BRONZE, *layers.IN_PARTS}
    for layer in (layout.BRONZE, *layers.IN_PARTS):
        assert ended[layer, f"Audit{layer.capitalize()}Parts"] == ("SUCCEEDED", AT_ONCE, PARTS)
        written = ended.get((layer, f"{layer.capitalize()}Parts"))
        # What is synthetic one call of Bronze makes.
        assert written == (None if layer == layout.BRONZE else ("SUCCEEDED", AT_ONCE, PARTS))
