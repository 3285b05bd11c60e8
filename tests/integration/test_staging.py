"""Staging on S3 (moto): the accounting of a table and of its parts."""

import pyarrow as pa
import pytest
from lakehouse_tables import FACT
from simulated_aws import simulated_lake

from lakehouse.contract.model import load
from lakehouse.contract.quarantine import SCHEMA
from lakehouse.errors import StorageError
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
    key, aside = layout.run_key(FACT, RUN), layout.quarantine_key(RUN, layout.SILVER, FACT)
    assert staged == {
        "table": FACT,
        "parts": 1,
        "staged_key": key,
        "rows_read": 10,
        "rows": 0,
        "quarantined": 1,
        "superseded": 0,
        "quarantine_key": aside,
        "source_keys": ["source-0"],
        "inputs": [],
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
    first = {name: parts[0][name] for name in ("staged_key", "source_keys", "inputs")}
    aside = layout.quarantine_key(RUN, layout.SILVER, FACT)
    assert whole == first | {
        "table": FACT,
        "parts": 3,
        "rows_read": 23,
        "rows": 0,
        "quarantined": 2,
        "superseded": 0,
        "quarantine_key": aside,
        "bytes": sum(part["bytes"] for part in parts),
    }
    assert lake.read_table(aside) == pa.concat_tables([ASIDE, ASIDE])
    assert merged(lake, RUN, parts[:1]) is parts[0]
    assert merged(lake, RUN, [parts[1], parts[1]])["quarantine_key"] is None
    assert merged(lake, RUN, parts) == whole


def test_files_are_the_parts_of_their_table(lake, tmp_path):
    paths = [tmp_path / name for name in ("a", "b")]
    for size, path in enumerate(paths, 3):
        path.write_bytes(b"x" * size)
    nothing = ASIDE.slice(0, 0)
    read = [{"key": "s", "sha256": "0"}]
    accounting = {"rows_read": 11, "rows": 8, "superseded": 2, "source_keys": ["s"], "inputs": read}
    staged = stage_files(lake, RUN, "pedidos", paths, nothing, **accounting)
    keys = [layout.run_key("pedidos", RUN, number, 2) for number in range(2)]
    assert [lake.read_bytes(key) for key in keys] == [b"xxx", b"xxxx"]
    assert staged == {
        "table": "pedidos",
        "parts": 2,
        "staged_key": keys[0],
        "rows_read": 11,
        "rows": 8,
        "quarantined": 0,
        "superseded": 2,
        "quarantine_key": None,
        "source_keys": ["s"],
        "inputs": read,
        "bytes": 7,
    }
    (path,) = paths[:1]
    again = stage_files(lake, RUN, "pedidos", [path], ASIDE, **accounting)
    aside = layout.quarantine_key(RUN, layout.BRONZE, "pedidos")
    assert (again["quarantined"], again["quarantine_key"]) == (1, aside)
    assert lake.read_table(aside) == ASIDE


def test_what_is_staged_is_written_once(lake):
    staged = part(lake, 0, 1, ASIDE)
    assert part(lake, 0, 1, ASIDE) == staged
    for aside in (pa.concat_tables([ASIDE, ASIDE]), None):
        rows = (
            ROWS if aside is not None else pa.concat_tables([ROWS, pa.table([[None]] * len(ROWS.schema), ROWS.schema)])
        )
        with pytest.raises(StorageError, match="is there already, with other content"):
            stage(lake, RUN, FACT, rows, aside, rows_read=1, source_keys=[])


@pytest.mark.parametrize("parts", [1, 2])
def test_a_layers_message_says_where_its_part_files_are_listed(lake, parts):
    whole = merged(lake, RUN, [part(lake, number, parts) for number in range(parts)])
    assert staged_layer(RUN, layout.SILVER, [whole], {"kept": 3}) == {
        "run_id": RUN,
        "layer": "silver",
        "tables": [whole],
        "parts": parts,
        "parts_prefix": layout.parts_listed(FACT, RUN) if parts > 1 else "",
        "lineage": {"kept": 3},
    }
    listed = list(lake.list(layout.parts_listed(FACT, RUN)))
    assert len(listed) == (parts if parts > 1 else 0)
