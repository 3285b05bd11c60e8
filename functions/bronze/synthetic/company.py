"""The synthetic source: a company of any size, with the schemas and the traps of the real export, as frequent as there.

The same number of orders and the same seed give the same tables. Each table is drawn from a random stream of its own.
The real export has 30 orders with 41 items. A fifth of the orders has no payment. A sixth is paid by card, in
instalments that each state the order's total. The total is hardly ever the sum of the items. PTAX is quoted only on
working days and not for every currency, and ends before the orders do. Most products have another supplier than their
order. One loan of thirty has more instalments paid than it has.
"""

import itertools
import math
from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa

from bronze.csv.normalise import check
from bronze.csv.text import lines
from bronze.judging import Normalised, in_memory
from bronze.piece import Piece
from bronze.reasons import Reasons
from bronze.synthetic import vocabulary as v
from bronze.synthetic.drawing import Random, dates, evenly, one_in, percentages, weighted, words
from bronze.synthetic.reference import (
    FIRST_DAY,
    Arrays,
    Products,
    Rates,
    Suppliers,
    currency_names,
    keys,
    loans,
    quotations,
)
from lakehouse.contract.layers import BRONZE, tables_of
from lakehouse.contract.model import load
from lakehouse.domain import AGENDADO, CANCELADO, CARTAO_CREDITO, PAGO, PENDENTE
from lakehouse.engine.money import ONE_RATE, RATE_SCALE, Units, from_units, mul_div_half_up
from lakehouse.engine.months import add_months
from lakehouse.engine.segments import Index, Segments

# The number of days over which orders are placed.
_SHORTEST: Final = 30
_LONGEST: Final = 730
_METHODS: Final = ("BOLETO", "TRANSFERENCIA", CARTAO_CREDITO, "PIX")
_CARD: Final = _METHODS.index(CARTAO_CREDITO)
# The days until payment, by method.
_TERMS: Final = np.array([[30, 45, 60, 90], [15, 30, 45, 45], [15, 30, 30, 45], [0, 7, 7, 7]])
_STATUSES: Final = ("ENTREGUE", "EM_TRANSITO", "PENDENTE", CANCELADO)
_CANCELLED: Final = 3
_PAYMENT_STATUSES: Final = (PAGO, PENDENTE, AGENDADO, CANCELADO)
_QUANTITIES: Final = np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 40, 50, 80, 100, 150, 200, 300, 500])
_EXPENSIVE: Final = 1_000_00


