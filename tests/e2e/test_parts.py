"""A large run as it is deployed: 64 parts through every Distributed Map, and what comes out is what one part gives.

With 1 000 000 orders all of it takes two minutes on two cores, three and a half on busy ones: deploying, the run in 64
parts (40 s; 80 s), the same orders in one part (40 s; 90 s), and asking about them. IMPORTAU_E2E_ORDERS changes it.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deployed_lakehouse import Lakehouse
from deployment import Deployment
from lakehouse_tables import EVERY_TABLE, FACT, FORECAST, PARTED, TABLES

from cli.contents import verification
from cli.contents.catalogue import entries, ranked
from cli.contents.download import download
from cli.portal.document import gather
from cli.session import Aws, at
from lakehouse.lake import layout

pytestmark = pytest.mark.e2e

ORDERS = int(os.environ.get("IMPORTAU_E2E_ORDERS", "1000000"))
PARTS = 64
# A laptop has cores for two Lambdas at once, not for the eight of the deployed definitions.
AT_ONCE = 2
CUT = (*PARTED, FACT)
WHOLE = sorted({*EVERY_TABLE} - {*CUT})


@dataclass(frozen=True)
class Run:
    """A run that ended well, and what it left: the keys of every table, and the bytes of those that are not cut.

    What it took away are the keys that an earlier run had published, be it of this module or of another one.
    """

    output: dict[str, Any]
    keys: dict[str, list[str]]
    taken_away: dict[str, set[str]]
    content: dict[str, bytes]

    @property
    def run_id(self) -> str:
        return str(self.output["run_id"])


@pytest.fixture(scope="module")
def lakehouse(deployment: Deployment) -> Iterator[Lakehouse]:
    """Return the deployed lakehouse, whose Distributed Maps run two executions at once; restore it afterwards."""
    states, before = deployment.client("stepfunctions"), {}
    maps_of = dict.fromkeys(layout.LAYERS, 3) | {f"teste_{layer}": 1 for layer in layout.LAYERS}
    for name, number in maps_of.items():
        arn = deployment.outputs[f"StateMachine{name.title().replace('_', '')}Arn"]
        before[arn] = states.describe_state_machine(stateMachineArn=arn)["definition"]
        slower, maps = re.subn(r'"MaxConcurrency": ?8\b', f'"MaxConcurrency": {AT_ONCE}', before[arn])
        assert maps == number
        states.update_state_machine(stateMachineArn=arn, definition=slower)
    yield Lakehouse(deployment)
    for arn, definition in before.items():
        states.update_state_machine(stateMachineArn=arn, definition=definition)


def run(lakehouse: Lakehouse, parts: int) -> Run:
    source = {"type": "synthetic", "orders": ORDERS, "seed": 11, "parts": parts}
    before = published(lakehouse)
    execution = lakehouse.deployment.run("pipeline", patience=1500, source=source)
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    keys = published(lakehouse)
    taken_away = {table: {*before[table]} - {*keys[table]} for table in keys}
    content = {table: lakehouse.bytes_of(layout.published_key(table)) for table in WHOLE}
    return Run(execution["output"], keys, taken_away, content)


def published(lakehouse: Lakehouse) -> dict[str, list[str]]:
    return {table: lakehouse.keys(layout.published_prefix(table)) for table in (*CUT, *WHOLE)}


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
        "exported": {str(file.relative_to(folder)) for file in folder.glob("[bsg]*/*.parquet")},
        "found": ranked("forecast", entries(aws)),
        "checks": [check for check in verification.verified(aws) if not check.passed],
        "document": gather(aws, datetime.now(UTC)),
    }


@pytest.fixture(scope="module")
def small(seen: dict[str, Any], lakehouse: Lakehouse) -> Run:
    """The same orders in one part, on the same lake, after everything was asked of the large run."""
    return run(lakehouse, 1)


def test_every_part_of_every_cut_table_is_published(large: Run) -> None:
    for table in CUT:
        assert large.keys[table] == [layout.published_key(table, part, PARTS) for part in range(PARTS)]
    for table in WHOLE:
        assert large.keys[table] == [layout.published_key(table)]


def test_all_audits_and_governance_pass(lakehouse: Lakehouse, large: Run) -> None:
    reports = [lakehouse.json(layout.quality_key(large.run_id, layer)) for layer in layout.LAYERS]
    assert [report["passed"] for report in reports] == [True] * 3
    rows = {table["table"]: table["rows"] for report in reports for table in report["tables"]}
    assert rows["pedidos"] == ORDERS
    assert large.output["governance"]["passed"]
    assert large.output["governance"]["problems"] == 0


def test_a_large_run_can_be_verified_searched_and_exported(seen: dict[str, Any]) -> None:
    assert seen["checks"] == []
    assert f"importau_gold.{FORECAST}" in {entry.where for entry in seen["found"]}
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
    # 64 parts, the publication of 64 files, and what is taken away of a smaller run before.
    assert silver["execucoes_filhas"] == 2 * PARTS + len(large.taken_away[FACT])
    assert 0 < silver["execucoes_filhas_lidas"] < PARTS
    assert audit["execucoes_filhas"] == PARTS
    # What the audit did is its own: it is paid for once.
    assert silver["lambda_s"] + audit["lambda_s"] > silver["duracao_s"] / 2
    assert silver["custo_lambda_usd"] > 0
    assert audit["custo_lambda_usd"] > 0
    (shown,) = [each for each in seen["document"]["runs"] if each["run_id"] == large.run_id]
    requests = next(line for line in shown["cost"]["lines"] if line["what"] == "lambda_requests")
    # Bronze audits its parts, silver and gold write and audit theirs; and seven Lambdas that are not of a part.
    assert int(requests["quantity"]) == 5 * PARTS + 7


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_what_is_published_in_parts_passes_its_audit_again(lakehouse: Lakehouse, large: Run, layer: str) -> None:
    execution = lakehouse.deployment.run(f"teste_{layer}", patience=600)
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    report = lakehouse.json(layout.published_audit_key(execution["name"], layer))
    before = lakehouse.json(layout.quality_key(large.run_id, layer))
    assert report["published_by"] == large.run_id
    assert [table["rows"] for table in report["tables"]] == [table["rows"] for table in before["tables"]]


def test_one_part_gives_the_same_bytes_and_takes_what_is_stale_away(large: Run, small: Run) -> None:
    assert small.content == large.content
    for table in (*CUT, *WHOLE):
        assert small.keys[table] == [layout.published_key(table)]


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
    cut = {layer: sum(table in CUT for table in TABLES[layer]) for layer in layout.LAYERS}
    for layer in layout.LAYERS:
        assert ended[layer, f"Audit{layer.capitalize()}Parts"] == ("SUCCEEDED", AT_ONCE, PARTS)
        written = ended.get((layer, f"{layer.capitalize()}Parts"))
        # Bronze's parts are all of one Lambda, which reads whole files.
        assert written == (None if layer == layout.BRONZE else ("SUCCEEDED", AT_ONCE, PARTS))
        if cut[layer]:
            published = cut[layer] * PARTS + len(TABLES[layer]) - cut[layer]
            assert ended[layer, "PublishParts"] == ("SUCCEEDED", AT_ONCE, published)
