"""The tables as tests name them: those there are by layer, as their contracts say, and the three that are asked for."""

from typing import Final

from lakehouse.contract import layers

TABLES: Final = {layer: layers.tables_of(layer) for layer in layers.LAYERS}
PARTED: Final = layers.cut_tables(layers.BRONZE)

FACT: Final = "fato_pedido_correlacionado"
CASH_FLOW: Final = "agregado_fluxo_de_caixa_mensal"
FORECAST: Final = "agregado_ml_forecast_risco_cambial"
