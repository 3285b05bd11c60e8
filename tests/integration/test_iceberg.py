"""The published tables as Iceberg tables: the same cells over the same files, version by version."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import boto3
import pyarrow as pa
import pytest
from facts import fact_of
from hypothesis import given, settings
from hypothesis import strategies as st
from lakehouse_tables import CASH_FLOW, FACT, FORECAST
from layers import cash_flow, forecast
from published import publish
from pyiceberg.exceptions import CommitFailedException
from simulated_aws import simulated_lake
from typer.testing import CliRunner, Result

from bronze.synthetic.company import accepted, generate
from cli.commands import iceberg as command
from cli.contents.authors import Authors
from cli.contents.undeclared import undeclared
from cli.errors import CliError, UsageError
from cli.iceberg import following
from cli.iceberg.catalogue import Tables
from cli.iceberg.following import RUN, clean, tags
from cli.iceberg.lake import follow_all
from cli.main import app
from cli.session import Aws
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.erasure import Erasure, keep
from lakehouse.versions.version import Making, Version
from lakehouse.versions.view import View
from lakehouse.versions.wholeness import differing
from silver.correlation import correlate

ORDERS = 200


@pytest.fixture
def lake() -> Iterator[Lake]:
    with simulated_lake("importau-iceberg") as lake:
        yield lake


@pytest.fixture
def aws(lake: Lake) -> Aws:
    aws = Aws(boto3.Session(region_name="us-east-1"), "importau")
    vars(aws)["outputs"] = {"BucketName": lake.bucket}
    return aws


def company(seed: int = 1) -> dict[str, pa.Table | list[pa.Table]]:
    """Return every table of a company; the fact is in two parts."""
    tables = {name: accepted(name, table).kept for name, table in generate(ORDERS, seed).items()}
    fact = correlate(tables).fact
    parts = [fact.slice(0, 100), fact.slice(100)]
    return {**tables, FACT: parts, CASH_FLOW: cash_flow(fact), FORECAST: forecast(fact)}


def back(lake: Lake, number: int) -> Version:
    """Publish what a rollback does: a version with the tables of an earlier one."""
    newest, old = chain.newest(lake), chain.read(lake, number)
    making = Making("rollback", "", datetime.now(UTC).isoformat())
    version = Version(
        newest.number + 1, newest.number, old.run, making, old.source, old.inputs, old.tables, restores=number
    )
    assert chain.committed(lake, version)
    return version


def followed(aws: Aws) -> dict[str, tuple[int, int, bool]]:
    return {each.table: (each.version, each.snapshots, each.changed) for each in follow_all(aws, lambda _: None)}


def shown(aws: Aws, lake: Lake, table: str, number: int | None = None) -> pa.Table:
    """Return what a reader of Iceberg gets of a table, or of a version of it."""
    found = Tables(aws, lake).find(table)
    return found.scan(snapshot_id=tags(found)[number] if number else None).to_arrow()


def objects(lake: Lake, prefix: str = "") -> dict[str, str]:
    return {each.key: each.etag for each in lake.objects(prefix)}


def same(found: pa.Table, published: pa.Table) -> bool:
    """Return whether two tables have the same columns, types and cells, row by row.

    Our reader leaves out which columns have no NULLs, and Iceberg's does not.
    """
    nullable = pa.schema(field.with_nullable(True) for field in found.schema)
    return nullable.equals(published.schema) and found.cast(nullable).equals(published)


def test_every_table_is_equal_to_the_published_one_cell_by_cell_and_no_file_of_it_is_touched(aws, lake):
    publish(lake, company(), "um")
    before = objects(lake)
    assert followed(aws) == dict.fromkeys(View.of_version(lake).tables, (1, 1, True))
    view = View.of_version(lake)
    for table in view.tables:
        assert same(shown(aws, lake, table), view.read_all(table)), table
    after = objects(lake)
    assert {key: after[key] for key in before} == before
    assert all(key.startswith(layout.ICEBERG_PREFIX) for key in after.keys() - before.keys())
    (entry,) = [
        each
        for each in boto3.client("glue").get_tables(DatabaseName="importau_iceberg")["TableList"]
        if each["Name"] == FACT
    ]
    assert entry["Parameters"]["table_type"] == "ICEBERG"
    assert entry["StorageDescriptor"]["Location"] == lake.uri(f"iceberg/{FACT}")


def test_where_nothing_was_published_since_nothing_is_written(aws, lake):
    publish(lake, company(), "um")
    followed(aws)
    before = objects(lake)
    assert {changed for _, _, changed in followed(aws).values()} == {False}
    assert objects(lake) == before


def test_each_version_since_has_a_tag_and_a_reader_of_an_older_one_gets_its_cells(aws, lake):
    publish(lake, company(), "um")
    followed(aws)
    first = View.of_version(lake)
    publish(lake, company(seed=2), "dois")
    publish(lake, {CASH_FLOW: first.read_all(CASH_FLOW).slice(0, 3)}, "tres")
    assert followed(aws)[FACT] == (3, 2, True)
    assert followed(aws)[CASH_FLOW] == (3, 3, False)
    for number in (1, 2, 3):
        view = View.of_version(lake, number)
        for table in (FACT, CASH_FLOW, "pedidos"):
            assert same(shown(aws, lake, table, number), view.read_all(table)), (table, number)
    assert same(shown(aws, lake, CASH_FLOW), View.of_version(lake, 3).read_all(CASH_FLOW))


def test_going_back_shows_the_old_snapshot_again_and_going_on_the_next_one(aws, lake):
    publish(lake, company(), "um")
    followed(aws)
    publish(lake, company(seed=2), "dois")
    followed(aws)
    back(lake, 1)
    assert followed(aws)[FACT] == (3, 2, True)
    found = Tables(aws, lake).find(FACT)
    assert found.current_snapshot().summary[RUN] == "um"
    assert tags(found)[1] == tags(found)[3] == found.current_snapshot().snapshot_id
    assert same(shown(aws, lake, FACT), View.of_version(lake, 1).read_all(FACT))
    publish(lake, company(seed=3), "tres")
    assert followed(aws)[FACT] == (4, 3, True)
    assert same(shown(aws, lake, FACT), View.of_version(lake).read_all(FACT))


def test_versions_whose_files_went_or_that_a_person_was_erased_from_are_forgotten(aws, lake):
    for seed, run in enumerate(("um", "dois", "tres"), 1):
        publish(lake, company(seed), run)
        followed(aws)
    for key in list(lake.list(layout.run_prefix(FACT, "um"))):
        lake.client.delete_object(Bucket=lake.bucket, Key=key)
    keep(lake, Erasure("apagado", "alguém", "2026-12-01T00:00:00+00:00", versions={"2": 1}))
    followed(aws)
    assert list(tags(Tables(aws, lake).find(FACT))) == [3]
    assert sorted(tags(Tables(aws, lake).find(CASH_FLOW))) == [1, 3]
    assert [each.summary[RUN] for each in Tables(aws, lake).find(CASH_FLOW).snapshots()] == ["um", "tres"]
    assert same(shown(aws, lake, FACT), View.of_version(lake).read_all(FACT))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.sampled_from(["run", "one table", "back", "vacuum", "follow"]), min_size=1, max_size=7))
def test_whatever_happened_every_tag_reads_as_its_version_and_the_table_as_the_newest(steps):
    with simulated_lake("importau-iceberg") as lake:
        aws = Aws(boto3.Session(region_name="us-east-1"), "importau")
        vars(aws)["outputs"] = {"BucketName": lake.bucket}
        fact = fact_of([{"pedido_id": "PED000"}])
        publish(lake, {FACT: fact, CASH_FLOW: cash_flow(fact)}, "run0")
        for number, step in enumerate(steps, 1):
            fact = fact_of([{"pedido_id": f"PED{number:03}"}, {"pedido_id": None}])
            newest = chain.newest(lake)
            if step == "run":
                publish(lake, {FACT: fact, CASH_FLOW: cash_flow(fact)}, f"run{number}")
            elif step == "one table":
                publish(lake, {CASH_FLOW: cash_flow(fact)}, f"run{number}")
            elif step == "back" and not differing(lake, chain.read(lake, 1).ordered):
                back(lake, 1)
            elif step == "vacuum":
                kept = {(table.table, table.run) for table in newest.ordered}
                for table, run in {(t.table, t.run) for n in chain.numbers(lake) for t in chain.read(lake, n).ordered}:
                    for key in () if (table, run) in kept else list(lake.list(layout.run_prefix(table, run))):
                        lake.client.delete_object(Bucket=lake.bucket, Key=key)
            elif step == "follow":
                followed(aws)
        followed(aws)
        for table in (FACT, CASH_FLOW):
            found = Tables(aws, lake).find(table)
            assert max(tags(found)) == chain.newest_number(lake)
            assert {each.snapshot_id for each in found.snapshots()} == {*tags(found).values()}
            assert same(shown(aws, lake, table), View.of_version(lake).read_all(table))
            for tag in tags(found):
                assert same(shown(aws, lake, table, tag), View.of_version(lake, tag).read_all(table)), (table, tag)


def test_metadata_that_nothing_names_go_after_a_fortnight_and_all_else_stays(aws, lake):
    for seed, run in enumerate(("um", "dois"), 1):
        publish(lake, company(seed), run)
        followed(aws)
    for key in list(lake.list(layout.run_prefix(FACT, "um"))):
        lake.client.delete_object(Bucket=lake.bucket, Key=key)
    followed(aws)
    tables = Tables(aws, lake)
    before = objects(lake)
    assert clean(tables, tables.find(FACT)) == 0
    assert clean(tables, tables.find(FACT), datetime.now(UTC) + timedelta(days=15)) == 2  # a list and its manifest
    gone = before.keys() - objects(lake).keys()
    assert all(key.startswith(f"iceberg/{FACT}/metadata/") and key.endswith(".avro") for key in gone)
    assert same(shown(aws, lake, FACT), View.of_version(lake).read_all(FACT))


@pytest.mark.parametrize(
    ("more", "less"), [(True, False), (False, True), (True, True)], ids=["a new one", "one less", "one for another"]
)
def test_a_column_that_comes_or_goes_takes_no_cell_from_any_version(aws, lake, more, less):
    fact = fact_of([{"pedido_id": "PED001"}, {"pedido_id": "PED002"}])
    publish(lake, {FACT: fact}, "um")
    followed(aws)
    other = fact.drop_columns("razao_social") if less else fact
    if more:
        other = other.append_column("nota", pa.array(["a", None], pa.string()))
    publish(lake, {FACT: other}, "dois")
    followed(aws)
    found = shown(aws, lake, FACT)
    assert found.select(other.column_names).to_pylist() == other.to_pylist()
    assert not less or found["razao_social"].null_count == 2
    assert shown(aws, lake, FACT, 1).to_pylist() == fact.to_pylist()
    back(lake, 1)
    publish(lake, {FACT: fact.slice(0, 1)}, "tres")
    followed(aws)
    for number, rows in ((1, fact), (2, other), (3, fact), (4, fact.slice(0, 1))):
        assert shown(aws, lake, FACT, number).select(rows.column_names).to_pylist() == rows.to_pylist(), number


def test_a_type_that_cannot_become_another_is_refused_and_the_table_stays_as_it_was(aws, lake):
    fact = fact_of([{"pedido_id": "PED001"}])
    publish(lake, {FACT: fact}, "um")
    followed(aws)
    at = fact.schema.get_field_index("quantidade")
    publish(lake, {FACT: fact.set_column(at, "quantidade", pa.array(["x"], pa.string()))}, "dois")
    before = objects(lake, "iceberg/")
    with pytest.raises(CliError, match=f"importau_iceberg.{FACT} cannot become the table of version 2") as error:
        followed(aws)
    assert "iceberg --drop" in error.value.fix
    assert shown(aws, lake, FACT).to_pylist() == fact.to_pylist()
    assert before.items() <= objects(lake, "iceberg/").items()


def test_no_manifest_has_the_least_or_greatest_value_of_a_text_or_of_a_personal_column(aws, lake):
    publish(lake, company(), "um")
    followed(aws)
    tables = Tables(aws, lake)
    bounded = set()
    for table in View.of_version(lake).tables:
        found = tables.find(table)
        files = found.inspect.files().to_pylist()
        names = {field.field_id: field for field in found.schema().fields}
        for each in files:
            ids = {entry[0] for entry in (*each["lower_bounds"], *each["upper_bounds"])}
            bounded |= {(table, names[id_].name, str(names[id_].field_type)) for id_ in ids}
    assert bounded
    assert {kind for _, _, kind in bounded} <= {
        "date",
        "long",
        "double",
        *(f"decimal({digits})" for digits in ("18, 2", "18, 3", "18, 6", "9, 4")),
    }
    personal = {(table, name) for table in View.of_version(lake).tables for name in following.load(table).masking}
    assert not {(table, name) for table, name, _ in bounded} & personal


def test_a_column_that_became_personal_since_has_no_bounds_in_what_is_added_from_then_on(monkeypatch, aws, lake):
    fact = fact_of([{"data_pedido": date(2024, 1, 2)}])
    publish(lake, {FACT: fact}, "um")
    followed(aws)
    monkeypatch.setattr(following, "_without_bounds", lambda _: {"write.metadata.metrics.column.data_pedido": "none"})
    publish(lake, {FACT: pa.concat_tables([fact, fact])}, "dois")
    followed(aws)
    found = Tables(aws, lake).find(FACT)
    field = found.schema().find_field("data_pedido").field_id
    bounds = [
        {entry[0] for entry in found.inspect.files(snapshot).to_pylist()[0]["lower_bounds"]}
        for snapshot in (tags(found)[1], tags(found)[2])
    ]
    assert [field in each for each in bounds] == [True, False]


def test_a_table_that_changes_meanwhile_is_left_to_who_changed_it(monkeypatch, aws, lake):
    publish(lake, company(), "um")
    followed(aws)
    publish(lake, company(seed=2), "dois")

    def refused(*_, **__):
        raise CommitFailedException("another version id")

    with monkeypatch.context() as patch:
        patch.setattr(Tables, "commit_table", refused)
        with pytest.raises(CliError, match=r"somebody else changed importau_iceberg\.pedidos meanwhile"):
            followed(aws)
    assert same(shown(aws, lake, "pedidos"), View.of_version(lake, 1).read_all("pedidos"))
    assert followed(aws)["pedidos"] == (2, 2, True)


def test_a_version_that_is_not_what_was_audited_is_not_shown(aws, lake):
    publish(lake, company(), "um")
    (file, *_) = View.of_version(lake).files(FACT)
    lake.client.put_object(Bucket=lake.bucket, Key=file.key, Body=b"PAR1")
    with pytest.raises(CliError, match="version 1 is not what was audited") as error:
        followed(aws)
    assert "No table was changed" in error.value.fix
    assert objects(lake, "iceberg/") == {}


def test_where_nothing_was_published_there_is_nothing_to_show(aws):
    with pytest.raises(UsageError, match="nothing was published yet"):
        followed(aws)


def test_an_entry_of_somebody_else_is_left_alone(aws, lake):
    publish(lake, {FACT: fact_of([{}])}, "um")
    tables = Tables(aws, lake)
    tables.make_database()
    glue = boto3.client("glue")
    glue.create_table(DatabaseName="importau_iceberg", TableInput={"Name": FACT, "Parameters": {}})
    with pytest.raises(CliError, match=f"importau_iceberg.{FACT} is no Iceberg table"):
        followed(aws)
    assert objects(lake, "iceberg/") == {}


def test_dropped_tables_leave_nothing_but_the_files_of_the_versions(aws, lake):
    publish(lake, company(), "um")
    before = objects(lake)
    followed(aws)
    tables = Tables(aws, lake)
    assert tables.drop_all() == len(View.of_version(lake).tables)
    assert objects(lake) == before
    names = [each["Name"] for each in boto3.client("glue").get_databases()["DatabaseList"]]
    assert "importau_iceberg" not in names
    assert tables.drop_all() == 0
    assert followed(aws)[FACT] == (1, 1, True)


def test_a_commit_is_one_change_of_the_entry(aws, lake):
    publish(lake, company(), "um")
    followed(aws)
    publish(lake, company(seed=2), "dois")
    tables = Tables(aws, lake)
    before = tables.find(FACT).metadata
    followed(aws)
    after = tables.find(FACT).metadata
    assert len(after.metadata_log) == len(before.metadata_log) + 1
    sequence = [each.sequence_number for each in after.snapshots]
    assert all(one < other for one, other in pairwise(sequence))


def test_what_the_command_left_is_declared_and_what_somebody_else_puts_there_is_not(aws, lake):
    publish(lake, company(), "um")
    followed(aws)

    def strange() -> list[str]:
        return [each for each in undeclared(aws, lake, {"um"}, Authors(aws)).wrong if "iceberg" in each]

    assert strange() == []
    lake.write_bytes(b"x", f"iceberg/{FACT}/data/outro.parquet")
    tables = Tables(aws, lake)
    glue = boto3.client("glue")
    for database, name in ((tables.database, "outra"), ("outro", FACT)):
        if database == "outro":
            glue.create_database(DatabaseInput={"Name": database})
        location = lake.uri(f"iceberg/{FACT}")
        glue.create_table(DatabaseName=database, TableInput={"Name": name, "StorageDescriptor": {"Location": location}})
    found = strange()
    assert [each.partition(" (")[0].partition(":")[0] for each in found] == [
        f"iceberg/{FACT}/data/outro.parquet", "importau_iceberg.outra", f"outro.{FACT}",
    ]  # fmt: skip


def importau(monkeypatch: pytest.MonkeyPatch, aws: Aws, *arguments: str) -> Result:
    monkeypatch.setattr(command, "connect", lambda *_: aws)
    return CliRunner().invoke(app, ["iceberg", *arguments])


def test_the_command_says_which_version_each_table_shows_and_what_changed(monkeypatch, aws, lake):
    publish(lake, {FACT: fact_of([{}])}, "um")
    first = importau(monkeypatch, aws)
    assert first.exit_code == 0, first.stderr
    assert FACT in first.stdout
    assert "unchanged" not in first.stdout
    assert "unchanged" in importau(monkeypatch, aws).stdout
    told = json.loads(importau(monkeypatch, aws, "--json").stdout)
    assert told == [{"table": FACT, "version": 1, "snapshots": 1, "changed": False}]


def test_the_command_drops_the_tables_where_somebody_agrees(monkeypatch, aws, lake):
    publish(lake, {FACT: fact_of([{}])}, "um")
    importau(monkeypatch, aws)
    refused = importau(monkeypatch, aws, "--drop")
    assert refused.exit_code == 2
    assert "there is no terminal to ask whether to drop the Iceberg tables" in refused.stderr
    assert Tables(aws, lake).entries() == [FACT]
    dropped = importau(monkeypatch, aws, "--drop", "--yes")
    assert dropped.exit_code == 0, dropped.stderr
    assert "1 Iceberg table dropped" in dropped.stderr
    assert objects(lake, "iceberg/") == {}
    again = importau(monkeypatch, aws, "--drop", "--yes", "--json")
    assert json.loads(again.stdout) == {"database": "importau_iceberg", "dropped": 0}


def test_what_is_refused_is_said_in_one_line_with_what_to_do(monkeypatch, aws):
    nothing = importau(monkeypatch, aws)
    assert nothing.exit_code == 2
    assert "nothing was published yet" in nothing.stderr
    assert "Traceback" not in nothing.stderr


def test_old_metadata_that_may_not_be_deleted_are_told_and_the_tables_follow_all_the_same(monkeypatch, aws, lake):
    publish(lake, {FACT: fact_of([{}])}, "um")

    def refused(*_):
        raise CliError("iceberg/x could not be deleted: AccessDenied")

    monkeypatch.setattr("cli.iceberg.lake.clean", refused)
    result = importau(monkeypatch, aws)
    assert result.exit_code == 0, result.stderr
    assert f"old metadata of {FACT} stay: iceberg/x could not be deleted" in " ".join(result.stderr.split())
