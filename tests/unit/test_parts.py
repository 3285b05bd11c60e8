import itertools
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from bronze_tables import bronze
from hypothesis import example, given
from hypothesis import strategies as st
from lakehouse_tables import FACT, PARTED, TABLES
from layers import correlate
from parted import part_of_bronze

from gold.cash_flow import cash_flow
from gold.forecast import forecast
from gold.partial import aggregated, combined
from lakehouse.contract.model import load
from lakehouse.lake import layout
from lakehouse.part_size import ORDERS_A_PART, parts_of_bytes, parts_of_orders
from lakehouse.parts import (
    hashed,
    part_of,
    parts_of_table,
    read_by_part,
    repeated,
)

HASHES = [0, 6290670634817530770, 5810860254838091661, 4554038176107141562]
PARTS = [0, 45, 29, 35]
texts = st.one_of(st.none(), st.text(max_size=20))


@given(st.lists(texts), st.integers(1, 300))
def test_a_part_depends_on_the_key_alone(keys: list[str | None], parts: int) -> None:
    together = part_of(pa.array(keys, pa.string()), parts).tolist()
    alone = [int(part_of(pa.array([key], pa.string()), parts)[0]) for key in keys]
    assert together == alone
    assert all(0 <= part < parts for part in together)
    assert {part for part, key in zip(together, keys, strict=True) if key is None} <= {0}


@given(st.lists(st.text(max_size=12), unique=True, min_size=1), st.integers(0, 5))
@example(["a" * 1_000, "b" * 1_001, "c"], 0)
def test_a_slice_is_hashed_as_what_it_holds(keys: list[str], start: int) -> None:
    sliced = pa.array(["x", *keys]).slice(1 + start)
    assert hashed(sliced).tolist() == [int(hashed(pa.array([key]))[0]) for key in keys[start:]]


def test_the_hash_is_the_same_for_ever() -> None:
    # Part files of one run are read with those of another: the function may never change.
    keys = pa.array(["", "PED001", "PED0000001", "pedido-äß-0123456789"])
    assert hashed(keys).tolist() == HASHES
    assert part_of(keys, 64).tolist() == PARTS


def test_numbered_keys_are_spread_evenly() -> None:
    counts = np.bincount(part_of(pa.array([f"PED{n:07d}" for n in range(100_000)]), 64))
    assert counts.min() > 0.9 * 100_000 / 64
    assert counts.max() < 1.1 * 100_000 / 64


def test_a_small_run_is_one_part_and_a_large_one_has_parts_of_bounded_size() -> None:
    assert [parts_of_orders(n) for n in (0, 1, ORDERS_A_PART, ORDERS_A_PART + 1)] == [1, 1, 1, 2]
    assert parts_of_bytes(10_000_000) == 1
    assert parts_of_bytes(4_000_000_000) == pytest.approx(4_000_000_000 / 400 / ORDERS_A_PART, rel=0.05)


@given(bronze(), st.sampled_from([2, 7, 64]))
def test_parts_of_the_fact_are_the_fact_and_their_aggregates_its_aggregates(
    tables: dict[str, pa.Table], parts: int
) -> None:
    whole = correlate(tables)
    cut = [correlate(part_of_bronze(tables, part, parts)) for part in range(parts)]
    order = [(name, "ascending") for name in whole.fact.column_names]
    together = pa.concat_tables([each.fact for each in cut])
    assert together.sort_by(order) == whole.fact.sort_by(order)
    assert sum(len(each.quarantine) for each in cut) == len(whole.quarantine)

    partials = [aggregated(each.fact) for each in cut]
    of_whole = aggregated(whole.fact)
    for some in (partials, partials[::-1]):
        assert cash_flow(combined(some)) == cash_flow(of_whole)
        assert forecast(combined(some)) == forecast(of_whole)


@given(bronze())
def test_combining_in_steps_is_combining_at_once(tables: dict[str, pa.Table]) -> None:
    partials = [aggregated(correlate(part_of_bronze(tables, part, 5)).fact) for part in range(5)]
    steps = list(itertools.accumulate(partials, lambda one, other: combined([one, other])))[-1]
    assert combined([steps]) == combined(partials)


@given(st.integers(2, 200), st.booleans())
def test_a_part_file_says_which_part_it_is(parts: int, in_silver: bool) -> None:
    table = FACT if in_silver else "pedidos"
    keys = [layout.run_key(table, "r1", part, parts) for part in range(parts)]
    assert [layout.part_number(key) for key in keys] == [(part, parts) for part in range(parts)]
    assert [layout.part_beside(keys[0], table, part, parts) for part in range(parts)] == keys


def test_every_column_the_parts_are_cut_by_is_there() -> None:
    for table in ("pedidos", "itens_pedido", "pagamentos"):
        assert "pedido_id" in load(table).schema.names


def test_loans_are_read_by_the_first_part_and_everything_else_by_all() -> None:
    tables = {table: pa.table({"n": [1, 2]}) for table in TABLES[layout.BRONZE]}
    assert read_by_part(tables, 0) == tables
    others = read_by_part(tables, 3)
    assert len(others.pop("emprestimos")) == 0
    assert others == {table: rows for table, rows in tables.items() if table != "emprestimos"}


def test_only_a_table_that_is_cut_has_the_parts_of_its_run() -> None:
    assert (parts_of_table(FACT, 4), parts_of_table("cambio", 4)) == (4, 1)
    assert [table for table in TABLES[layout.BRONZE] if parts_of_table(table, 4) == 4] == [*PARTED]


@given(st.lists(st.lists(st.integers(0, 5))))
def test_hashes_that_occur_more_than_once_are_found_wherever_they_are(pieces: list[list[int]]) -> None:
    counts = Counter(itertools.chain(*pieces))
    found = repeated(np.array(piece, np.uint64) for piece in pieces)
    assert found.tolist() == sorted(value for value, times in counts.items() if times > 1)
