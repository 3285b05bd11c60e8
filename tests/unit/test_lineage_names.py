"""Names in OpenLineage's words: one name an asset, there and back, and facets that say what the contracts say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import CASH_FLOW, EVERY_TABLE, EXPORTED, FACT, FORECAST, TABLES

from lakehouse.contract.model import load, load_all
from lakehouse.errors import LakehouseError
from lakehouse.lake import layout
from lakehouse.lineage.facets import column_lineage, facets, input_dataset, output_dataset
from lakehouse.lineage.jobs import sources_of
from lakehouse.lineage.names import Asset, Place, run_uuid

PLACE = Place("us-east-1", "123456789012", "lake")
ASSETS = Asset.all()
THE_FACT = Asset.of_table(FACT)
run_ids = st.from_regex(r"[A-Za-z0-9._-]{1,80}", fullmatch=True)


def test_there_is_an_asset_for_each_csv_and_each_table():
    assert len(ASSETS) == len(set(ASSETS)) == len(EXPORTED) + len(EVERY_TABLE)
    assert [str(asset) for asset in ASSETS[:2]] == ["landing.pedidos", "landing.itens_pedido"]


@pytest.mark.parametrize("asset", ASSETS, ids=str)
def test_an_asset_is_read_back_from_each_of_its_names(asset):
    assert Asset.parse(str(asset)) == asset
    assert Asset.is_known(str(asset))
    assert PLACE.asset(*PLACE.dataset(asset)) == asset


def test_a_table_is_named_as_glue_names_it_and_a_csv_by_its_object():
    arn = "arn:aws:glue:us-east-1:123456789012"
    assert PLACE.dataset(THE_FACT) == (arn, "table/importau_silver/fato_pedido_correlacionado")
    assert PLACE.dataset(Asset.of_landing("cambio")) == ("s3://lake", "landing/csv_exports/cambio.csv")
    assert PLACE.job_namespace == "arn:aws:states:us-east-1:123456789012"


@given(run_ids, st.sampled_from([asset for asset in ASSETS if asset.contract]))
def test_the_files_of_every_run_are_of_the_same_asset(run_id, asset):
    assert Asset.of_key(layout.run_key(asset.table, run_id)) == asset
    assert Asset.of_key(layout.run_key(asset.table, run_id, 3, 64)) == asset


@given(run_ids, st.sampled_from(TABLES[layout.BRONZE]))
def test_what_is_no_table_is_no_asset(run_id, table):
    for key in (
        layout.quarantine_key(run_id, layout.BRONZE, table),
        layout.quality_key(run_id, layout.BRONZE),
        layout.run_event_key(run_id, f"bronze.WriteBronze.{table}", "1", layout.COMPLETE),
        layout.governance_table_key("linhagem"),
        f"bronze/outra_{table}/{table}.parquet",
        f"silver/{table}/{table}.parquet",
        f"landing/csv_exports/outra_{table}.csv",
        f"elsewhere/bronze/{table}/{table}.parquet",
    ):
        assert Asset.of_key(key) is None, key


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        ("s3://other", "landing/csv_exports/cambio.csv"),
        ("arn:aws:glue:us-east-1:999999999999", "table/importau_bronze/cambio"),
        ("arn:aws:glue:us-east-1:123456789012", "importau_bronze"),
    ],
)
def test_a_dataset_of_elsewhere_is_no_asset(namespace, name):
    assert PLACE.asset(namespace, name) is None


def test_an_unknown_name_is_refused_with_what_to_write():
    with pytest.raises(LakehouseError, match=r"'importau_bronze.clientes' is no asset.*write database.table"):
        Asset.parse("importau_bronze.clientes")


def test_the_place_is_read_from_the_functions_arn():
    assert Place.of_function("arn:aws:lambda:us-east-1:123456789012:function:f", "lake") == PLACE
    with pytest.raises(LakehouseError, match="'f' is not the ARN"):
        Place.of_function("f", "lake")


def test_an_execution_has_one_run_id_in_every_lambda():
    assert run_uuid("arn:1") == run_uuid("arn:1") != run_uuid("arn:2")


@pytest.mark.parametrize("contract", load_all(), ids=lambda contract: contract.table)
def test_facets_say_what_the_contract_says(contract):
    said = facets(Asset.of_table(contract.table), PLACE)
    assert set(said) == {"dataSource", "schema", "documentation", "ownership", "tags", "symlinks"}
    assert [(f.name, f.type) for f in said["schema"].fields] == [(c.name, c.physical_type) for c in contract.columns]
    assert said["documentation"].description == contract.description
    assert [owner.name for owner in said["ownership"].owners] == [contract.owner]
    [link] = said["symlinks"].identifiers
    assert (link.namespace, link.name) == ("s3://lake", f"{contract.layer}/{contract.table}")
    classified = {tag.field: tag.value for tag in said["tags"].tags if tag.key == "classification"}
    assert classified == {c.name: c.classification for c in contract.columns if c.classification}


def test_a_csv_has_a_source_and_columns_of_text_and_no_promises():
    said = facets(Asset.of_landing("cambio"), PLACE)
    assert set(said) == {"dataSource", "schema"}
    assert {field.type for field in said["schema"].fields} == {"string"}
    assert [field.name for field in said["schema"].fields] == load("cambio").schema.names
    assert column_lineage(Asset.of_landing("cambio"), PLACE, everything("cambio")) is None


def everything(table):
    return sources_of(Asset.of_table(table))


@pytest.mark.parametrize("table", [FACT, CASH_FLOW, FORECAST])
def test_column_lineage_is_the_contracts_direct_and_indirect(table):
    contract, lineage = load(table), column_lineage(Asset.of_table(table), PLACE, everything(table))
    for column in contract.columns:
        told = {}
        for field in lineage.fields[column.name].inputFields:
            asset = PLACE.asset(field.namespace, field.name)
            told[f"{asset}.{field.field}"] = [(how.type, how.subtype) for how in field.transformations]
        assert list(told) == list(column.sources), column.name
        for source, ways in told.items():
            if source in column.decides:
                assert ways == [("INDIRECT", way) for way in column.decides[source]], column.name
            else:
                [(kind, how)] = ways
                assert (kind, how in {"IDENTITY", "TRANSFORMATION", "AGGREGATION"}) == ("DIRECT", True), column.name
    decide = {
        f"{PLACE.asset(field.namespace, field.name)}.{field.field}": tuple(how.subtype for how in field.transformations)
        for field in lineage.dataset
    }
    assert decide == contract.rows_by


@pytest.mark.parametrize("table", EVERY_TABLE)
def test_column_lineage_is_of_the_inputs_alone(table):
    sources = everything(table)
    assert column_lineage(Asset.of_table(table), PLACE, ()) is None
    for left_out in sources:
        lineage = column_lineage(Asset.of_table(table), PLACE, set(sources) - {left_out})
        told = [] if lineage is None else [each for field in lineage.fields.values() for each in field.inputFields]
        told += [] if lineage is None else lineage.dataset
        assert {PLACE.asset(field.namespace, field.name) for field in told} <= set(sources) - {left_out}


def test_a_bronze_column_is_the_csvs_copied_as_text_or_parsed_and_rows_are_set_aside_by_what_is_judged():
    contract, lineage = load("cambio"), column_lineage(Asset.of_table("cambio"), PLACE, everything("cambio"))
    assert list(lineage.fields) == contract.schema.names
    for name, field in lineage.fields.items():
        [source] = field.inputFields
        assert (source.namespace, source.name, source.field) == ("s3://lake", layout.landing_key("cambio"), name)
        is_text = contract.column(name).physical_type == "string"
        assert [how.subtype for how in source.transformations] == ["IDENTITY" if is_text else "TRANSFORMATION"]
    assert {*contract.key, "taxa_ptax"} <= {source.field for source in lineage.dataset}
    assert {how.subtype for source in lineage.dataset for how in source.transformations} == {"FILTER"}


def test_a_copied_column_is_an_identity_and_a_sum_is_not():
    fields = column_lineage(Asset.of_table(CASH_FLOW), PLACE, everything(CASH_FLOW)).fields
    assert [how.subtype for how in fields["moeda_origem"].inputFields[0].transformations] == ["IDENTITY"]
    assert "IDENTITY" not in {
        how.subtype for field in fields["total_saida_brl"].inputFields for how in field.transformations
    }


def test_only_an_output_has_column_lineage():
    assert "columnLineage" not in input_dataset(THE_FACT, PLACE).facets
    assert "columnLineage" in output_dataset(THE_FACT, PLACE, everything(FACT)).facets
    assert "columnLineage" not in output_dataset(Asset.of_table("cambio"), PLACE, ()).facets


def test_a_function_is_placed_by_an_arn_that_has_region_account_and_kind_and_by_nothing_less():
    whole = "arn:aws:lambda:sa-east-1:123456789012:function:importau-gold"
    for arn in (whole, f"{whole}:3", whole.rpartition(":")[0]):
        assert Place.of_function(arn, "lake") == Place("sa-east-1", "123456789012", "lake")
    for text in ("", "importau-gold", whole.rpartition(":function")[0]):
        with pytest.raises(LakehouseError) as failure:
            Place.of_function(text, "lake")
        assert str(failure.value) == f"'{text}' is not the ARN of a Lambda function"