def generate(orders: int, seed: int) -> dict[str, pa.Table]:
    """Return a company's bronze tables as they would be exported: with rows that break their contract.

    Parameters
    ----------
    orders : int
        How many orders, at least 1.
    seed : int
        Not negative.

    Returns
    -------
    dict of str to pa.Table
        With the contracts' schemas.
    """
    streams = (np.random.default_rng([seed, number]) for number in itertools.count())
    days, growth = min(max(orders, _SHORTEST), _LONGEST), math.isqrt(orders)
    rates = Rates.drawn(next(streams), days)
    suppliers = Suppliers.drawn(next(streams), 30 + growth // 2)
    products = Products.drawn(next(streams), 30 + 4 * growth, suppliers, rates)
    book = _Orders(next(streams), orders, days, suppliers)
    items = _items(next(streams), book, products)
    columns = {
        "pedidos": book.columns,
        "itens_pedido": items,
        "pagamentos": _payments(next(streams), book, rates),
        "produtos": products.columns,
        "fornecedores": suppliers.columns,
        "cambio": quotations(next(streams), rates, days * 9 // 10),
        "emprestimos": loans(next(streams), 30 + growth, days),
    }
    return {name: _table(name, columns[name]) for name in tables_of(BRONZE)}


def pieces(name: str, table: pa.Table) -> Iterator[Piece]:
    """Yield a generated table as if it had been read from the CSV that `bronze.csv.text` writes for it."""
    contract, reasons, record = load(name), Reasons(), np.arange(len(table))
    check(contract, table, table, reasons)
    # The header is line 1.
    yield Piece(table, record, record + 2, reasons, lambda numbers: lines(table.take(pa.array(numbers))))


def accepted(name: str, table: pa.Table) -> Normalised:
    """Judge a generated table, and keep the valid rows in memory."""
    return in_memory(load(name), f"{name}.csv", partial(pieces, name, table))


def _table(name: str, columns: Arrays) -> pa.Table:
    return pa.table([columns[field.name] for field in load(name).schema], schema=load(name).schema)


class _Orders:
    """The orders, with what items and payments need to know of them; their totals follow from the items."""

    def __init__(self, rng: Random, count: int, days: int, suppliers: Suppliers) -> None:
        self.count, self.today = count, FIRST_DAY + days
        self.keys = keys("PED", count)
        self.day: Index = np.sort(FIRST_DAY + rng.integers(0, days, count))
        at_home, abroad = np.flatnonzero(suppliers.currency == 0), np.flatnonzero(suppliers.currency)
        self.supplier = np.where(one_in(rng, 6, count), rng.choice(abroad, count), rng.choice(at_home, count))
        self.supplier_keys = suppliers.columns["fornecedor_id"].take(pa.array(self.supplier))
        self.currency = suppliers.currency[self.supplier]
        self.method = weighted(rng, [11, 6, 5, 8], count)
        self.term = _TERMS[self.method, rng.integers(0, 4, count)]
        self.status = weighted(rng, [11, 8, 10, 1], count)
        self.paid = ~one_in(rng, 5, count)
        self.total: Units = np.empty(0, np.int64)
        self._person = evenly(rng, v.PEOPLE, count)
        self._note = words(v.ORDER_NOTES, rng.integers(0, len(v.ORDER_NOTES), count), rng.integers(0, 10, count) < 4)

    @property
    def columns(self) -> Arrays:
        """The columns of ``pedidos``."""
        return {
            "pedido_id": self.keys,
            "data_pedido": dates(self.day),
            "fornecedor_id": self.supplier_keys,
            "valor_total_brl": from_units(self.total),
            "status": words(_STATUSES, self.status),
            "tipo_pagamento": words(_METHODS, self.method),
            "prazo_dias": pa.array(self.term),
            "data_entrega_prevista": dates(self.day + self.term),
            "usuario_criacao": self._person,
            "observacoes": self._note,
        }


def _items(rng: Random, book: _Orders, products: Products) -> Arrays:
    """Return ``itens_pedido``, and set the totals of the orders."""
    per_order = Segments.of_counts(1 + weighted(rng, [64, 33, 3], book.count))
    order = per_order.groups
    rows = len(order)
    product = rng.integers(0, len(products.price), rows)
    price = products.price[product]
    most = np.where(price >= _EXPENSIVE, len(_QUANTITIES) // 2, len(_QUANTITIES))
    quantity = _QUANTITIES[rng.integers(0, most)]
    # In tenths of a per cent; every second item has none.
    discount = np.where(one_in(rng, 2, rows), 0, rng.integers(2, 21, rows) * 5)
    value = mul_div_half_up(quantity * price, 1_000 - discount, np.int64(1_000))
    total = per_order.sum(value)
    freight = np.where(one_in(rng, 30, book.count), 1_000, rng.integers(900, 1_101, book.count))
    book.total = np.maximum(mul_div_half_up(total, freight, np.int64(1_000)), 1)
    foreign = book.currency[order] > 0
    return {
        "item_id": keys("ITEM", rows),
        "pedido_id": book.keys.take(pa.array(order)),
        "produto_id": products.columns["produto_id"].take(pa.array(product)),
        "quantidade": pa.array(quantity),
        "preco_unitario": from_units(price),
        "desconto_percentual": percentages(discount * 1_000),
        "valor_total_item": from_units(value),
        "data_inclusao": dates(book.day[order]),
        "observacoes": words(
            ("Importação", "Desconto negociado"), np.where(foreign, 0, 1), foreign | (discount > 50)
        ),
    }  # fmt: skip


def _payments(rng: Random, book: _Orders, rates: Rates) -> Arrays:
    """Return ``pagamentos``; of the orders paid in instalments one in ten states the value of each instalment."""
    instalments = np.where(book.method == _CARD, rng.integers(2, 4, book.count), 1)
    states_each = one_in(rng, 10, book.count)
    per_order = Segments.of_counts(np.where(book.paid, instalments, 0))
    order, number = per_order.groups, per_order.positions + 1
    rows, count, total = len(order), instalments[order], book.total[order]
    value = np.where(states_each[order], total // count + (number <= total % count), total)
    currency = book.currency[order]
    around = rng.integers(9_950, 10_051, rows)
    agreed = rates.on(currency, book.day[order]) * np.where(currency == 0, 10_000, around) // 10_000
    applied = np.maximum(agreed // 100, 1) * 100
    due = add_months(book.day[order] + book.term[order], number - 1)
    is_due = due <= book.today
    status = np.where(is_due, weighted(rng, [80, 20], rows), 1 + weighted(rng, [40, 60], rows))
    status[book.status[order] == _CANCELLED] = _CANCELLED
    return {
        "pagamento_id": keys("PAG", rows),
        "pedido_id": book.keys.take(pa.array(order)),
        "fornecedor_id": book.supplier_keys.take(pa.array(order)),
        "data_pagamento": dates(due),
        "valor_pago_brl": from_units(value),
        "metodo_pagamento": words(_METHODS, book.method[order]),
        "status_pagamento": words(_PAYMENT_STATUSES, status),
        "taxa_cambio_aplicada": from_units(applied, RATE_SCALE),
        "moeda_origem": currency_names(currency),
        "valor_moeda_origem": from_units(mul_div_half_up(value, np.int64(ONE_RATE), applied)),
        "num_parcelas": pa.array(count),
        "parcela_atual": pa.array(number),
        "data_vencimento": dates(due),
        "usuario_aprovacao": evenly(rng, v.PEOPLE, rows),
    }
