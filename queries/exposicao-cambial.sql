-- Pergunta: Quanto ainda se deve em cada moeda estrangeira, e quanto é isso em reais à última PTAX?
-- Colunas:
--   moeda: moeda dos compromissos, código ISO 4217.
--   em_aberto: o que está em aberto, nessa moeda.
--   data_ptax: dia da última cotação da moeda.
--   taxa_ptax: reais por unidade da moeda nesse dia.
--   em_aberto_brl: o mesmo em reais a essa taxa; cada mês de vencimento é arredondado ao centavo e depois somado.
--   todas_brl: todas as moedas que têm cotação, em reais.
WITH ultima AS (
    SELECT moeda, max(data_cotacao) AS data_ptax
    FROM importau_bronze.cambio
    GROUP BY moeda
),
por_mes AS (
    SELECT moeda_origem AS moeda, mes_referencia, sum(exposicao_moeda_origem) AS em_aberto
    FROM importau_gold.agregado_fluxo_de_caixa_mensal
    WHERE moeda_origem <> 'BRL'
    GROUP BY moeda_origem, mes_referencia
)
SELECT por_mes.moeda,
       sum(por_mes.em_aberto) AS em_aberto,
       ultima.data_ptax,
       cambio.taxa_ptax,
       sum(CAST(por_mes.em_aberto * cambio.taxa_ptax AS decimal(18, 2))) AS em_aberto_brl,
       sum(sum(CAST(por_mes.em_aberto * cambio.taxa_ptax AS decimal(18, 2)))) OVER () AS todas_brl
FROM por_mes
LEFT JOIN ultima ON ultima.moeda = por_mes.moeda
LEFT JOIN importau_bronze.cambio AS cambio
       ON cambio.moeda = ultima.moeda AND cambio.data_cotacao = ultima.data_ptax
WHERE por_mes.em_aberto > 0
GROUP BY por_mes.moeda, ultima.data_ptax, cambio.taxa_ptax
ORDER BY em_aberto_brl DESC NULLS LAST, moeda
