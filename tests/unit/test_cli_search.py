"""Searching the catalogue: what is found, in which order, and from where the entries come."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from cli.contents.catalogue import Entry, entries, plain, ranked
from lakehouse.contract.model import load_all
from lakehouse.lake.catalogue import Catalog, GlueColumn, GlueTable, table_of
from lakehouse.lake.layout import GOVERNANCE_DATABASE

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
        for database in ("bronze", "silver", "gold", "governanca"):
            client.create_database(DatabaseInput={"Name": f"importau_{database}"})
        catalog = Catalog(client)
        for contract in load_all():
            catalog.register(table_of(contract, "lake", {}))
        catalog.register(PIPELINE)
        yield client


@pytest.fixture
def everything(glue):
    return entries(Account(glue, can_search=False))


def wheres(term, everything, kind=None):
    return [entry.where for entry in ranked(term, everything, kind)]


def test_an_account_with_search_tables_and_one_without_give_the_same_entries(glue):
    with_search, without = Account(glue, can_search=True), Account(glue, can_search=False)
    assert entries(with_search) == entries(without)
    assert (with_search.searched > 4, without.searched) == (True, 1)


def test_another_error_of_search_tables_is_not_hidden(glue):
    class Denied(Account):
        def search_tables(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "SearchTables")

    with pytest.raises(ClientError, match="AccessDenied"):
        entries(Denied(glue, can_search=True))


@pytest.mark.parametrize("term", ["Risco Cambial", "risco cambiál", "RISCO CAMBIAL", "cambial risco"])
def test_accents_case_and_order_do_not_matter(term, everything):
    found = wheres(term, everything)
    assert found[0] == "importau_gold.agregado_ml_forecast_risco_cambial"
    assert {"StateMachine_DAG_gold", "StateMachine_DAG_gold.WriteGold"} <= set(found)


def test_every_word_must_be_found_and_the_name_counts_most(everything):
    assert wheres("fluxo caixa", everything)[0] == "importau_gold.agregado_fluxo_de_caixa_mensal"
    assert wheres("fluxo zebra", everything) == []


def test_personal_data_is_found_column_by_column(everything):
    personal = {
        f"{c.database}.{c.table}.{column.name}"
        for c in load_all()
        for column in c.columns
        if column.classification == "PII"
    }
    assert set(wheres("PII", everything)[: len(personal)]) == personal
    assert set(wheres("PII", everything, "pii")) == personal
    assert wheres("email", everything, "pii") == ["importau_bronze.fornecedores.contato_email"]


@pytest.mark.parametrize(("kind", "count"), [("pipeline", 1), ("task", 1)])
def test_a_kind_gives_only_that_kind(kind, count, everything):
    found = ranked("forecast", everything, kind)
    assert [entry.kind for entry in found] == [kind] * count


def test_a_task_is_found_by_what_it_reads(everything):
    assert wheres("fato_pedido_correlacionado", everything, "task") == ["StateMachine_DAG_gold.WriteGold"]


@given(st.lists(st.sampled_from(["câmbio", "taxa", "PTAX", "pedido"]), min_size=1, max_size=4), st.randoms())
def test_the_order_of_entries_and_words_changes_nothing(words, random):
    among = [
        Entry("column", f"t.{n}", name, name) for n, name in enumerate(["taxa_ptax", "cambio", "pedido_id", "taxa"])
    ]
    shuffled = list(among)
    random.shuffle(shuffled)
    assert ranked(" ".join(words), shuffled) == ranked(" ".join(reversed(words)), among)
    assert json.dumps(plain("Câmbio_TAXA")) == '"cambio taxa"'


def test_without_a_word_every_entry_of_a_kind_is_found(everything):
    assert wheres("", everything, "pii") == wheres("pii", everything, "pii")
    assert wheres(" ", everything, "pipeline") == ["StateMachine_DAG_gold"]


def test_the_whole_name_as_it_is_printed_finds_it_first(everything):
    for entry in everything:
        assert wheres(entry.where.upper(), everything)[0] == entry.where
