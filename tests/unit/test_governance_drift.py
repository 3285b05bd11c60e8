"""Drift names the table and the column in which contract, Parquet and catalogue differ."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.contract.drift import crawled_drift, footer_drift
from lakehouse.contract.model import load, load_all
from lakehouse.lake.catalogue import table_of

ORDERS = load("pedidos")


def footer(schema):
    """The schema as it comes back out of a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(schema.empty_table(), sink, store_schema=False)
    return pq.read_schema(pa.BufferReader(sink.getvalue()))


def changed(name, type_):
    place = ORDERS.schema.get_field_index(name)
    return ORDERS.schema.set(place, pa.field(name, type_))


def glue(contract):
    return table_of(contract, "lake", {}).as_input()


@pytest.mark.parametrize("contract", load_all(), ids=lambda contract: contract.table)
def test_a_table_as_its_contract_says_does_not_drift(contract):
    assert footer_drift(contract, footer(contract.schema)) == []
    assert crawled_drift(contract, glue(contract)) == []


@pytest.mark.parametrize(
    ("column", "type_", "said"),
    [
        ("valor_total_brl", pa.float64(), "contrato decimal128(18, 2), Parquet double"),
        ("valor_total_brl", pa.decimal128(18, 3), "contrato decimal128(18, 2), Parquet decimal128(18, 3)"),
        ("data_pedido", pa.string(), "contrato date32[day], Parquet string"),
        ("data_pedido", pa.timestamp("ms"), "contrato date32[day], Parquet timestamp[ms]"),
        ("prazo_dias", pa.int32(), "contrato int64, Parquet int32"),
    ],
)
def test_a_type_changed_in_the_parquet_is_named(column, type_, said):
    assert footer_drift(ORDERS, footer(changed(column, type_))) == [f"pedidos.{column}: {said}"]


def test_a_column_missing_from_the_parquet_is_named():
    schema = ORDERS.schema.remove(ORDERS.schema.get_field_index("status"))
    assert footer_drift(ORDERS, footer(schema)) == ["pedidos.status: contrato string, Parquet (ausente)"]


def test_a_column_added_to_the_parquet_is_named():
    schema = ORDERS.schema.append(pa.field("email", pa.string()))
    assert footer_drift(ORDERS, footer(schema)) == ["pedidos.email: contrato (ausente), Parquet string"]


def test_a_column_that_is_there_twice_is_named():
    schema = ORDERS.schema.append(pa.field("status", pa.string()))
    assert footer_drift(ORDERS, schema) == ["pedidos.status: está 2 vezes no Parquet"]


def test_columns_in_another_order_are_named():
    names = ORDERS.schema.names
    names[0], names[1] = names[1], names[0]
    [said] = footer_drift(ORDERS, footer(pa.schema([ORDERS.schema.field(name) for name in names])))
    assert said.startswith("pedidos: as colunas estão noutra ordem no Parquet, fora do lugar: pedido_id, data_pedido;")
    assert said.endswith(", ".join(ORDERS.schema.names))


def test_every_difference_is_named_and_not_only_the_first():
    schema = changed("valor_total_brl", pa.float64()).remove(0).append(pa.field("novo", pa.int64()))
    assert [said.partition(":")[0] for said in footer_drift(ORDERS, footer(schema))] == [
        "pedidos.pedido_id", "pedidos.valor_total_brl", "pedidos.novo",
    ]  # fmt: skip


def test_what_a_crawler_made_of_a_column_is_named():
    table = glue(ORDERS)
    columns = table["StorageDescriptor"]["Columns"]
    columns[0]["Type"] = "double"
    del columns[1]
    assert crawled_drift(ORDERS, table) == [
        "pedidos.pedido_id: contrato string, catálogo double",
        "pedidos.data_pedido: contrato date, catálogo (ausente)",
    ]


def test_a_partition_that_a_crawler_saw_in_a_folder_is_named():
    table = glue(ORDERS) | {"PartitionKeys": [{"Name": "partition_0", "Type": "string"}]}
    assert crawled_drift(ORDERS, table) == ["pedidos.partition_0: contrato (ausente), catálogo string"]


def test_a_table_the_catalogue_describes_without_columns_lacks_them_all():
    assert len(crawled_drift(ORDERS, {"Name": "pedidos"})) == len(ORDERS.columns)


def test_a_table_that_is_not_in_the_catalogue_yet_does_not_drift():
    assert crawled_drift(ORDERS, None) == []
