-- Pergunta: Que pedidos ainda não têm nenhum pagamento, e quanto valem?
-- Colunas:
--   pedido_id: o pedido.
--   vencimento: dia em que vence.
--   situacao: situação do pedido.
--   razao_social: nome legal do fornecedor.
--   valor_brl: quanto se espera pagar, em reais.
SELECT pedido_id,
       max(data_vencimento) AS vencimento,
       max(status_pedido) AS situacao,
       max(razao_social) AS razao_social,
       sum(valor_fluxo_brl) AS valor_brl
FROM importau_silver.fato_pedido_correlacionado
WHERE tipo_registro = 'PEDIDO_SEM_PAGAMENTO' AND status_pagamento <> 'CANCELADO'
GROUP BY pedido_id
ORDER BY vencimento, pedido_id
