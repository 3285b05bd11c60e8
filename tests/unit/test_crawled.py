"""Which crawlers have something to discover: only those of layers that are not what was crawled."""

import dataclasses

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import EVERY_TABLE, TABLES

from lakehouse.contract.layers import LAYERS, layer_of
from lakehouse.contract.model import load
from lakehouse.versions.crawled import (
    FIRST,
    FORCED,
    Crawled,
    Subject,
    due,
    footer_fingerprint,
    layout_fingerprint,
    told,
)

CRAWLER = {
    "Name": "importau-bronze", "DatabaseName": "importau_descoberta", "State": "READY", "Version": 3,
    "Targets": {"S3Targets": [{"Path": "s3://lake/bronze/pedidos/", "SampleSize": 1}]},
    "Configuration": '{"Version": 1.0, "Grouping": {"TableLevelConfiguration": 3}}',
    "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE"},
}  # fmt: skip
fingerprints = st.sampled_from(["a", "b"])
subjects = st.builds(Subject, st.sampled_from(["r1", "r2"]), fingerprints, fingerprints, fingerprints)
some_tables = st.dictionaries(st.sampled_from(EVERY_TABLE), subjects)


def crawled(subject, *, discovered=True):
    return Crawled.of(subject, "2026-11-30T00:00:00+00:00", discovered=discovered)


def all_of(run="r1", **changed):
    return {name: Subject(run, "contract", "footer", "layout") for name in EVERY_TABLE} | changed


@given(some_tables, some_tables, st.sets(st.sampled_from(EVERY_TABLE)))
def test_a_layer_is_crawled_exactly_where_a_table_of_it_is_not_what_was_crawled(now, before, there):
    known = {name: crawled(each) for name, each in before.items()}
    reasons = due(now, known, there)

    def is_new(name):
        form = [(each.contract, each.footer, each.layout) for each in (now[name], before.get(name, now[name]))]
        return name not in before or form[0] != form[1] or name not in there

    assert set(reasons) == {layer_of(name) for name in now if is_new(name)}
    assert all(reasons.values())


@given(some_tables, st.text(max_size=3))
def test_what_was_crawled_is_not_crawled_again_whichever_run_made_it(now, run):
    before = {name: crawled(each) for name, each in now.items()}
    again = {name: dataclasses.replace(each, run=run) for name, each in now.items()}
    assert due(again, before, now) == {}


@given(some_tables, some_tables)
def test_what_is_forced_is_every_layer_that_has_a_table(now, before):
    known = {name: crawled(each) for name, each in before.items()}
    assert due(now, known, (), forced=True) == {
        layer: FORCED for layer in LAYERS if set(TABLES[layer]) & set(now)
    }  # fmt: skip


def test_before_the_first_crawl_every_layer_is_crawled():
    reasons = due(all_of(), {}, ())
    assert told(reasons) == f"bronze, silver, gold, forecast: {FIRST}"


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("what", ["contract", "footer", "layout"])
def test_another_form_of_one_table_crawls_its_layer_alone(layer, what):
    before = {name: crawled(each) for name, each in all_of().items()}
    table = TABLES[layer][0]
    now = all_of("r2") | {table: dataclasses.replace(all_of()[table], **{what: "another"})}
    words = {"contract": "contract", "footer": "Parquet schema", "layout": "layout or crawler"}[what]
    assert due(now, before, EVERY_TABLE) == {layer: f"another {words} of {table}"}


def test_a_table_that_is_gone_from_the_crawlers_database_is_crawled_again():
    before = {name: crawled(each) for name, each in all_of().items()}
    there = [name for name in EVERY_TABLE if name != "cambio"]
    assert due(all_of(), before, there) == {"bronze": "cambio is gone from importau_descoberta"}


def test_a_table_that_no_crawler_ever_made_is_not_waited_for():
    before = {name: crawled(each, discovered=name != "cambio") for name, each in all_of().items()}
    assert due(all_of(), before, [name for name in EVERY_TABLE if name != "cambio"]) == {}


def test_one_new_table_of_a_layer_is_named_and_so_are_three_of_many_changes():
    before = {name: crawled(each) for name, each in all_of().items() if name != "cambio"}
    assert due(all_of(), before, EVERY_TABLE) == {"bronze": f"cambio {FIRST}"}
    others = {name: dataclasses.replace(each, contract="another") for name, each in all_of().items()}
    assert due(others, before, EVERY_TABLE)["bronze"].endswith(", and 4 more")


def test_a_contract_that_is_gone_is_nothing_to_crawl():
    assert due({"velha": Subject("r1", "c", "f", "l")}, {}, ()) == {}


# ---- fingerprints ----------------------------------------------------------------------------------------------------


def test_a_footer_is_another_with_another_name_type_order_or_what_is_required():
    schema = load("pedidos").schema
    first = schema.field(0)
    others = [
        schema.set(0, first.with_name("outro")), schema.set(0, first.with_type(pa.int64())),
        schema.set(0, first.with_nullable(not first.nullable)), schema.remove(0).append(first), schema.remove(0),
    ]  # fmt: skip
    fingerprints = {footer_fingerprint(each) for each in (schema, *others)}
    assert len(fingerprints) == 1 + len(others)
    assert footer_fingerprint(schema.with_metadata({"written": "today"})) == footer_fingerprint(schema)


@pytest.mark.parametrize(
    "change",
    [
        {"DatabaseName": "importau_bronze"},
        {"Targets": {"S3Targets": [{"Path": "s3://lake/bronze/pedidos/"}]}},
        {"Configuration": '{"Version": 1.0}'},
        {"SchemaChangePolicy": {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}},
        {"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}},
        {"TablePrefix": "x_"},
    ],
)
def test_a_crawler_that_looks_otherwise_is_another_layout(change):
    assert layout_fingerprint("pedidos", CRAWLER | change) != layout_fingerprint("pedidos", CRAWLER)


@pytest.mark.parametrize(
    "change",
    [
        {"State": "RUNNING", "Version": 4, "LastCrawl": {"Status": "SUCCEEDED"}, "Description": "outra"},
        {"Configuration": '{"Grouping":{"TableLevelConfiguration":3},"Version":1.0}'},
        {"RecrawlPolicy": {}, "TablePrefix": ""},
    ],
)
def test_a_crawlers_state_and_the_way_its_settings_are_written_are_no_other_layout(change):
    assert layout_fingerprint("pedidos", CRAWLER | change) == layout_fingerprint("pedidos", CRAWLER)


def test_the_same_crawler_of_another_table_is_another_layout():
    assert layout_fingerprint("pedidos", CRAWLER) != layout_fingerprint("cambio", CRAWLER)
