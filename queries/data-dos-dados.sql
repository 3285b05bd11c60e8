-- Pergunta: De quando são os dados: o pedido mais novo e a PTAX mais nova?
-- Colunas:
--   pedido_mais_novo: data do pedido mais novo, que é o hoje dos dados.
--   ptax_mais_nova: dia da cotação mais nova de qualquer moeda.
--   dias_de_atraso: quantos dias a cotação é mais antiga que o pedido; nunca menos que 0.
WITH datas AS (
    SELECT (SELECT max(data_pedido) FROM importau_silver.fato_pedido_correlacionado) AS pedido_mais_novo,
           (SELECT max(data_cotacao) FROM importau_bronze.cambio) AS ptax_mais_nova
)
SELECT pedido_mais_novo,
       ptax_mais_nova,
       greatest(date_diff('day', ptax_mais_nova, pedido_mais_novo), 0) AS dias_de_atraso
FROM datas
ORDER BY pedido_mais_novo
