-- Pergunta: Quanto está vencido e não pago, e a quem mais se deve?
-- Colunas:
--   credor: nome legal do fornecedor, ou a instituição do empréstimo.
--   tipo: COMPRA ou EMPRESTIMO.
--   moeda: moeda dos compromissos, código ISO 4217.
--   mais_antigo: o vencimento mais antigo.
--   vencido_brl: o que venceu antes da data do pedido mais novo, em reais.
--   total_vencido_brl: tudo o que está vencido, a quem quer que seja, em reais.
SELECT CASE tipo_registro WHEN 'PARCELA_EMPRESTIMO' THEN instituicao_financeira ELSE razao_social END AS credor,
       CASE tipo_registro WHEN 'PARCELA_EMPRESTIMO' THEN 'EMPRESTIMO' ELSE 'COMPRA' END AS tipo,
       moeda_origem AS moeda,
       min(data_vencimento) AS mais_antigo,
       sum(valor_fluxo_brl) AS vencido_brl,
       sum(sum(valor_fluxo_brl)) OVER () AS total_vencido_brl
FROM importau_silver.fato_pedido_correlacionado
WHERE status_pagamento NOT IN ('PAGO', 'CANCELADO')
  AND data_vencimento < (SELECT max(data_pedido) FROM importau_silver.fato_pedido_correlacionado)
GROUP BY 1, 2, 3
ORDER BY vencido_brl DESC, credor, tipo, moeda
