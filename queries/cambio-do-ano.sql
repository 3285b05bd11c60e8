-- Pergunta: Quanto se ganhou ou perdeu com o câmbio este ano?
-- Colunas:
--   ano: o ano do pedido mais novo.
--   ate_mes: o último mês contado, que é o do pedido mais novo, AAAA-MM.
--   variacao_brl: ganho (positivo) ou perda (negativo) do que venceu no ano até esse mês, em reais.
--   depois_brl: ganho ou perda do que vence depois, em reais.
WITH hoje AS (
    SELECT substr(CAST(max(data_pedido) AS varchar), 1, 7) AS mes
    FROM importau_silver.fato_pedido_correlacionado
)
SELECT substr(hoje.mes, 1, 4) AS ano,
       hoje.mes AS ate_mes,
       coalesce(sum(CASE WHEN fluxo.mes_referencia BETWEEN concat(substr(hoje.mes, 1, 4), '-01') AND hoje.mes
                         THEN fluxo.variacao_cambial_brl END), 0) AS variacao_brl,
       coalesce(sum(CASE WHEN fluxo.mes_referencia > hoje.mes THEN fluxo.variacao_cambial_brl END), 0) AS depois_brl
FROM hoje
CROSS JOIN importau_gold.agregado_fluxo_de_caixa_mensal AS fluxo
GROUP BY hoje.mes
ORDER BY ano
