"""The whole sample: tables of text, as they are written."""

import itertools
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cli.sample import business, exchange, orders, reference
from cli.sample.traps import plant
from lakehouse.contract.layers import BRONZE, tables_of
from lakehouse.contract.model import load

_SEED: Final = 29
# The least number of decimals that are shown, by that of the type: most currencies' rates have four.
_SHOWN: Final = {2: 2, 3: 1, 4: 1, 6: 4}


def tables() -> dict[str, pa.Table]:
    """Return the tables of the sample, the same ones each time.

    Returns
    -------
    dict of str to pa.Table
        With the names and columns of Bronze; all columns are text.
    """
    streams = (np.random.default_rng([_SEED, number]) for number in itertools.count())
    rates = exchange.drawn(next(streams))
    cambio = exchange.quotations(next(streams), rates)
    fornecedores = reference.suppliers(next(streams))
    produtos = reference.products(next(streams), fornecedores, rates)
    emprestimos = reference.loans(next(streams))
    pedidos = orders.orders(next(streams), business.placed(next(streams)), fornecedores)
    itens_pedido = orders.items(next(streams), pedidos, produtos)
    rng = next(streams)
    pedidos["valor_total_brl"] = orders.totals(rng, pedidos, itens_pedido)
    pagamentos = orders.payments(rng, pedidos, rates)
    planted = plant({
        "pedidos": pedidos, "itens_pedido": itens_pedido, "pagamentos": pagamentos, "produtos": produtos,
        "fornecedores": fornecedores, "cambio": cambio, "emprestimos": emprestimos,
    })  # fmt: skip
    return {name: _text(name, planted[name]) for name in tables_of(BRONZE)}


def _text(name: str, frame: pd.DataFrame) -> pa.Table:
    return pa.table({field.name: _column(frame[field.name], field.type) for field in load(name).schema})


def _column(values: "pd.Series[Any]", type_: pa.DataType) -> pa.Array:
    if pa.types.is_decimal(type_):
        texts = [_decimal(int(units), type_.scale) for units in values]
    elif pa.types.is_date(type_):
        texts = values.dt.strftime("%Y-%m-%d").fillna("")
    else:
        texts = [str(value) for value in values]
    return pa.array(texts, pa.string())


def _decimal(units: int, scale: int) -> str:
    whole, decimals = str(Decimal(units).scaleb(-scale)).split(".")
    return f"{whole}.{decimals.rstrip('0').ljust(_SHOWN[scale], '0')}"
