"""Exports as nobody should write them, in ranges: whatever is in the files, the bytes are those of one call."""

from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from exports import SAMPLE
from lakehouse_tables import TABLES
from simulated_aws import simulated_lake
from spoiled_exports import written

from bronze import app
from lakehouse.errors import InputError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

EXPORTED = TABLES[layout.BRONZE]
CONTEXT = SimpleNamespace(
    function_name="importau-bronze", memory_limit_in_mb=1024, aws_request_id="1",
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:importau-bronze",
)  # fmt: skip
# What is read directly, and merged at once: as it is, and so little that everything is gathered.
DIRECTLY = [(200_000, 192 << 20), (4, 1_000)]


def spoiled(lake: Lake, random: Random) -> None:
    """Put exports and corrections into a lake: rows that repeat, that are strange, and that corrections mend."""
    for table in EXPORTED:
        header, *rows = (SAMPLE.folder / f"{table}.csv").read_text("utf-8").splitlines()
        lines = [row if random.random() < 0.8 else row.replace("2", "x", 1) for row in random.choices(rows, k=30)]
        content = written(random, table) if random.random() < 0.5 else "\n".join([header, *lines, ""]).encode()
        mended = [row if random.random() < 0.5 else f"Z{row}" for row in random.choices(rows, k=random.randrange(6))]
        if random.random() < 0.5:
            lake.client.delete_object(Bucket="lake", Key=layout.correction_key(table))
        else:
            lake.write_bytes("\n".join([header, *mended, ""]).encode(), layout.correction_key(table))
            content += "\n".join(["", *(row[row.index(",") :] for row in mended), ""]).encode()
        lake.write_bytes(content, layout.landing_key(table))


def made(lake: Lake, run: str, **source: int) -> tuple[Any, Any]:
    """What a run says of its tables and the bytes of their files; or why it cannot be made."""
    source = {"type": "csv", "parts": 3, "accept_volume": list(EXPORTED), **source}
    try:
        tables = app.handler({"run_id": run, "layer": layout.BRONZE, "source": source}, CONTEXT)["tables"]
    except InputError as error:
        return None, error.problems
    keys = [layout.run_key(each["table"], run, n, each["parts"]) for each in tables for n in range(each["parts"])]
    keys += [each["quarantine_key"] for each in tables if each["quarantine_key"]]
    entries = [{name: value for name, value in each.items() if not name.endswith("_key")} for each in tables]
    return entries, {key.replace(run, ""): lake.read_bytes(key) for key in keys}


@pytest.mark.budget(2)
def test_ranges_of_spoiled_exports_give_what_one_call_makes(monkeypatch: pytest.MonkeyPatch, budget: int) -> None:
    with simulated_lake("lake") as lake:
        for seed in range(budget):
            random = Random(seed)
            spoiled(lake, random)
            entries, content = made(lake, f"whole-{seed}")
            for ranges, (directly, merged) in zip((2, 9), random.sample(DIRECTLY, 2), strict=True):
                monkeypatch.setattr("bronze.ranges.plan.READ_DIRECTLY", directly)
                monkeypatch.setattr("bronze.ranges.plan.MERGED_AT_ONCE", merged)
                found = made(lake, f"ranges-{seed}-{ranges}", ranges=ranges)
                if entries is None:
                    # Of headers that are wrong it is told before rows are looked at.
                    assert found[0] is None, f"seed {seed}"
                    assert found[1], f"seed {seed}"
                    assert set(found[1]) <= set(content), f"seed {seed}"
                else:
                    assert found == (entries, content), f"seed {seed} in {ranges} ranges"
