-- Pergunta: A que dez fornecedores se paga mais, e por quantos pedidos?
-- Colunas:
--   fornecedor_id: identificador do fornecedor.
--   razao_social: nome legal.
--   pais: país do fornecedor.
--   pedidos: pedidos distintos, sem os cancelados.
--   total_brl: tudo o que se paga ou pagará a ele, em reais, sem o cancelado.
SELECT fornecedor_id,
       max(razao_social) AS razao_social,
       max(pais_origem) AS pais,
       count(DISTINCT pedido_id) AS pedidos,
       sum(valor_fluxo_brl) AS total_brl
FROM importau_silver.fato_pedido_correlacionado
WHERE tipo_registro <> 'PARCELA_EMPRESTIMO' AND status_pagamento <> 'CANCELADO'
GROUP BY fornecedor_id
ORDER BY total_brl DESC, fornecedor_id
LIMIT 10
