-- Pergunta: Quanto, ao todo, está pago, pendente, agendado e previsto?
-- Colunas:
--   pago_brl: já pago, em reais.
--   pendente_brl: vencido ou a vencer e não pago, em reais.
--   agendado_brl: agendado, parcelas de empréstimos inclusive, em reais.
--   previsto_brl: de pedidos que ainda não têm pagamento, em reais.
--   total_brl: a soma dos quatro, em reais; o que foi cancelado fica fora.
SELECT sum(saida_paga_brl) AS pago_brl,
       sum(saida_pendente_brl) AS pendente_brl,
       sum(saida_agendada_brl) AS agendado_brl,
       sum(saida_prevista_brl) AS previsto_brl,
       sum(total_saida_brl) AS total_brl
FROM importau_gold.agregado_fluxo_de_caixa_mensal
ORDER BY total_brl
