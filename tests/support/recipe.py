"""The recipes of CONTRIBUTING, followed in a copy of the project: an eighth CSV, and a column of Gold.

What a person writes by hand is written here, file by file; everything else comes of commands.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

CONTRACT: Final = """\
apiVersion: v3.1.0
kind: DataContract
id: importau-fretes
version: 1.0.0
status: active
name: fretes
domain: compras
dataProduct: Logística
description:
  purpose: Fretes tipados e limpos, um por pedido embarcado.
  limitations: Pedidos em casa não têm frete.
  usage: Leia a versão mais nova do lago; o arquivo que nenhuma versão nomeia não foi publicado.
tags:
  - Supporting Domain
  - Logística
servers:
  - server: lakehouse
    type: s3
    description: A versão publicada; o nome do bucket é o da conta.
    location: s3://importau-lakehouse-*/bronze/fretes/run=*/*.parquet
    format: parquet
  - server: catalogo
    type: glue
    description: A tabela no catálogo; a conta é a de quem instala.
    account: '*'
    database: importau_bronze
    location: s3://importau-lakehouse-*/bronze/fretes/run=*/
    format: parquet
customProperties:
  - property: foundBy
    description: Buscas que têm de encontrá-la.
    value:
      - frete marítimo
schema:
  - name: fretes
    physicalName: fretes
    businessName: Fretes
    physicalType: table
    logicalType: object
    description: Os fretes dos pedidos embarcados, como a logística os exporta, por frete marítimo ou aéreo.
    tags:
      - Supporting Domain
      - Logística
    properties:
      - name: frete_id
        businessName: Frete
        logicalType: string
        physicalType: string
        description: Identifica o frete.
        primaryKey: true
        primaryKeyPosition: 1
        required: true
      - name: pedido_id
        businessName: Pedido
        logicalType: string
        physicalType: string
        description: O pedido embarcado.
        required: true
      - name: modal
        businessName: Modal
        logicalType: string
        physicalType: string
        description: Por onde vai a carga.
        quality:
          - name: modal_no_dominio
            description: modal é um dos valores do domínio.
            type: library
            metric: invalidValues
            mustBe: 0
            dimension: conformity
            severity: error
            arguments:
              validValues:
                - MARITIMO
                - AEREO
      - name: valor_frete_brl
        businessName: Frete (R$)
        logicalType: number
        physicalType: decimal(18,2)
        description: O que o frete custa, em reais.
        required: true
        quality:
          - name: valor_frete_nao_negativo
            description: valor_frete_brl não é negativo.
            type: sql
            query: SELECT COUNT(*) FROM fretes WHERE valor_frete_brl < 0
            mustBe: 0
            dimension: conformity
            severity: error
    quality:
      - name: contabilidade_de_linhas
        description: Toda linha lida foi mantida ou posta em quarentena.
        type: sql
        query: |-
          SELECT COALESCE(
              NULLIF(ABS(linhas_lidas - mantidas - postas - linhas_substituidas), 0),
              ABS(linhas_mantidas - mantidas) + ABS(linhas_em_quarentena - postas)
          )
          FROM contabilidade
          CROSS JOIN (SELECT COUNT(*) AS mantidas FROM fretes) AS tabela_gravada
          CROSS JOIN (SELECT COUNT(*) AS postas FROM quarentena WHERE tabela = 'fretes') AS quarentena_gravada
          WHERE tabela = 'fretes'
        mustBe: 0
        dimension: completeness
        severity: error
      - name: linhas_em_quarentena
        description: Linhas que a camada pôs em quarentena; o relatório diz por quê.
        type: sql
        query: SELECT COUNT(*) FROM quarentena WHERE tabela = 'fretes'
        mustBe: 0
        dimension: completeness
        severity: warning
team:
  name: compras
  description: Responde pelo conteúdo, pelas regras e pelos prazos desta tabela.
slaProperties:
  - id: freshness
    property: freshness
    value: 24
    unit: h
    description: Idade máxima do que a tabela lê, quando é auditada.
  - id: retention
    property: retention
    value: 5
    unit: y
    description: Guarda dos dados publicados.
