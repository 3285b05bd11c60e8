"""Exports read in ranges, as deployed: the machine's Map does every task, and what is published is the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from deployed_lakehouse import Lakehouse
from exports import SAMPLE
from lakehouse_tables import EVERY_TABLE, EXPORTED, TABLES

from lakehouse.lake import layout

pytestmark = pytest.mark.e2e

RANGES, PARTS = 3, 2


@pytest.fixture(scope="module")
def lakehouse(deployment: Any) -> Iterator[Lakehouse]:
    """Return the deployed lakehouse with the sample in its landing folder, whose orders and loans repeat some keys."""
    lakehouse = Lakehouse(deployment)
    lakehouse.forget()
    rows = {table: (SAMPLE.folder / f"{table}.csv").read_bytes().splitlines(keepends=True) for table in EXPORTED}
    repeated = {table: b"".join([*rows[table], *rows[table][3:5]]) for table in ("pedidos", "emprestimos")}
    lakehouse.upload(SAMPLE.folder, **repeated)
    yield lakehouse
    lakehouse.empty_landing()


def published(lakehouse: Lakehouse, **source: int) -> tuple[Any, dict[str, list[bytes]]]:
    """Run the pipeline; return its output, and the bytes of every table."""
    source = {"type": "csv", "accept_volume": EXPORTED, "parts": PARTS, **source}
    execution = lakehouse.run("pipeline", source=source, force=True)
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    return execution["output"], {table: lakehouse.published_bytes(table) for table in EVERY_TABLE}


def test_what_is_published_of_ranges_is_what_is_published_of_whole_files(lakehouse: Lakehouse) -> None:
    _, expected = published(lakehouse)
    output, content = published(lakehouse, ranges=RANGES)
    assert content == expected
    quality = lakehouse.json(layout.quality_key(output["run_id"], layout.BRONZE))
    aside = {table["table"]: table["quarantined"] for table in quality["tables"]}
    assert (aside["pedidos"], aside["emprestimos"]) == (2, 3)
    states = lakehouse.deployment.client("stepfunctions")
    runs = states.list_map_runs(executionArn=output[layout.BRONZE]["execution"])["mapRuns"]
    told = [states.describe_map_run(mapRunArn=each["mapRunArn"]) for each in runs]
    # The ranges of seven files and their SHA-256; the keys of the tables that do not ascend; and the groups of parts,
    # with the ranges that have records which repeat a key.
    files = len(TABLES[layout.BRONZE])
    assert sorted(each["itemCounts"]["total"] for each in told)[-1] == files * (RANGES + 1)
    assert {each["status"] for each in told} == {"SUCCEEDED"}
    assert all(each["executionCounts"]["succeeded"] == each["itemCounts"]["total"] for each in told)
    assert len(told) == 3
