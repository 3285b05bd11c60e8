-- Pergunta: Em quantos dias se paga, em média, por meio de pagamento?
-- Colunas:
--   meio: meio de pagamento combinado no pedido.
--   pedidos: pedidos, sem os cancelados.
--   prazo_medio_dias: média simples dos prazos, em dias, com duas casas.
--   total_brl: valor desses pedidos, em reais.
SELECT tipo_pagamento AS meio,
       count(*) AS pedidos,
       avg(CAST(prazo_dias AS decimal(9, 2))) AS prazo_medio_dias,
       sum(valor_total_brl) AS total_brl
FROM importau_bronze.pedidos
WHERE status <> 'CANCELADO'
GROUP BY tipo_pagamento
ORDER BY total_brl DESC, meio
