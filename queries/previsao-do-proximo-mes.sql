-- Pergunta: Quanto está comprometido e quanto se prevê para o próximo mês, com que intervalo?
-- Colunas:
--   mes: o mês depois do mês do pedido mais novo, AAAA-MM.
--   comprometido_brl: o que o lago já tem para o mês, em reais, sem empréstimos.
--   previsto_brl: o que se espera do mês, em reais, sem empréstimos; vazio sem número honesto.
--   inferior_90_brl: limite inferior do intervalo de 90 %, em reais.
--   superior_90_brl: limite superior do intervalo de 90 %, em reais.
--   metodo: como foi previsto.
--   motivo: por que não há número.
WITH proximo AS (
    SELECT date_add('month', 1, date_trunc('month', max(data_pedido))) AS dia
    FROM importau_silver.fato_pedido_correlacionado
)
SELECT previsao.mes_referencia AS mes,
       previsao.comprometido_brl,
       previsao.previsto_brl,
       previsao.inferior_90_brl,
       previsao.superior_90_brl,
       previsao.metodo,
       previsao.motivo
FROM importau_ml.previsao_fluxo_de_caixa AS previsao
JOIN proximo ON previsao.mes_referencia = substr(CAST(proximo.dia AS varchar), 1, 7)
WHERE previsao.categoria IS NULL AND previsao.moeda_origem IS NULL
ORDER BY mes
