-- Pergunta: O que mais se compra, por categoria?
-- Colunas:
--   categoria: categoria do produto; vazia onde não há item ou produto.
--   pedidos: pedidos distintos.
--   unidades: unidades compradas.
--   valor_itens_brl: valor dos itens em reais, já com os descontos.
--   preco_medio_brl: valor por unidade em reais, arredondado ao centavo; vazio sem unidades.
--   valor_fluxo_brl: o que se paga ou pagará por elas, em reais; a maior categoria vem primeiro.
SELECT categoria,
       count(DISTINCT pedido_id) AS pedidos,
       sum(quantidade) AS unidades,
       sum(valor_item_brl) AS valor_itens_brl,
       CAST(sum(valor_item_brl) / nullif(sum(quantidade), 0) AS decimal(18, 2)) AS preco_medio_brl,
       sum(valor_fluxo_brl) AS valor_fluxo_brl
FROM importau_silver.fato_pedido_correlacionado
WHERE tipo_registro <> 'PARCELA_EMPRESTIMO' AND status_pagamento <> 'CANCELADO'
GROUP BY categoria
ORDER BY valor_fluxo_brl DESC NULLS LAST, categoria NULLS LAST
