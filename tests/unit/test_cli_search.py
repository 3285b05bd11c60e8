"""Searching the catalogue: what is found, in which order, and from where the entries come."""

import json
import re
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from typer.testing import CliRunner

from cli.commands import search as command
from cli.contents.catalogue import Finder, entries
from cli.contents.naming import Names
from cli.main import app
from lakehouse.contract import layers
from lakehouse.contract.model import load_all
from lakehouse.lake.catalogue import Catalog, GlueColumn, GlueTable, table_of
from lakehouse.lake.layout import GOVERNANCE_DATABASE, databases

PIPELINE = GlueTable(
    GOVERNANCE_DATABASE,
    "statemachine_dag_gold",
    "Gold: o fluxo de caixa e o forecast de risco cambial.",
    "engenharia-de-dados",
    "s3://lake/x/",
    [
        GlueColumn(
            "writegold",
            "string",
            "Agrega o fato em fluxo de caixa e forecast de risco cambial",
            {
                "kind": "task",
                "name": "WriteGold",
                "inputs": "importau_silver.fato_pedido_correlacionado",
                "outputs": "",
            },
        )
    ],
    {"kind": "pipeline", "name": "StateMachine_DAG_gold", "arn": "arn"},
)


class Account:
    """Glue with the catalogue in it; with or without SearchTables."""

    stage = ""

    def __init__(self, glue: Any, can_search: bool) -> None:
        self.glue, self.can_search, self.searched = glue, can_search, 0

    def client(self, _service: str) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self.glue, name)

    def search_tables(self, Filters: list[dict[str, str]], NextToken: str = "0") -> dict[str, Any]:  # noqa: N803
        """Answer as AWS does, a page at a time, with a table of another database among them."""
        self.searched += 1
        if not self.can_search:
            raise ClientError({"Error": {"Code": "InvalidAction", "Message": "no"}}, "SearchTables")
        found = [*Catalog(self.glue).tables(Filters[0]["Value"]), {"DatabaseName": "other", "Name": "pedidos"}]
        page, rest = found[int(NextToken) : int(NextToken) + 3], found[int(NextToken) + 3 :]
        return {"TableList": page} | ({"NextToken": str(int(NextToken) + 3)} if rest else {})


@pytest.fixture(scope="module")
def glue():
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client = boto3.client("glue", aws_access_key_id="test", aws_secret_access_key="test")
        for database in databases():
            client.create_database(DatabaseInput={"Name": database})
        catalog = Catalog(client)
        for contract in load_all():
            catalog.register(table_of(contract, "lake", {}))
        catalog.register(PIPELINE)
        yield client


@pytest.fixture
def everything(glue):
    return entries(Catalog(Account(glue, can_search=False)))


def wheres(term, everything, kind=None):
    return [entry.where for entry in Finder(everything).ranked(term, kind)]


def test_an_account_with_search_tables_and_one_without_give_the_same_entries(glue):
    with_search, without = Account(glue, can_search=True), Account(glue, can_search=False)
    assert entries(Catalog(with_search)) == entries(Catalog(without))
    assert (with_search.searched > 4, without.searched) == (True, 1)


def test_another_error_of_search_tables_is_not_hidden(glue):
    class Denied(Account):
        def search_tables(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "SearchTables")

    with pytest.raises(ClientError, match="AccessDenied"):
        entries(Catalog(Denied(glue, can_search=True)))


@pytest.mark.parametrize("term", ["Risco Cambial", "risco cambiál", "RISCO CAMBIAL", "cambial risco"])
def test_accents_case_and_order_do_not_matter(term, everything):
    found = wheres(term, everything)
    assert found[0] == "risco_cambial"
    assert {"StateMachine_DAG_gold", "StateMachine_DAG_gold.WriteGold"} <= set(found)


