-- Pergunta: Quanto custa a mais se o dólar, ou todas as moedas, subirem 10 %?
-- Colunas:
--   moeda: moeda dos compromissos, código ISO 4217.
--   em_aberto_brl: o que está em aberto nela, em reais à última PTAX, como em exposicao-cambial.
--   alta_10_brl: quanto custa a mais se ela subir 10 %, em reais, arredondado ao centavo.
--   todas_alta_10_brl: quanto custa a mais se todas subirem 10 %, em reais.
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
),
em_reais AS (
    SELECT por_mes.moeda,
           sum(CAST(por_mes.em_aberto * cambio.taxa_ptax AS decimal(18, 2))) AS em_aberto_brl
    FROM por_mes
    LEFT JOIN ultima ON ultima.moeda = por_mes.moeda
    LEFT JOIN importau_bronze.cambio AS cambio
           ON cambio.moeda = ultima.moeda AND cambio.data_cotacao = ultima.data_ptax
    WHERE por_mes.em_aberto > 0
    GROUP BY por_mes.moeda
)
SELECT moeda,
       em_aberto_brl,
       CAST(em_aberto_brl * decimal '0.10' AS decimal(18, 2)) AS alta_10_brl,
       CAST(sum(em_aberto_brl) OVER () * decimal '0.10' AS decimal(18, 2)) AS todas_alta_10_brl
FROM em_reais
ORDER BY em_aberto_brl DESC NULLS LAST, moeda
