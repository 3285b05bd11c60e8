-- Pergunta: De onde sai o dinheiro: cartão, conta corrente ou empréstimo?
-- Colunas:
--   origem: de onde o dinheiro sai.
--   total_brl: total das saídas, em reais, sem o cancelado.
--   parte_pct: a parte de todas as saídas, em por cento.
SELECT origem_recurso AS origem,
       sum(total_saida_brl) AS total_brl,
       CAST(100 * sum(total_saida_brl) / sum(sum(total_saida_brl)) OVER () AS decimal(5, 2)) AS parte_pct
FROM importau_gold.agregado_fluxo_de_caixa_mensal
GROUP BY origem_recurso
ORDER BY total_brl DESC, origem
