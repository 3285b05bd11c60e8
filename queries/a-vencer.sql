-- Pergunta: Quanto sai do caixa nos próximos 30, 90 e 365 dias?
-- Colunas:
--   dias: quantos dias, contados da data do pedido mais novo, que é o hoje dos dados.
--   ate: o último dia, contado também.
--   compras_brl: o que vence até lá e ainda não foi pago, em reais, sem empréstimos.
--   emprestimos_brl: as parcelas de empréstimos até lá, em reais.
--   total_brl: a soma das duas; o que já está vencido fica fora.
WITH hoje AS (
    SELECT max(data_pedido) AS dia
    FROM importau_silver.fato_pedido_correlacionado
),
prazos AS (
    SELECT prazo.dias, hoje.dia, date_add('day', prazo.dias, hoje.dia) AS ate
    FROM hoje
    CROSS JOIN (VALUES 30, 90, 365) AS prazo (dias)
)
SELECT prazos.dias,
       prazos.ate,
       coalesce(sum(CASE WHEN fato.tipo_registro <> 'PARCELA_EMPRESTIMO' THEN fato.valor_fluxo_brl END), 0) AS compras_brl,
       coalesce(sum(CASE WHEN fato.tipo_registro = 'PARCELA_EMPRESTIMO' THEN fato.valor_fluxo_brl END), 0) AS emprestimos_brl,
       coalesce(sum(fato.valor_fluxo_brl), 0) AS total_brl
FROM prazos
LEFT JOIN importau_silver.fato_pedido_correlacionado AS fato
       ON fato.data_vencimento BETWEEN prazos.dia AND prazos.ate
      AND fato.status_pagamento NOT IN ('PAGO', 'CANCELADO')
GROUP BY prazos.dias, prazos.ate
ORDER BY prazos.dias
