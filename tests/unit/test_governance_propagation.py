"""Classification follows column lineage: what is made of personal data is declared or masked, in every layer below."""

import dataclasses

import pytest
from lakehouse_tables import CASH_FLOW, FACT

from governance.propagation import undeclared
from lakehouse.contract.model import load_all

EMAIL = "importau_bronze.fornecedores.contato_email"
CNPJ = "importau_bronze.fornecedores.cnpj"
NAME = "importau_silver.fato_pedido_correlacionado.razao_social"


def with_column(contracts, table, column, **changes):
    """Return the contracts with one column of one of them changed."""
    return [
        dataclasses.replace(
            contract,
            columns=tuple(dataclasses.replace(c, **changes) if c.name == column else c for c in contract.columns),
        )
        if contract.table == table
        else contract
        for contract in contracts
    ]


def test_the_contracts_pass():
    assert load_all()
    assert undeclared(load_all()) == []


@pytest.mark.parametrize(("source", "classification"), [(EMAIL, "PII"), (CNPJ, "confidential")])
def test_a_silver_column_made_of_a_sensitive_one_is_named(source, classification):
    [problem] = undeclared(with_column(load_all(), FACT, "razao_social", sources=(source,)))
    assert problem.startswith(f"{NAME}: vem de {source}, que é {classification}; classifique")


@pytest.mark.parametrize("change", [{"masked": True}, {"classification": "PII"}])
def test_masked_or_declared_it_passes(change):
    assert undeclared(with_column(load_all(), FACT, "razao_social", sources=(EMAIL,), **change)) == []


def test_a_weaker_classification_is_not_enough_and_a_stronger_one_is():
    def judged(source, classification):
        return undeclared(
            with_column(load_all(), FACT, "razao_social", sources=(source,), classification=classification)
        )

    assert len(judged(EMAIL, "confidential")) == 1
    assert judged(CNPJ, "PII") == []


def test_the_most_sensitive_source_decides():
    [problem] = undeclared(with_column(load_all(), FACT, "razao_social", sources=(CNPJ, EMAIL)))
    assert EMAIL in problem


def test_a_source_that_only_decides_counts_too():
    indirect = {"sources": (EMAIL,), "decides": {EMAIL: ("JOIN",)}}
    assert len(undeclared(with_column(load_all(), FACT, "razao_social", **indirect))) == 1


def test_what_silver_forgets_is_found_above_it_too_whatever_the_order_of_the_contracts():
    contracts = with_column(load_all(), FACT, "razao_social", sources=(EMAIL,))
    contracts = with_column(contracts, CASH_FLOW, "origem_recurso", sources=(NAME,))
    problems = undeclared(reversed(contracts))
    assert [problem.partition(":")[0] for problem in problems] == [
        NAME, "importau_gold.agregado_fluxo_de_caixa_mensal.origem_recurso",
        "importau_ml.previsao_fluxo_de_caixa.comprometido_emprestimos_brl",
    ]  # fmt: skip


def test_what_silver_masks_is_free_in_gold():
    contracts = with_column(load_all(), FACT, "razao_social", sources=(EMAIL,), masked=True)
    assert undeclared(with_column(contracts, CASH_FLOW, "origem_recurso", sources=(NAME,))) == []


@pytest.mark.parametrize("source", ["importau_bronze.fornecedores.nada", "importau_bronze.clientes.nome"])
def test_a_source_that_does_not_exist_is_named_and_never_a_crash(source):
    [problem] = undeclared(with_column(load_all(), FACT, "razao_social", sources=(source,)))
    assert problem == f"{NAME}: declara a origem {source}, que não é coluna de nenhum contrato"
