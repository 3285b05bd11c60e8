"""The traps that do not arise by chance: each function puts one, or a few, into the tables.

The others are drawn: weekends and holidays without PTAX, instalments that repeat the order's value, products
of another supplier than the order's. tests/unit/test_sample.py names and counts all of them.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

Tables = dict[str, pd.DataFrame]


def plant(tables: Tables) -> Tables:
    """Return the tables with every trap."""
    for trap in _TRAPS:
        tables = tables | trap(tables)
    return tables


def _orders_without_items(tables: Tables) -> Tables:
    """Drop the items of an order with payments, and of the first one without."""
    paid = _paid(tables)
    orders = [tables["pedidos"]["pedido_id"][paid].iloc[40], tables["pedidos"]["pedido_id"][~paid].iloc[1]]
    items = tables["itens_pedido"]
    return {"itens_pedido": items[~items["pedido_id"].isin(orders)]}


def _items_that_cost_nothing(tables: Tables) -> Tables:
    """Make an order's items free: its value is freight, and cannot be shared by the items' prices."""
    items = tables["itens_pedido"].copy()
    several = items["pedido_id"].value_counts(sort=False)
    free = items["pedido_id"] == several[several == 3].index[5]
    for column, value in (
        ("desconto_percentual", 1_000_000),
        ("valor_total_item", 0),
        ("observacoes", "Amostra grátis"),
    ):
        items[column] = items[column].mask(free, value)
    return {"itens_pedido": items}


def _an_item_without_order(tables: Tables) -> Tables:
    return {"itens_pedido": _with_copy(tables["itens_pedido"], -1, item_id="ITEM900", pedido_id="PED900")}


def _payments_without_order(tables: Tables) -> Tables:
    """Add a payment of an unknown order, in dollars, and one without an order."""
    payments = tables["pagamentos"]
    in_dollars, by_pix = (
        int(np.flatnonzero(payments[column] == value)[20])
        for column, value in (("moeda_origem", "USD"), ("metodo_pagamento", "PIX"))
    )
    payments = _with_copy(payments, in_dollars, pagamento_id="PAG900", pedido_id="PED901")
    return {"pagamentos": _with_copy(payments, by_pix, pagamento_id="PAG901", pedido_id="")}


def _an_order_in_a_currency_without_quotation(tables: Tables) -> Tables:
    """Drop the payments of the first order in Canadian dollars, whose value in them is then unknown."""
    suppliers, orders, payments = tables["fornecedores"], tables["pedidos"], tables["pagamentos"]
    canadian = suppliers["fornecedor_id"][suppliers["moeda_negociacao"] == "CAD"]
    first = orders["pedido_id"][orders["fornecedor_id"].isin(canadian)].iloc[0]
    return {"pagamentos": payments[payments["pedido_id"] != first]}


def _an_order_cancelled_before_it_was_paid(tables: Tables) -> Tables:
    orders = tables["pedidos"].copy()
    orders.loc[orders.index[~_paid(tables)][5], "status"] = "CANCELADO"
    return {"pedidos": orders}


def _prices_in_yen_a_third_of_ptax(tables: Tables) -> Tables:
    products = tables["produtos"].copy()
    in_yen = products.index[products["moeda_origem"] == "JPY"][:2]
    products.loc[in_yen, "preco_origem"] *= 3
    return {"produtos": products}


def _a_loan_that_cannot_be(tables: Tables) -> Tables:
    """Give a loan more paid instalments than it has: the one row that Bronze sets aside."""
    loans = tables["emprestimos"].copy()
    paid, the_one = loans["num_parcelas_pagas"], loans["emprestimo_id"] == "EMP010"
    loans["num_parcelas_pagas"] = paid.mask(the_one, loans["prazo_meses"] + 8)
    return {"emprestimos": loans}


def _names_that_csv_quotes(tables: Tables) -> Tables:
    products, suppliers = tables["produtos"].copy(), tables["fornecedores"].copy()
    products.loc[products["subcategoria"] == "Perfis", "nome_produto"] = 'Barra de Alumínio 3/4", 6 m'
    at_home = suppliers.index[suppliers["cnpj"] != "--"][3]
    suppliers.loc[at_home, "razao_social"] = "Nunes, Prado & Filhos Ltda"
    return {"produtos": products, "fornecedores": suppliers}


_TRAPS: Final[tuple[Callable[[Tables], Tables], ...]] = (
    _orders_without_items, _items_that_cost_nothing, _an_item_without_order, _payments_without_order,
    _an_order_in_a_currency_without_quotation, _an_order_cancelled_before_it_was_paid, _prices_in_yen_a_third_of_ptax,
    _a_loan_that_cannot_be, _names_that_csv_quotes,
)  # fmt: skip


def _paid(tables: Tables) -> "pd.Series[bool]":
    return tables["pedidos"]["pedido_id"].isin(tables["pagamentos"]["pedido_id"])


def _with_copy(frame: pd.DataFrame, row: int, **changed: str) -> pd.DataFrame:
    """Return a table with a further row at the end: a copy of one of its rows with some changes."""
    return pd.concat([frame, frame.iloc[[row]].assign(**changed)], ignore_index=True)
