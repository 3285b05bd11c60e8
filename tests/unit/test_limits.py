"""What the core refuses, and the values just inside: each limit has a message, and none is met silently."""

from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from bronze.synthetic.company import accepted
from lakehouse.contract.model import load
from lakehouse.contract.scaled import Scaled, UnfitError, aligned
from lakehouse.engine.money import LIMIT, from_units, mul_div_half_up, narrow, to_units
from lakehouse.errors import InputError, MoneyRangeError
from lakehouse.lake import layout
from lakehouse.lineage import delivery
from lakehouse.parts import hashed
from lakehouse.versions.source import checked
from silver import commitments


@pytest.mark.parametrize("type_", [pa.float64(), pa.int64(), pa.decimal128(19, 2), pa.decimal256(18, 2)])
def test_only_decimals_of_up_to_18_digits_are_money(type_):
    with pytest.raises(TypeError) as failure:
        to_units(pa.array([], type_))
    assert str(failure.value) == f"a decimal128 of at most 18 digits is needed, not {type_}"


def test_a_column_of_no_chunks_has_no_units():
    assert to_units(pa.chunked_array([], pa.decimal128(18, 2))).tolist() == []


def test_amounts_have_up_to_18_digits():
    for units in (LIMIT - 1, 1 - LIMIT, 0):
        assert from_units(np.array([units])).to_pylist() == [Decimal(units).scaleb(-2)]
    for units in (LIMIT, -LIMIT):
        for scale in (2, 6):
            with pytest.raises(MoneyRangeError) as failure:
                from_units(np.array([0, units]), scale)
            assert str(failure.value) == f"an amount does not fit decimal(18,{scale})"
        # What is NULL has no digits.
        assert from_units(np.array([units]), valid=np.array([False])).to_pylist() == [None]


def test_a_product_of_more_than_18_digits_is_refused():
    assert mul_div_half_up(np.array([10**17]), np.array([10]), np.array([2])).tolist() == [5 * 10**17]
    with pytest.raises(MoneyRangeError) as failure:
        mul_div_half_up(np.array([10**17]), np.array([10**6]), np.array([1]))
    assert str(failure.value) == "a product does not fit 18 digits"


def test_amounts_and_rates_are_halved_and_nothing_else():
    for scale in (2, 6):
        column = pa.array([Decimal("1.5"), None, Decimal("-2.25")], pa.decimal128(18, scale)).slice(1)
        narrowed = narrow(column)
        assert narrowed.type == pa.decimal64(18, scale)
        assert narrowed.to_pylist() == column.to_pylist()
    for column in (pa.array([Decimal(1)], pa.decimal128(7, 4)), pa.array([1]), pa.array(["a"])):
        assert narrow(column) is column


def test_a_number_that_is_none_or_too_large_is_not_worked_out():
    for value in (Decimal("NaN"), Decimal("Infinity"), Decimal(2**62), Decimal(-(2**62)), Decimal("1e19")):
        with pytest.raises(UnfitError):
            Scaled.of_constant(value)
    largest = Scaled.of_constant(Decimal(2**62 - 1))
    assert (int(largest.units), largest.scale, largest.bound) == (2**62 - 1, 0, 2**62 - 1)
    small = Scaled.of_constant(Decimal("-1.50"))
    assert (int(small.units), small.scale, small.bound) == (-150, 2, 150)
    assert int(Scaled.of_constant(Decimal("12e2")).units) == 1200
    with pytest.raises(UnfitError, match=f"up to {2**62}"):
        largest.plus(Scaled.of_constant(Decimal(1)))
    with pytest.raises(UnfitError):
        largest.times(Scaled.of_constant(Decimal(2)))
    with pytest.raises(UnfitError):
        aligned(largest, small)
    assert int(Scaled.of_constant(Decimal(2**61)).minus(Scaled.of_constant(Decimal(1))).units) == 2**61 - 1


@pytest.mark.parametrize(
    ("value", "digits", "rounded"),
    [
        ("1.25", 1, "1.3"),
        ("-1.25", 1, "-1.3"),
        ("1.24", 1, "1.2"),
        ("1.5", 0, "2"),
        ("1.5", 1, "1.5"),
        ("1.5", 3, "1.5"),
    ],
)
def test_rounding_is_half_away_from_zero_and_only_takes_digits_away(value, digits, rounded):
    found = Scaled.of_constant(Decimal(value)).rounded(digits)
    assert Decimal(int(found.units)).scaleb(-found.scale) == Decimal(rounded)
    assert abs(int(found.units)) <= found.bound


