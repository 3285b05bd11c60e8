"""The tables as tests name them: those there are by layer, as their contracts say, and the three that are asked for."""

from typing import Final

from lakehouse.contract import layers
from lakehouse.contract.model import inputs_of

TABLES: Final = {layer: layers.tables_of(layer) for layer in layers.LAYERS}
EVERY_TABLE: Final = layers.all_tables()
EXPORTED: Final = TABLES[layers.BRONZE]
# Of the exported ones, those that the fact is made from.
OF_THE_FACT: Final = inputs_of(layers.SILVER)
PARTED: Final = layers.cut_tables(layers.BRONZE)

FACT: Final = "fato_pedido_correlacionado"
CASH_FLOW: Final = "agregado_fluxo_de_caixa_mensal"
FORECAST: Final = "agregado_ml_forecast_risco_cambial"
OUTLOOK: Final = "previsao_fluxo_de_caixa"
RISK: Final = "risco_cambial"
