"""The values of the business by which code distinguishes rows; the contracts list those that a column may have."""

from typing import Final

# moeda_origem: an amount in reais has no exchange rate.
BRL: Final = "BRL"

# tipo_registro: the kind of commitment that a row of the fact is a share of.
PAGAMENTO: Final = "PAGAMENTO"
PAGAMENTO_SEM_PEDIDO: Final = "PAGAMENTO_SEM_PEDIDO"
PARCELA_EMPRESTIMO: Final = "PARCELA_EMPRESTIMO"
PEDIDO_SEM_PAGAMENTO: Final = "PEDIDO_SEM_PAGAMENTO"

# status_pagamento; CANCELADO is a status of orders as well.
PAGO: Final = "PAGO"
PENDENTE: Final = "PENDENTE"
AGENDADO: Final = "AGENDADO"
PREVISTO: Final = "PREVISTO"
CANCELADO: Final = "CANCELADO"

# status of a loan: nothing is left to pay.
QUITADO: Final = "QUITADO"

# origem_recurso: where the money of a loan's instalment comes from.
EMPRESTIMO_PJ: Final = "EMPRESTIMO_PJ"

# metodo_pagamento: the method that pays in instalments.
CARTAO_CREDITO: Final = "CARTAO_CREDITO"
