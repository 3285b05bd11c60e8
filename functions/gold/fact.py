"""What both aggregates ask of the fact."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.money import Mask

BRL: Final = "BRL"
PAID: Final = "PAGO"
CANCELLED: Final = "CANCELADO"

# What the aggregates read; everything else of the fact stays on disk.
COLUMNS: Final = (
    "tipo_registro",
    "pedido_id",
    "pagamento_id",
    "emprestimo_id",
    "mes_referencia",
    "status_pagamento",
    "origem_recurso",
    "categoria",
    "moeda_origem",
    "quantidade",
    "valor_item_brl",
    "valor_fluxo_brl",
    "valor_moeda_origem",
    "taxa_ptax",
    "variacao_cambial_brl",
)
ENCODED: Final = (
    "tipo_registro",
    "mes_referencia",
    "status_pagamento",
    "origem_recurso",
    "categoria",
    "moeda_origem",
)


def equals(column: pa.ChunkedArray, value: str) -> Mask:
    """Return where a column has a value; False where it is NULL."""
    return np.asarray(pc.fill_null(pc.equal(column, value), False).to_numpy(), bool)


def is_exposed(fact: pa.Table) -> Mask:
    """Return the rows whose foreign value is still open: neither paid nor cancelled, and not in BRL."""
    status, currency = fact["status_pagamento"], fact["moeda_origem"]
    foreign = ~equals(currency, BRL) & np.asarray(currency.is_valid().to_numpy())
    return np.asarray(foreign & ~equals(status, PAID) & ~equals(status, CANCELLED))
