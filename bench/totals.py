"""The totals of an engine's results, computed by the measuring process: rows, and exact sums of additive columns."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.tables import CASH_FLOW, FACT, FORECAST

Totals = dict[str, str]

ROWS: Final = "rows"
# Exact columns that can be summed, and the amount of text; doubles are left to `compare`.
SUMS: Final[Mapping[str, tuple[str, ...]]] = {
    FACT: (
        "quantidade", "valor_item_brl", "valor_fluxo_brl", "valor_moeda_origem", "variacao_cambial_brl",
        "taxa_cambio_aplicada", "taxa_ptax", "dias_defasagem_ptax", "num_parcelas", "parcela_atual",
    ),
    CASH_FLOW: (
        "saida_paga_brl", "saida_pendente_brl", "saida_agendada_brl", "saida_prevista_brl", "cancelado_brl",
        "total_saida_brl", "total_saida_acumulado_brl", "exposicao_moeda_origem", "variacao_cambial_brl",
        "qtd_pedidos", "qtd_pagamentos", "qtd_emprestimos",
    ),
    FORECAST: (
        "valor_fluxo_brl", "valor_item_brl", "quantidade", "qtd_pedidos", "exposicao_moeda_origem",
        "variacao_cambial_brl", "valor_fluxo_lag_1", "valor_fluxo_lag_2", "valor_fluxo_lag_3",
        "alvo_valor_fluxo_proximo_mes_brl",
    ),
}  # fmt: skip
# The bytes of text of the other columns, and their NULLs, which reveal an empty or a swapped column.
TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    FACT: (
        "item_id", "pagamento_id", "emprestimo_id", "produto_id", "fornecedor_id", "fornecedor_produto_id",
        "nome_produto", "categoria", "subcategoria", "razao_social", "pais_origem", "rating", "moeda_origem",
        "status_pedido", "status_pagamento", "metodo_pagamento", "origem_recurso",
    ),
}  # fmt: skip
_WIDE: Final = pa.decimal128(38, 6)


def totals(folder: Path) -> Totals:
    """Return the totals of an engine's output by ``table.column``, as text that can be compared and kept.

    Parameters
    ----------
    folder : Path
        Has ``<table>/*.parquet`` of the fact and the two aggregates.
    """
    actual: Totals = {}
    for table, columns in SUMS.items():
        files = sorted((folder / table).glob("*.parquet"))
        sums = dict.fromkeys(columns, Decimal(0))
        texts = dict.fromkeys(TEXTS.get(table, ()), 0)
        rows = 0
        for batch in _batches(files, [*sums, *texts]):
            rows += len(batch)
            for name in sums:
                sums[name] += pc.sum(batch[name].cast(_WIDE)).as_py() or Decimal(0)
            for name in texts:
                texts[name] += pc.sum(pc.binary_length(_text(batch[name]))).as_py() or 0
        actual[f"{table}.{ROWS}"] = str(rows)
        actual |= {f"{table}.{name}": f"{value.normalize():f}" for name, value in sums.items()}
        actual |= {f"bytes of {table}.{name}": str(value) for name, value in texts.items()}
    return actual


def rows_of(actual: Totals) -> int:
    """Return how many rows the fact has."""
    return int(actual[f"{FACT}.{ROWS}"])


def differences(expected: Totals, actual: Totals) -> list[str]:
    """Return each total in which two engines differ, as ``name: expected and actual``."""
    names = list(dict.fromkeys([*expected, *actual]))
    return [
        f"{name}: {expected.get(name, 'nothing')} and {actual.get(name, 'nothing')}"
        for name in names
        if expected.get(name) != actual.get(name)
    ]


def _batches(files: list[Path], columns: list[str]) -> Iterator[pa.RecordBatch]:
    for path in files:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(columns=columns)


def _text(column: pa.Array) -> pa.Array:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
