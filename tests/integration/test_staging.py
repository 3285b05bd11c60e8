"""Staging on S3 (moto): the accounting of a table and of its parts, and the lists that publishing them goes by."""

import pyarrow as pa
import pytest
from lakehouse_tables import FACT
from simulated_aws import simulated_lake

from lakehouse.contract.model import load
from lakehouse.contract.quarantine import SCHEMA
from lakehouse.lake import layout
from lakehouse.staging import merged, stage, stage_files, staged_layer

RUN = "r1"
ROWS = load(FACT).schema.empty_table()
ASIDE = pa.table([["x.csv"], [2], ["..."], [["sem chave"]]], schema=SCHEMA)


@pytest.fixture
def lake():
    with simulated_lake("lake") as lake:
        yield lake


def part(lake, number, parts, aside=None, rows_read=10):
    which = {} if parts == 1 else {"part": number, "parts": parts}
    return stage(lake, RUN, FACT, ROWS, aside, rows_read=rows_read, source_keys=[f"source-{number}"], **which)


def test_a_staged_table_has_its_keys_its_bytes_and_its_accounting(lake):
    staged = part(lake, 0, 1, ASIDE)
    key, aside = layout.staging_key(RUN, FACT), layout.quarantine_key(RUN, layout.SILVER, FACT)
    assert staged == {
        "table": FACT,
        "parts": 1,
        "staged_key": key,
        "published_key": layout.published_key(FACT),
        "rows_read": 10,
        "rows": 0,
        "quarantined": 1,
        "quarantine_key": aside,
        "source_keys": ["source-0"],
        "bytes": lake.size(key),
    }
    assert lake.read_table(aside) == ASIDE


@pytest.mark.parametrize("aside", [None, ASIDE.slice(0, 0)])
def test_where_nothing_is_set_aside_there_is_no_quarantine(lake, aside):
    staged = part(lake, 0, 1, aside)
    assert (staged["quarantined"], staged["quarantine_key"]) == (0, None)
    assert list(lake.list("")) == [staged["staged_key"]]


def test_parts_become_one_table_of_their_sums_and_one_quarantine(lake):
    parts = [part(lake, 0, 3, ASIDE, 5), part(lake, 1, 3, None, 7), part(lake, 2, 3, ASIDE, 11)]
    whole = merged(lake, RUN, parts)
    first = {name: parts[0][name] for name in ("staged_key", "published_key", "source_keys")}
    aside = layout.quarantine_key(RUN, layout.SILVER, FACT)
    assert whole == first | {
        "table": FACT,
        "parts": 3,
        "rows_read": 23,
        "rows": 0,
        "quarantined": 2,
        "quarantine_key": aside,
        "bytes": sum(part["bytes"] for part in parts),
    }
    assert lake.read_table(aside) == pa.concat_tables([ASIDE, ASIDE])
    assert merged(lake, RUN, parts[:1]) is parts[0]
    assert merged(lake, RUN, [parts[1], parts[1]])["quarantine_key"] is None


def test_files_are_the_parts_of_their_table(lake, tmp_path):
    paths = [tmp_path / name for name in ("a", "b")]
    for size, path in enumerate(paths, 3):
        path.write_bytes(b"x" * size)
    nothing = ASIDE.slice(0, 0)
    staged = stage_files(lake, RUN, "pedidos", paths, nothing, rows_read=9, rows=8, source_keys=["s"])
    keys = [layout.staging_key(RUN, "pedidos", number, 2) for number in range(2)]
    assert [lake.read_bytes(key) for key in keys] == [b"xxx", b"xxxx"]
    assert staged == {
        "table": "pedidos",
        "parts": 2,
        "staged_key": keys[0],
        "published_key": layout.published_key("pedidos", 0, 2),
        "rows_read": 9,
        "rows": 8,
        "quarantined": 0,
        "quarantine_key": None,
        "source_keys": ["s"],
        "bytes": 7,
    }
    (path,) = paths[:1]
    again = stage_files(lake, RUN, "pedidos", [path], ASIDE, rows_read=9, rows=8, source_keys=[])
    aside = layout.quarantine_key(RUN, layout.BRONZE, "pedidos")
    assert (again["quarantined"], again["quarantine_key"]) == (1, aside)
    assert lake.read_table(aside) == ASIDE


def lists(lake, message):
    return [lake.read_json(message[key]) for key in ("publish_key", "retire_key")]


def test_a_table_in_parts_leaves_the_list_of_what_to_copy_and_what_is_stale_is_retired(lake):
    before = layout.published_key(FACT)
    lake.write_bytes(b"", before)
    whole = merged(lake, RUN, [part(lake, number, 2) for number in range(2)])
    message = staged_layer(lake, RUN, layout.SILVER, [whole], {"kept": 3})
    assert {name: message[name] for name in ("run_id", "layer", "parts", "in_parts", "stale", "lineage")} == {
        "run_id": RUN, "layer": "silver", "parts": 2, "in_parts": True, "stale": 1, "lineage": {"kept": 3},
    }  # fmt: skip
    copies = [
        {"source": f"lake/{layout.staging_key(RUN, FACT, n, 2)}", "key": layout.published_key(FACT, n, 2)}
        for n in range(2)
    ]
    assert lists(lake, message) == [copies, [{"key": before}]]


def test_a_table_in_one_part_leaves_lists_only_where_there_were_parts_before(lake):
    staged = part(lake, 0, 1)
    for before, stale in ((staged["published_key"], []), (layout.published_key(FACT, 1, 2), [1])):
        lake.write_bytes(b"", before)
        message = staged_layer(lake, RUN, layout.SILVER, [staged], {})
        assert (message["in_parts"], message["stale"], message["parts"]) == (bool(stale), len(stale), 1)
        assert message["tables"] == [staged]
        assert message["staging_prefix"] == layout.staging_prefix(RUN, layout.SILVER)
    assert lists(lake, message)[1] == [{"key": layout.published_key(FACT, 1, 2)}]
