"""Arrow tables as frames of the page."""

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from cli.contents.privacy import revealing, shown
from cli.portal.frames import frame


def column(values: pa.Array) -> dict[str, Any]:
    (found,) = frame(pa.table({"x": values}))["columns"]
    return dict(found)


def test_a_decimal_travels_as_whole_units_and_never_as_a_float():
    values = pa.array([Decimal("1234.56"), None, Decimal("-0.01")], pa.decimal128(18, 2))
    assert column(values) == {"name": "x", "kind": "decimal", "scale": 2, "values": [123456, None, -1]}


@given(st.lists(st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**16) + 1,
                                        max_value=10**16 - 1), min_size=1))  # fmt: skip
def test_no_cent_is_lost_even_where_javascript_would_lose_it(amounts: list[Decimal | None]):
    sent = column(pa.array(amounts, pa.decimal128(18, 2)))["values"]
    assert [None if unit is None else Decimal(int(unit)).scaleb(-2) for unit in sent] == amounts
    assert all(isinstance(unit, str) == (abs(int(unit)) > 2**53 - 1) for unit in sent if unit is not None)


def test_texts_and_dates_are_indices_into_their_distinct_values():
    assert column(pa.array(["b", "a", None, "b"])) == {
        "name": "x", "kind": "text", "words": ["b", "a"], "values": [0, 1, None, 0],
    }  # fmt: skip
    assert column(pa.array([date(2024, 11, 30), None]))["words"] == ["2024-11-30"]


def test_what_is_no_number_is_nothing():
    assert column(pa.array([1.5, float("nan"), float("inf"), None]))["values"] == [1.5, None, None, None]


def test_a_table_without_rows_is_a_frame_without_rows():
    empty = frame(pa.table({"x": pa.array([], pa.string()), "y": pa.array([], pa.int64())}))
    assert (empty["rows"], [each["values"] for each in empty["columns"]]) == (0, [[], []])


def test_classified_unknown_and_revealing_columns_are_not_shown():
    table = pa.table(
        {
            "pedido_id": ["PED001", "PED002"],
            "email": ["a", "b"],
            "segredo": ["x", "y"],
            "observacoes": ["nada", "falar com ana@importau.com.br"],
            "de_outro": [1, 2],
        }
    )
    classified = {"pedido_id": None, "email": "PII", "segredo": "confidential", "observacoes": None}
    rows, hidden = shown(table, classified)
    assert rows.column_names == ["pedido_id"]
    assert hidden == ["email", "segredo", "observacoes", "de_outro"]


def test_a_single_personal_value_is_enough_to_be_revealing():
    assert revealing(["nada", None, "+55-11-3456-7890"])
    assert revealing(["529.982.247-25"])
    assert not revealing(["PED001", "num_parcelas_pagas não passa de prazo_meses.", None])
    assert not revealing([])
