-- Pergunta: Quanto vence de empréstimos em cada ano, por instituição?
-- Colunas:
--   ano: ano do vencimento.
--   instituicao: quem emprestou.
--   parcelas: número de parcelas.
--   total_brl: soma das parcelas, em reais.
SELECT year(data_vencimento) AS ano,
       instituicao_financeira AS instituicao,
       count(*) AS parcelas,
       sum(valor_fluxo_brl) AS total_brl
FROM importau_silver.fato_pedido_correlacionado
WHERE tipo_registro = 'PARCELA_EMPRESTIMO'
GROUP BY 1, 2
ORDER BY ano, instituicao
