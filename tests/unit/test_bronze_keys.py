"""A row's key as one text: each key has its own, whatever its values hold, and a message shows none of somebody's."""

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from bronze.keys import key_of, key_of_values, shown_keys
from lakehouse.personal.quoting import shape

values = st.text("aZ1, \x1e\x1f-", max_size=4)
pairs = st.lists(st.tuples(values, values), min_size=1, max_size=8)
NAMES = ("data", "moeda")


def table(rows: list[tuple[str, str]]) -> pa.Table:
    return pa.table({name: pa.array([row[n] for row in rows], pa.string()) for n, name in enumerate(NAMES)})


@given(pairs)
@example([("a, b", "c"), ("a", "b, c"), ("a\x1f", "b"), ("a", "\x1fb")])
def test_rows_have_one_text_where_they_have_one_key(rows: list[tuple[str, str]]) -> None:
    texts = key_of(table(rows), NAMES).to_pylist()
    assert len(set(texts)) == len(set(rows))
    assert dict(zip(rows, texts, strict=True)) == {row: key_of_values(row) for row in rows}


def test_a_key_of_one_column_is_its_value() -> None:
    column = pa.table({"pedido_id": ["PED1", None, "a, \x1e"]})
    assert key_of(column, ("pedido_id",)).to_pylist() == ["PED1", None, "a, \x1e"]
    assert key_of_values(["a, \x1e"]) == "a, \x1e"


def test_a_key_with_an_absent_value_is_absent() -> None:
    assert key_of(pa.table({"data": ["x", "x"], "moeda": [None, "USD"]}), NAMES).is_null().to_pylist() == [True, False]


def test_a_key_is_shown_value_by_value() -> None:
    texts = key_of(table([("2024-10-15", "USD"), ("Travessa do Carmo, 1723", "USD")]), NAMES)
    assert shown_keys(texts, NAMES).to_pylist() == ["2024-10-15, USD", f"{shape('Travessa do Carmo, 9999')}, USD"]
    alone = pa.array(["PED1", "Travessa do Carmo, 1723"])
    assert shown_keys(alone, ("pedido_id",)).to_pylist() == ["PED1", shape("Travessa do Carmo, 9999")]
