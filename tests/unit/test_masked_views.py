"""A masked view has what may be shown of a table, in Athena's SQL and in the form in which Athena keeps a view."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from small_lake import account, deploy
from typer.testing import CliRunner

from cli.commands import export as command
from cli.contents.masked_views import make
from cli.embedded.standins import athena_sql
from cli.main import app
from cli.session import Aws
from lakehouse.contract.model import load, load_all
from lakehouse.lake import layout
from lakehouse.lake.masked_views import database, statement_in, statement_of, view_of

SUPPLIERS = load("fornecedores")
ROW = {
    "fornecedor_id": "FORN001", "razao_social": "Aço Ltda", "cnpj": "11.222.333/0001-81",
    "contato_email": "joana.souza@empresa.com.br", "telefone": "+55-11-3456-7890",
}  # fmt: skip


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with account(monkeypatch) as found:
        deploy(found)
        yield found


def answered(query: str) -> list[dict[str, object]]:
    """Return what the embedded Athena answers on a view, in DuckDB."""
    table = pa.table([pa.array([ROW.get(field.name)], field.type) for field in SUPPLIERS.schema], SUPPLIERS.schema)
    tree = athena_sql.parsed(query)
    read = list(athena_sql.tables(tree))
    athena_sql.put_views_in(
        tree, read, lambda each: statement_in(view_of(SUPPLIERS)) if each.db == layout.MASKED_DATABASE else None
    )
    types = {column.name: column.glue_type for column in SUPPLIERS.columns}
    with duckdb.connect() as connection:
        connection.execute(f"CREATE SCHEMA {SUPPLIERS.database}")
        connection.register("given_", table)
        connection.execute(f"CREATE TABLE {SUPPLIERS.database}.fornecedores AS SELECT * FROM given_")
        sql = athena_sql.translated(tree, {SUPPLIERS.database: {"fornecedores": types}}, SUPPLIERS.database)
        result = connection.execute(sql)
        names = [name for name, *_ in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM {0}.fornecedores",
        "SELECT f.* FROM {0}.fornecedores f WHERE f.fornecedor_id = 'FORN001'",
        "WITH x AS (SELECT * FROM {0}.fornecedores) SELECT * FROM x",
        "SELECT fornecedores.* FROM {0}.fornecedores JOIN {1}.fornecedores t ON t.fornecedor_id = "
        "fornecedores.fornecedor_id",
    ],
)
def test_a_view_shows_what_is_nobodys_and_how_the_rest_is_written(query: str) -> None:
    (row,) = answered(query.format(layout.MASKED_DATABASE, SUPPLIERS.database))
    assert "cnpj" not in row  # its pseudonym would need a key
    assert (row["fornecedor_id"], row["razao_social"]) == ("FORN001", "Aço Ltda")
    assert row["contato_email"] == "*****.*****@*******.***.**"
    assert row["telefone"] == "+**-**-****-****"


def test_a_view_is_in_the_form_in_which_athena_keeps_it() -> None:
    entry = view_of(SUPPLIERS)
    assert entry["TableType"] == "VIRTUAL_VIEW"
    assert entry["ViewOriginalText"].startswith("/* Presto View: ")
    assert statement_in(entry) == statement_of(SUPPLIERS)
    assert [each["Name"] for each in entry["StorageDescriptor"]["Columns"]] == [
        name for name in SUPPLIERS.schema.names if name != "cnpj"
    ]
    assert statement_in({"TableType": "EXTERNAL_TABLE"}) is None
    assert '"importau_bronze_dev"."fornecedores"' in statement_of(SUPPLIERS, "dev")
    assert database("dev")["Name"] == f"{layout.MASKED_DATABASE}_dev"


@pytest.mark.once
def test_views_of_the_tables_that_hold_anything_personal_are_made_and_made_anew(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{layout.MASKED_DATABASE}.{each.table}" for each in load_all() if each.masking]
    assert make(aws) == names
    monkeypatch.setattr(command, "connect", lambda *_: aws)
    result = CliRunner().invoke(app, ["export", "--masked", "--views"])
    assert result.exit_code == 0, result.output
    there = aws.client("glue").get_tables(DatabaseName=layout.MASKED_DATABASE)["TableList"]
    assert sorted(table["Name"] for table in there) == sorted(name.partition(".")[2] for name in names)
    assert all(statement_in(table) == statement_of(load(table["Name"])) for table in there)


def test_views_that_are_not_masked_are_refused() -> None:
    result = CliRunner().invoke(app, ["export", "--views"])
    assert result.exit_code != 0
    assert "are masked" in f"{result.output} {result.exception}"
