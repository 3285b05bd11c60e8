-- Pergunta: Quanto se ganhou ou perdeu com o câmbio, por ano e moeda?
-- Colunas:
--   ano: ano do vencimento.
--   moeda: moeda dos compromissos, código ISO 4217.
--   variacao_brl: ganho (positivo) ou perda (negativo), em reais, sem o cancelado.
--   saida_brl: as saídas a que se refere, em reais.
SELECT substr(mes_referencia, 1, 4) AS ano,
       moeda_origem AS moeda,
       sum(variacao_cambial_brl) AS variacao_brl,
       sum(total_saida_brl) AS saida_brl
FROM importau_gold.agregado_fluxo_de_caixa_mensal
WHERE moeda_origem <> 'BRL'
GROUP BY 1, 2
ORDER BY ano, moeda
