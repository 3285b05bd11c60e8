"""What is listed once is what there was: every database, also by its search, and Glue is asked no second time."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from cli.contents.listing import ListedCatalog
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog


@pytest.fixture
def catalog(monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("glue", aws_access_key_id="test", aws_secret_access_key="test")
        for database in (*layout.databases(), "others"):
            client.create_database(DatabaseInput={"Name": database})
            client.create_table(DatabaseName=database, TableInput={"Name": "pedidos"})
        yield Catalog(client)


def named(tables: Iterator[dict[str, object]]) -> list[tuple[object, object]]:
    return [(each["DatabaseName"], each["Name"]) for each in tables]


def test_what_was_listed_is_shown_and_searched_as_it_was(catalog: Catalog) -> None:
    listed = ListedCatalog.of(catalog)
    for database in layout.databases():
        catalog.client.delete_table(DatabaseName=database, Name="pedidos")
        assert named(catalog.tables(database)) == []
        assert named(listed.tables(database)) == named(listed.searched(database)) == [(database, "pedidos")]


def test_a_database_that_is_not_there_has_no_tables_and_one_of_others_is_asked_for(catalog: Catalog) -> None:
    listed = ListedCatalog.of(catalog)
    assert named(listed.tables(layout.DISCOVERED_DATABASE)) == []
    catalog.client.create_table(DatabaseName="others", TableInput={"Name": "mais"})
    assert sorted(named(listed.tables("others"))) == [("others", "mais"), ("others", "pedidos")]
