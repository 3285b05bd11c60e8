"""Which rows of Bronze are behind a row of the fact: by which of their columns they are found from it.

For people who ask why a row is another one; the fact itself is made by `silver.correlation`.
"""

from collections.abc import Mapping
from typing import Final

QUOTATIONS: Final = "cambio"
# An order without payment is valued at the newest quotation of its currency on or before this day.
VALUED_ON: Final = "data_pedido"
# Of each bronze table, its columns and those of the fact that have the same values; several ways are alternatives. An
# order's items and payments are behind all of its rows, since they share each other.
BEHIND: Final[Mapping[str, tuple[Mapping[str, str], ...]]] = {
    "pedidos": ({"pedido_id": "pedido_id"},),
    "itens_pedido": ({"pedido_id": "pedido_id"}, {"item_id": "item_id"}),
    "pagamentos": ({"pedido_id": "pedido_id"}, {"pagamento_id": "pagamento_id"}),
    "produtos": ({"produto_id": "produto_id"},),
    "fornecedores": ({"fornecedor_id": "fornecedor_id"}, {"fornecedor_id": "fornecedor_produto_id"}),
    QUOTATIONS: ({"data_cotacao": "data_ptax", "moeda": "moeda_origem"},),
    "emprestimos": ({"emprestimo_id": "emprestimo_id"},),
}
