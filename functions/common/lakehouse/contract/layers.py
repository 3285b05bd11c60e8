"""The layers, and which tables they have: what a contract, a key and a catalogue entry have in common."""

from typing import Final

BRONZE: Final = "bronze"
SILVER: Final = "silver"
GOLD: Final = "gold"
LAYERS: Final = (BRONZE, SILVER, GOLD)

FACT: Final = "fato_pedido_correlacionado"
CASH_FLOW: Final = "agregado_fluxo_de_caixa_mensal"
FORECAST: Final = "agregado_ml_forecast_risco_cambial"

TABLES: Final[dict[str, tuple[str, ...]]] = {
    BRONZE: (
        "pedidos", "itens_pedido", "pagamentos", "produtos", "fornecedores", "cambio", "emprestimos",
    ),
    SILVER: (FACT,),
    GOLD: (CASH_FLOW, FORECAST),
}  # fmt: skip


def tables_of(layer: str) -> tuple[str, ...]:
    """Return the tables of a layer, in their order; raise ``KeyError`` for an unknown layer."""
    return TABLES[layer]


def all_tables() -> tuple[str, ...]:
    """Return every table, layer by layer."""
    return tuple(table for layer in LAYERS for table in tables_of(layer))


def layer_of(table: str) -> str:
    """Return the layer a table belongs to; raise ``KeyError`` for an unknown table."""
    for layer in LAYERS:
        if table in tables_of(layer):
            return layer
    raise KeyError(table)
