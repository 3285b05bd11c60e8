"""Drift names the table and the column in which contract, Parquet, registered and discovered table differ."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.contract.drift import footer_drift, four_way, glue_type, registered_drift
from lakehouse.contract.model import load, load_all
from lakehouse.lake import layout
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
    assert registered_drift(contract, glue(contract)) == []


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


def test_what_became_of_a_registered_column_is_named():
    table = glue(ORDERS)
    columns = table["StorageDescriptor"]["Columns"]
    columns[0]["Type"] = "double"
    del columns[1]
    assert registered_drift(ORDERS, table) == [
        "pedidos.pedido_id: contrato string, catálogo double",
        "pedidos.data_pedido: contrato date, catálogo (ausente)",
    ]


def test_a_partition_of_a_registered_table_is_named():
    table = glue(ORDERS) | {"PartitionKeys": [{"Name": "partition_0", "Type": "string"}]}
    assert registered_drift(ORDERS, table) == ["pedidos.partition_0: contrato (ausente), catálogo string"]


def test_a_table_the_catalogue_describes_without_columns_lacks_them_all():
    assert len(registered_drift(ORDERS, {"Name": "pedidos"})) == len(ORDERS.columns)


def test_a_table_that_is_not_in_the_catalogue_yet_does_not_drift():
    assert registered_drift(ORDERS, None) == []


# ---- four ways -------------------------------------------------------------------------------------------------------


def discovered(contract, *keys):
    """A table as a crawler makes it."""
    columns = [{"Name": column.name, "Type": column.glue_type} for column in contract.columns]
    partition = [{"Name": name, "Type": type_} for name, type_ in keys or [layout.RUN_PARTITION]]
    return {"Name": contract.table, "StorageDescriptor": {"Columns": columns}, "PartitionKeys": partition}


def compared(contract, footer_=None, registered=None, found=None):
    return four_way(contract, footer_, registered, found, layout.RUN_PARTITION)


@pytest.mark.parametrize("contract", load_all(), ids=lambda contract: contract.table)
def test_four_sides_that_say_the_same_do_not_differ(contract):
    assert compared(contract, footer(contract.schema), glue(contract), discovered(contract)) == []
    assert [glue_type(field.type) for field in contract.schema] == [column.glue_type for column in contract.columns]


def test_a_difference_names_every_side_with_what_it_says():
    found, registered = discovered(ORDERS), glue(ORDERS)
    found["StorageDescriptor"]["Columns"][0]["Type"] = "bigint"
    registered["StorageDescriptor"]["Columns"][1]["Type"] = "timestamp"
    first, second = (column.name for column in ORDERS.columns[:2])
    said = compared(ORDERS, footer(changed("prazo_dias", pa.int32())), registered, found)
    assert said[:2] == [
        f"pedidos.{first}: contrato string, Parquet string, catálogo string, descoberto bigint",
        f"pedidos.{second}: contrato date, Parquet date, catálogo timestamp, descoberto date",
    ]
    assert said[2:] == ["pedidos.prazo_dias: contrato bigint, Parquet int, catálogo bigint, descoberto bigint"]


@pytest.mark.parametrize("side", ["Parquet", "catálogo", "descoberto"])
def test_a_side_that_is_not_there_is_not_compared(side):
    sides = {"Parquet": footer(ORDERS.schema), "catálogo": glue(ORDERS), "descoberto": discovered(ORDERS)}
    assert compared(ORDERS, *({**sides, side: None}.values())) == []


def test_a_footer_alone_is_compared_elsewhere():
    assert compared(ORDERS, footer(changed("prazo_dias", pa.int32()))) == []


def test_a_column_that_only_a_crawler_found_is_named():
    found = discovered(ORDERS)
    found["StorageDescriptor"]["Columns"].append({"Name": "novo", "Type": "string"})
    said = "pedidos.novo: contrato (ausente), Parquet (ausente), catálogo (ausente), descoberto string"
    assert compared(ORDERS, footer(ORDERS.schema), glue(ORDERS), found) == [said]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ([("partition_0", "string")], "partition_0 string"),
        ([("run", "bigint")], "run bigint"),
        ([("run", "string"), ("hora", "int")], "run string, hora int"),
    ],
)
def test_other_partitions_than_those_of_runs_are_named(keys, said):
    found = discovered(ORDERS, *keys)
    assert compared(ORDERS, found=found) == [f"pedidos: partição esperada run string, descoberto {said}"]


def test_a_crawler_that_saw_no_partition_is_named():
    found = discovered(ORDERS) | {"PartitionKeys": []}
    assert compared(ORDERS, found=found) == ["pedidos: partição esperada run string, descoberto (ausente)"]


def test_columns_that_a_crawler_found_in_another_order_are_named():
    found = discovered(ORDERS)
    found["StorageDescriptor"]["Columns"].reverse()
    [said] = compared(ORDERS, footer(ORDERS.schema), glue(ORDERS), found)
    assert said.startswith("pedidos: as colunas estão noutra ordem no descoberto, fora do lugar: ")
