"""Facts made row by row: what Gold reads of the fact, with everything that is not given NULL or the plain case."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st
from lakehouse_tables import FACT

from lakehouse.contract.model import load

Row = dict[str, Any]
_PLAIN = {
    "tipo_registro": "PAGAMENTO", "pedido_id": "PED001", "pagamento_id": "PAG001", "categoria": "Têxtil",
    "data_vencimento": date(2024, 3, 10), "mes_referencia": "2024-03", "origem_recurso": "CONTA_CORRENTE_PJ",
    "status_pagamento": "PAGO", "moeda_origem": "USD", "valor_fluxo_brl": Decimal(0),
}  # fmt: skip


def fact_of(rows: Sequence[Row]) -> pa.Table:
    """Make a fact with its contract's schema."""
    schema = load(FACT).schema
    whole = [_PLAIN | row for row in rows]
    return pa.table([pa.array([row.get(f.name) for row in whole], f.type) for f in schema], schema=schema)


def _cents(most: int) -> st.SearchStrategy[Decimal]:
    return st.integers(-most, most).map(lambda cents: Decimal(cents) / 100)


_rates = st.integers(1, 3_000_000_000).map(lambda millionths: Decimal(millionths) / 10**6)
# Two months of one year apart in places, few categories: groups have several rows, and rates that differ.
rows = st.fixed_dictionaries(
    {
        "mes_referencia": st.sampled_from(["2023-12", "2024-01", "2024-02", "2024-05", "2025-11"]),
        "categoria": st.sampled_from(["Têxtil", "Autopeças", None]),
        "moeda_origem": st.sampled_from(["USD", "EUR", "BRL", None]),
        "origem_recurso": st.sampled_from(["CONTA_CORRENTE_PJ", "CARTAO_CREDITO_PJ"]),
        "status_pagamento": st.sampled_from(["PAGO", "PENDENTE", "AGENDADO", "PREVISTO", "CANCELADO"]),
        "tipo_registro": st.sampled_from(["PAGAMENTO", "PEDIDO_SEM_PAGAMENTO", "PARCELA_EMPRESTIMO"]),
        "pedido_id": st.sampled_from(["PED001", "PED002", None]),
        "pagamento_id": st.sampled_from(["PAG001", "PAG002", None]),
        "emprestimo_id": st.sampled_from(["EMP001", "EMP002", None]),
        "quantidade": st.one_of(st.none(), st.integers(0, 9)),
        "valor_item_brl": st.one_of(st.none(), _cents(10**7)),
        "valor_fluxo_brl": _cents(10**7),
        "valor_moeda_origem": st.one_of(st.none(), _cents(10**7)),
        "variacao_cambial_brl": st.one_of(st.none(), _cents(10**6)),
        "taxa_ptax": st.one_of(st.none(), _rates),
    }
)
facts = st.lists(rows, max_size=14).map(fact_of)
