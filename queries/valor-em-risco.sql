-- Pergunta: Quanto se pode perder com o câmbio até o vencimento, com 95 % de confiança (VaR)?
-- Colunas:
--   moeda: moeda dos compromissos, código ISO 4217; vazia na carteira, que são todas juntas.
--   exposicao_brl: o que está em aberto, em reais à última PTAX.
--   var_95_ewma_brl: a perda que só 5 % dos casos passam, em reais, pela volatilidade recente; vazia sem número honesto.
--   var_95_historico_brl: a mesma perda, em reais, pelos dias do histórico; vazia sem número honesto.
--   motivo: por que não há número.
SELECT moeda_origem AS moeda,
       exposicao_brl,
       var_95_ewma_brl,
       var_95_historico_brl,
       motivo
FROM importau_ml.risco_cambial
WHERE mes_vencimento IS NULL
ORDER BY moeda NULLS FIRST
