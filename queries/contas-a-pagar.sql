-- Pergunta: O que vence e ainda não foi pago, por mês e situação?
-- Colunas:
--   mes: mês do vencimento, AAAA-MM.
--   situacao: PENDENTE, AGENDADO ou PREVISTO.
--   compromissos: pagamentos, pedidos sem pagamento e parcelas de empréstimos.
--   total_brl: quanto vence, em reais.
SELECT mes_referencia AS mes,
       status_pagamento AS situacao,
       count(DISTINCT coalesce(pagamento_id, emprestimo_id, pedido_id)) AS compromissos,
       sum(valor_fluxo_brl) AS total_brl
FROM importau_silver.fato_pedido_correlacionado
WHERE status_pagamento IN ('PENDENTE', 'AGENDADO', 'PREVISTO')
GROUP BY mes_referencia, status_pagamento
ORDER BY mes, situacao