def test_personal_data_is_found_column_by_column(everything):
    personal = {
        f"{c.table}.{column.name}" for c in load_all() for column in c.columns if column.classification == "PII"
    }
    assert set(wheres("PII", everything)[: len(personal)]) == personal
    assert set(wheres("PII", everything, "pii")) == personal
    assert wheres("email", everything, "pii")[0] == "fornecedores.contato_email"


@pytest.mark.parametrize(("kind", "count"), [("pipeline", 1), ("task", 1)])
def test_a_kind_gives_only_that_kind(kind, count, everything):
    found = Finder(everything).ranked("forecast", kind)
    assert [entry.kind for entry in found] == [kind] * count


def test_a_task_is_found_by_what_it_reads(everything):
    assert wheres("fato_pedido_correlacionado", everything, "task") == ["StateMachine_DAG_gold.WriteGold"]


def test_without_a_word_every_entry_of_a_kind_is_found(everything):
    assert wheres("", everything, "pii") == sorted(wheres("pii", everything, "pii"))
    assert wheres(" ", everything, "pipeline") == ["StateMachine_DAG_gold"]
    assert wheres("", everything, "file") == sorted(f"{table}.csv" for table in layers.tables_of("bronze"))


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("importau_gold.agregado_fluxo_de_caixa_mensal", "agregado_fluxo_de_caixa_mensal"),
        ("AGREGADO_FLUXO_DE_CAIXA_MENSAL.parquet", "agregado_fluxo_de_caixa_mensal"),
        ("s3://lake/silver/fato_pedido_correlacionado/", "fato_pedido_correlacionado"),
        ("landing.pedidos", "pedidos.csv"),
        ("pedidos.csv:pedido_id", "pedidos.csv:pedido_id"),
        ("importau_bronze.cambio.taxa_ptax", "cambio.taxa_ptax"),
        ("StateMachine_DAG_gold.WriteGold", "StateMachine_DAG_gold.WriteGold"),
    ],
)
def test_any_name_that_is_printed_anywhere_is_found_first(name, where, everything):
    assert wheres(name, everything)[0] == where


def test_what_is_found_is_what_lineage_takes(everything):
    names = Names(load_all())
    for entry in everything:
        if entry.kind in {"table", "file", "column"}:
            assert names.resolve(entry.where) == entry.where


# ---- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def importau(glue, monkeypatch):
    monkeypatch.setattr(command, "connect", lambda *_: Account(glue, can_search=False))
    return lambda *arguments: CliRunner().invoke(app, ["search", *arguments])


def test_the_answer_is_a_list_best_first_with_why(importau):
    found = json.loads(importau("email do forncedor", "--json").stdout)
    assert [each["points"] for each in found] == sorted((each["points"] for each in found), reverse=True)
    best = found[0]
    assert (best["name"], best["kind"], best["id"], best["owner"]) == (
        "fornecedores.contato_email", "column", "importau_bronze.fornecedores.contato_email", "compras",
    )  # fmt: skip
    assert (best["terms"], best["tags"]) == (["E-mail"], ["PII"])
    assert {why["asked"]: why["how"] for why in best["why"]} == {"email": "same", "forncedor": "glossary"}


def test_what_is_printed_is_bounded_and_says_how_much_more_there_is(importau):
    ran = importau("moeda")
    assert len([line for line in ran.stdout.splitlines() if line.strip()]) == 1 + 12
    assert re.search(r"12 of \d+; more: --limit \d+", ran.output)
    assert len(json.loads(importau("moeda", "--limit", "3", "--json").stdout)) == 3
    every = json.loads(importau("--type", "table", "--json").stdout)
    assert len(every) == len(load_all())


def test_a_word_that_is_nowhere_is_named(importau):
    assert "nowhere: xyzzyx" in importau("cambio xyzzyx").output
    ran = importau("xyzzyx")
    assert (ran.exit_code, "nothing in the catalogue has 'xyzzyx'" in ran.output) == (1, True)
    assert importau("  ").exit_code == 2


def test_why_is_said_in_a_few_words(importau):
    assert "supplier = Fornecedor (glossary); email (name)" in importau("supplier email", "--limit", "1").output
