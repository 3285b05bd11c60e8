-- Pergunta: Quanto sai este mês, e quanto saiu no mesmo mês do ano anterior?
-- Colunas:
--   mes: o mês do pedido mais novo, AAAA-MM.
--   total_brl: tudo o que vence nele, em reais, pago ou não.
--   mes_anterior: o mesmo mês, um ano antes, AAAA-MM.
--   total_anterior_brl: tudo o que venceu nele, em reais.
--   diferenca_brl: quanto é a mais (positivo) ou a menos (negativo), em reais.
WITH hoje AS (
    SELECT substr(CAST(max(data_pedido) AS varchar), 1, 7) AS mes,
           substr(CAST(date_add('year', -1, date_trunc('month', max(data_pedido))) AS varchar), 1, 7) AS mes_anterior
    FROM importau_silver.fato_pedido_correlacionado
),
totais AS (
    SELECT hoje.mes,
           hoje.mes_anterior,
           coalesce(sum(CASE WHEN fluxo.mes_referencia = hoje.mes THEN fluxo.total_saida_brl END), 0) AS total_brl,
           coalesce(sum(CASE WHEN fluxo.mes_referencia = hoje.mes_anterior THEN fluxo.total_saida_brl END), 0)
               AS total_anterior_brl
    FROM hoje
    CROSS JOIN importau_gold.agregado_fluxo_de_caixa_mensal AS fluxo
    GROUP BY hoje.mes, hoje.mes_anterior
)
SELECT mes, total_brl, mes_anterior, total_anterior_brl, total_brl - total_anterior_brl AS diferenca_brl
FROM totais
ORDER BY mes
