-- Pergunta: Quanto se paga de empréstimos no próximo mês?
-- Colunas:
--   mes: o mês depois do mês do pedido mais novo, AAAA-MM.
--   parcelas: número de parcelas que vencem nele.
--   total_brl: a soma delas, em reais.
WITH proximo AS (
    SELECT date_add('month', 1, date_trunc('month', max(data_pedido))) AS dia
    FROM importau_silver.fato_pedido_correlacionado
)
SELECT substr(CAST(proximo.dia AS varchar), 1, 7) AS mes,
       count(fato.valor_fluxo_brl) AS parcelas,
       coalesce(sum(fato.valor_fluxo_brl), 0) AS total_brl
FROM proximo
LEFT JOIN importau_silver.fato_pedido_correlacionado AS fato
       ON fato.mes_referencia = substr(CAST(proximo.dia AS varchar), 1, 7)
      AND fato.tipo_registro = 'PARCELA_EMPRESTIMO'
      AND fato.status_pagamento <> 'CANCELADO'
GROUP BY proximo.dia
ORDER BY mes
