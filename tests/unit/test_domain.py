"""The words of the business are those that the contracts allow."""

import pytest
from lakehouse_tables import FACT

from lakehouse import domain
from lakehouse.contract.model import load


def allowed(table, column):
    """Return the values that a contract allows in a column."""
    rules = [rule for rule in load(table).rules if rule.column == column and rule.metric == "invalidValues"]
    return {value for rule in rules for value in (rule.arguments or {}).get("validValues", ())}


def test_a_row_of_the_fact_is_of_one_of_the_four_kinds():
    kinds = {
        domain.PAGAMENTO, domain.PAGAMENTO_SEM_PEDIDO, domain.PARCELA_EMPRESTIMO, domain.PEDIDO_SEM_PAGAMENTO,
    }  # fmt: skip
    assert allowed(FACT, "tipo_registro") == kinds


def test_the_fact_has_every_status_of_a_payment_and_no_other():
    statuses = {domain.PAGO, domain.PENDENTE, domain.AGENDADO, domain.PREVISTO, domain.CANCELADO}
    assert allowed(FACT, "status_pagamento") == statuses


@pytest.mark.parametrize(
    ("table", "column", "word"),
    [
        ("pedidos", "status", domain.CANCELADO),
        ("pedidos", "tipo_pagamento", domain.CARTAO_CREDITO),
        ("pagamentos", "status_pagamento", domain.CANCELADO),
        ("pagamentos", "metodo_pagamento", domain.CARTAO_CREDITO),
        ("emprestimos", "status", domain.QUITADO),
    ],
)
def test_a_word_that_code_decides_by_can_be_exported(table, column, word):
    assert word in allowed(table, column)