@pytest.mark.parametrize("column", [pa.array([1.5]), pa.array(["1"]), pa.array([1], pa.int32())])
def test_a_column_that_is_not_exact_is_not_worked_out(column):
    with pytest.raises(UnfitError, match=str(column.type)):
        Scaled.of_column(column)


def test_the_bound_of_a_column_is_its_number_that_is_furthest_from_zero():
    for values, bound in (([1, -7, 3], 7), ([9, -7], 9), ([None], 0), ([], 0)):
        assert Scaled.of_column(pa.array(values, pa.int64())).bound == bound


def test_only_text_is_hashed():
    with pytest.raises(TypeError) as failure:
        hashed(pa.array([1]))
    assert str(failure.value) == "keys are strings, not int64"


def test_a_table_that_is_none_is_of_no_layer():
    with pytest.raises(KeyError, match="clientes"):
        layout.layer_of("clientes")
    with pytest.raises(ValueError, match=r"^'bronze/pedidos/pedidos.parquet' is no part file$"):
        layout.part_number("bronze/pedidos/pedidos.parquet")


def problems(source):
    with pytest.raises(InputError) as failure:
        checked(source)
    return list(failure.value.problems)


def test_every_number_of_a_source_that_is_wrong_is_told():
    assert problems({"type": "synthetic", "orders": 0, "seed": "x", "parts": True}) == [
        "source.orders is 0; use a whole number from 1 up",
        "source.seed is 'x'; use a whole number from 0 up",
        "source.parts is True; use a whole number from 1 up",
    ]
    too_many = ["source.parts is 1000001; a table has up to 1000000 parts"]
    assert problems({"type": "csv", "parts": 1_000_001}) == too_many
    for right in ({"type": "synthetic", "orders": 1, "seed": 0, "parts": 1_000_000}, {"type": "csv"}):
        assert checked(right) == right


CAMBIO = {
    "data_cotacao": None, "moeda": "USD", "taxa_ptax": Decimal("5.1"), "taxa_compra": Decimal("5.1"),
    "taxa_venda": Decimal("5.1"),
}  # fmt: skip


def test_of_generated_rows_with_the_same_key_the_first_that_is_right_stays():
    day = date(2024, 5, 2)
    rows = [
        CAMBIO | {"data_cotacao": day, "taxa_ptax": Decimal("-1.0")},  # breaks a rule, so it is not the first
        CAMBIO | {"data_cotacao": day},
        CAMBIO | {"data_cotacao": day, "moeda": "EUR"},
        CAMBIO | {"data_cotacao": day, "taxa_ptax": Decimal("5.2")},
        CAMBIO,
        CAMBIO,
        CAMBIO | {"data_cotacao": day, "moeda": "EUR", "taxa_ptax": Decimal("5.3")},
    ]
    schema = load("cambio").schema
    table = pa.table([pa.array([row.get(f.name) for row in rows], f.type) for f in schema], schema=schema)
    made = accepted("cambio", table)
    assert made.rows_read == 7
    assert made.kept.equals(table.take([1, 2]))
    aside = {row["linha"]: row["motivos"] for row in made.quarantine.to_pylist()}
    assert sorted(aside) == [2, 5, 6, 7, 8]
    assert aside[5] == ["chave: a chave (2024-05-02, USD) repete a da linha 3"]
    assert aside[8] == ["chave: a chave (2024-05-02, EUR) repete a da linha 4"]
    assert all("repete" not in reason for line in (2, 6, 7) for reason in aside[line])


def test_a_column_that_no_commitment_has_is_refused_by_name():
    with pytest.raises(TypeError) as failure:
        commitments._columns(1, moeda="USD", conta=1)
    assert str(failure.value) == "no such column: ['conta', 'moeda']"


@pytest.mark.parametrize(
    "name", ["OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT", "OPENLINEAGE__TRANSPORT__TYPE"]
)
def test_each_way_to_name_a_backend_of_lineage_has_a_client_made(monkeypatch, name):
    for other in delivery._CONFIGURED:
        monkeypatch.delenv(other, raising=False)
    made = []
    monkeypatch.setattr(delivery, "_client", lambda: made.append(name))
    delivery.Delivery()
    assert made == []
    monkeypatch.setenv(name, "x")
    delivery.Delivery()
    assert made == [name]