"""
SYNTHETIC: Final = '''\
"""What it costs to bring orders here: ``fretes``."""

import pyarrow as pa

from bronze.synthetic.drawing import Random, evenly
from bronze.synthetic.reference import Arrays, keys
from lakehouse.engine.money import from_units


def freights(rng: Random, orders: pa.Array) -> Arrays:
    """Return ``fretes``, one an order."""
    return {
        "frete_id": keys("FRE", len(orders)),
        "pedido_id": orders,
        "modal": evenly(rng, ("MARITIMO", "AEREO"), len(orders)),
        "valor_frete_brl": from_units(rng.integers(100_00, 9_000_00, len(orders))),
    }
'''
SAMPLE: Final = '''\
"""What it costs to bring orders here."""

import pandas as pd

from bronze.synthetic.drawing import Random
from bronze.synthetic.reference import keys


def freights(rng: Random, orders: pd.DataFrame) -> pd.DataFrame:
    """Return ``fretes``, one of each third order."""
    shipped = orders["pedido_id"].iloc[::3]
    return pd.DataFrame({
        "frete_id": keys("FRE", len(shipped)).to_pylist(),
        "pedido_id": shipped.tolist(),
        "modal": rng.choice(["MARITIMO", "AEREO"], len(shipped)),
        "valor_frete_brl": rng.integers(100_00, 9_000_00, len(shipped)),
    })
'''
COLUMN: Final = """\
      - name: saida_em_aberto_brl
        businessName: Em aberto (R$)
        logicalType: number
        physicalType: decimal(18,2)
        description: O que do mês ainda não foi pago, em reais; sem o cancelado.
        required: true
        transformSourceObjects:
          - importau_silver.fato_pedido_correlacionado.valor_fluxo_brl
        transformLogic: Soma de valor_fluxo_brl nem PAGO nem CANCELADO.
        customProperties:
          - property: indirectSources
            value:
              GROUP_BY:
                - importau_silver.fato_pedido_correlacionado.mes_referencia
                - importau_silver.fato_pedido_correlacionado.origem_recurso
                - importau_silver.fato_pedido_correlacionado.moeda_origem
              CONDITIONAL:
                - importau_silver.fato_pedido_correlacionado.status_pagamento
        quality:
          - name: em_aberto_confere
            description: O que está em aberto é o total sem o pago.
            type: sql
            query: |-
              SELECT COUNT(*)
              FROM agregado_fluxo_de_caixa_mensal
              WHERE total_saida_brl <> saida_paga_brl + saida_em_aberto_brl
            mustBe: 0
            dimension: accuracy
            severity: error
"""
# Where a file of the project is changed: after which text what is put.
Changes = Mapping[str, tuple[tuple[str, str], ...]]
NEW_TABLE: Final[Changes] = {
    "glue/contracts/bronze/fretes.odcs.yaml": (("", CONTRACT),),
    "functions/bronze/synthetic/freights.py": (("", SYNTHETIC),),
    "functions/bronze/synthetic/company.py": (
        ("dates, evenly, one_in, percentages, weighted, words\n", "from bronze.synthetic.freights import freights\n"),
        ("loans(next(streams), 30 + growth, days),\n", '        "fretes": freights(next(streams), book.keys),\n'),
    ),
    "cli/sample/freights.py": (("", SAMPLE),),
    "cli/sample/company.py": (
        (
            "from cli.sample import business, exchange, orders, reference\n",
            "from cli.sample.freights import freights\n",
        ),
        ('"cambio": cambio, "emprestimos": emprestimos,', ' "fretes": freights(next(streams), pedidos),'),
    ),
}
# What of a month is not paid yet.
NEW_COLUMN: Final[Changes] = {
    "glue/contracts/gold/agregado_fluxo_de_caixa_mensal.odcs.yaml": (
        (
            "              WHERE total_saida_brl <> saida_paga_brl + saida_pendente_brl + saida_agendada_brl + "
            "saida_prevista_brl\n            mustBe: 0\n            dimension: accuracy\n            severity: error\n",
            COLUMN,
        ),
    ),
    "functions/gold/cash_flow.py": (
        ('        "total_saida_brl": total,\n', '        "saida_em_aberto_brl": total - outflows["saida_paga_brl"],\n'),
    ),
    "tests/support/naive.py": (
        (
            '                "total_saida_brl": sum(by_status.values()),\n',
            '                "saida_em_aberto_brl": sum(by_status.values()) - by_status["saida_paga_brl"],\n',
        ),
    ),
    "tests/unit/test_contracts.py": (("cancelado_brl, total_saida_brl,", " saida_em_aberto_brl,"),),
}


def follow(project: Path, changes: Changes) -> list[str]:
    """Write what a recipe says into a project; return the files that were written."""
    for name, insertions in changes.items():
        file = project / name
        text = file.read_text("utf-8") if file.exists() else ""
        for after, added in insertions:
            assert text.count(after) == 1 or not after, f"{name} has no single {after!r}"
            text = text.replace(after, after + added) if after else text + added
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return list(changes)
