"""The words of the business by which rows are told apart; the contracts say which of them a column may have."""

from typing import Final

# moeda_origem: what is in reais has no exchange rate.
BRL: Final = "BRL"

# tipo_registro: what kind of commitment a row of the fact is part of.
PAGAMENTO: Final = "PAGAMENTO"
PAGAMENTO_SEM_PEDIDO: Final = "PAGAMENTO_SEM_PEDIDO"
PARCELA_EMPRESTIMO: Final = "PARCELA_EMPRESTIMO"
PEDIDO_SEM_PAGAMENTO: Final = "PEDIDO_SEM_PAGAMENTO"

# status_pagamento; an order can be cancelled as well.
PAGO: Final = "PAGO"
PENDENTE: Final = "PENDENTE"
AGENDADO: Final = "AGENDADO"
PREVISTO: Final = "PREVISTO"
CANCELADO: Final = "CANCELADO"

# status of a loan: nothing of it is left to pay.
QUITADO: Final = "QUITADO"

# metodo_pagamento: the method that goes in instalments.
CARTAO_CREDITO: Final = "CARTAO_CREDITO"
