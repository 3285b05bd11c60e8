"""What is ordered and paid: orders, their items, their payments."""

from typing import Final

import numpy as np
import pandas as pd

from bronze.synthetic import vocabulary as v
from bronze.synthetic.drawing import Random, weighted
from bronze.synthetic.reference import keys
from cli.sample.business import LINES, TODAY
from cli.sample.exchange import HOME
from lakehouse.engine.money import ONE_RATE, Units
from lakehouse.engine.months import add_months

_METHODS: Final = np.array(["BOLETO", "TRANSFERENCIA", "CARTAO_CREDITO", "PIX"], object)
_CARD: Final = "CARTAO_CREDITO"
# The days until payment, by method: at home and, except for PIX, abroad.
_AT_HOME: Final = np.array([[30, 45, 60, 90], [15, 30, 45, 45], [15, 30, 30, 45], [0, 7, 7, 7]])
_ABROAD: Final = np.array([[60, 90, 120, 150], [30, 45, 60, 90], [30, 30, 45, 60]])
_TODAY: Final = np.datetime64(TODAY)
_DAY: Final = np.timedelta64(1, "D")


def orders(rng: Random, placed: pd.DataFrame, suppliers: pd.DataFrame) -> pd.DataFrame:
    """Return ``pedidos`` with the columns of ``placed``; their values follow from their items."""
    count = len(placed)
    currency = np.array([line.currency for line in LINES])[placed["line"]]
    by_currency = {name: group["fornecedor_id"].to_numpy() for name, group in suppliers.groupby("moeda_negociacao")}
    at_home, choice = currency == HOME, rng.integers(0, 4, count)
    method = np.where(at_home, weighted(rng, [9, 6, 6, 8], count), weighted(rng, [12, 6, 4], count))
    term = np.where(at_home, _AT_HOME[method, choice], _ABROAD[np.minimum(method, 2), choice])
    day = placed["day"].to_numpy().astype("datetime64[D]")
    due = day + term
    chance = rng.integers(0, 30, count)
    cases = [chance == 29, due < _TODAY - 15 * _DAY, chance < 15, due < _TODAY]
    status = np.select(cases, ["CANCELADO", "ENTREGUE", "EM_TRANSITO", "ENTREGUE"], "PENDENTE")
    notes = np.array([*v.ORDER_NOTES, "Entrega parcial, saldo em 30 dias", 'Volumes com o aviso "frágil"'], object)
    return placed.assign(
        currency=currency,
        pedido_id=keys("PED", count).to_pylist(),
        data_pedido=day,
        fornecedor_id=[str(rng.choice(by_currency[each])) for each in currency],
        valor_total_brl=0,
        status=status,
        tipo_pagamento=_METHODS[method],
        prazo_dias=term,
        data_entrega_prevista=due,
        usuario_criacao=rng.choice(v.PEOPLE, count),
        observacoes=np.where(rng.integers(0, 10, count) < 4, notes[rng.integers(0, len(notes), count)], ""),
    )


def items(rng: Random, orders: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Return ``itens_pedido``: one to three products of the order's line, together worth about what it should be."""
    number = 1 + weighted(rng, [50, 38, 12], len(orders))
    by_category = {name: group.index.to_numpy() for name, group in products.groupby("categoria")}
    choices_by_line = [by_category[LINES[line].category] for line in orders["line"]]
    number = np.minimum(number, [len(choices) for choices in choices_by_line])
    chosen = [rng.choice(choices, n, replace=False) for choices, n in zip(choices_by_line, number, strict=True)]
    product = products.loc[np.concatenate(chosen)]
    order_rows = orders.loc[orders.index.repeat(number)]
    price = product["preco_unitario_brl"].to_numpy()
    quantity = np.maximum(order_rows["worth"].to_numpy() // np.repeat(number, number) // price, 1)
    # In tenths of a per cent; every second item has none.
    discount = np.where(rng.integers(0, 2, len(price)) == 0, 0, rng.integers(2, 21, len(price)) * 5)
    return pd.DataFrame({
        "item_id": keys("ITEM", len(price)).to_pylist(),
        "pedido_id": order_rows["pedido_id"].to_numpy(),
        "produto_id": product["produto_id"].to_numpy(),
        "quantidade": quantity,
        "preco_unitario": price,
        "desconto_percentual": discount * 1_000,
        "valor_total_item": (quantity * price * (1_000 - discount) * 2 + 1_000) // 2_000,
        "data_inclusao": order_rows["data_pedido"].to_numpy(),
        "observacoes": np.where(discount > 50, "Desconto negociado", ""),
    })  # fmt: skip


def totals(rng: Random, orders: pd.DataFrame, items: pd.DataFrame) -> pd.Series:
    """Return the orders' values: the sum of their items and, but for one in twenty, freight or a discount."""
    total = items.groupby("pedido_id")["valor_total_item"].sum().reindex(orders["pedido_id"], fill_value=0).to_numpy()
    share = np.where(rng.integers(0, 20, len(orders)) == 0, 1_000, rng.integers(920, 1_081, len(orders)))
    return pd.Series(total * share // 1_000, orders.index)


def payments(rng: Random, orders: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """Return ``pagamentos``: by card in two to six instalments, most of which repeat the order's whole value."""
    count = len(orders)
    parts = np.where(orders["tipo_pagamento"] == _CARD, rng.integers(2, 7, count), 1)
    states_each = rng.integers(0, 5, count) == 0
    # Most of the newest orders have no payment yet; some older ones were forgotten.
    age = (_TODAY - orders["data_pedido"].to_numpy()).astype("timedelta64[D]").astype(int)
    unpaid = rng.integers(0, 100, count) < np.where(age < 60, 60, 5)
    order_rows = orders.loc[orders.index.repeat(np.where(unpaid, 0, parts))]
    rows, order = len(order_rows), order_rows.index.to_numpy()
    part = np.asarray(order_rows.groupby(level=0).cumcount() + 1, np.int64)
    total = order_rows["valor_total_brl"].to_numpy()
    value = np.where(states_each[order], total // parts[order] + (part <= total % parts[order]), total)
    currency = order_rows["currency"].to_numpy()
    agreed = _agreed(rng, orders, rates)[order]
    first_due = orders["data_entrega_prevista"].to_numpy()[order].astype("datetime64[D]").astype(np.int64)
    due = add_months(first_due, part - 1).astype("datetime64[D]")
    chance = rng.integers(0, 100, rows)
    is_due, cancelled = due <= _TODAY, (order_rows["status"] == "CANCELADO").to_numpy()
    paid = is_due & (chance < np.where(due > _TODAY - 20 * _DAY, 60, 97))
    status = np.select([cancelled, paid, ~is_due & (chance < 60)], ["CANCELADO", "PAGO", "AGENDADO"], "PENDENTE")
    # Some payments are a few days late; those still open are expected on their due date.
    delay = np.where((status == "PAGO") & (rng.integers(0, 4, rows) == 0), rng.integers(1, 12, rows), 0)
    return pd.DataFrame({
        "pagamento_id": keys("PAG", rows).to_pylist(),
        "pedido_id": order_rows["pedido_id"].to_numpy(),
        "fornecedor_id": order_rows["fornecedor_id"].to_numpy(),
        "data_pagamento": np.minimum(due + delay, np.maximum(due, _TODAY)),
        "valor_pago_brl": value,
        "metodo_pagamento": order_rows["tipo_pagamento"].to_numpy(),
        "status_pagamento": status,
        "taxa_cambio_aplicada": agreed,
        "moeda_origem": currency,
        "valor_moeda_origem": (value * ONE_RATE * 2 + agreed) // (agreed * 2),
        "num_parcelas": parts[order],
        "parcela_atual": part,
        "data_vencimento": due,
        "usuario_aprovacao": np.where(status == "PAGO", rng.choice(v.PEOPLE, rows), ""),
    })  # fmt: skip


def _agreed(rng: Random, orders: pd.DataFrame, rates: pd.DataFrame) -> Units:
    """Return the rates agreed with suppliers: about those of the order's day, with as many decimals."""
    currency = orders["currency"].to_numpy()
    day = rates.index.get_indexer(pd.DatetimeIndex(orders["data_pedido"]))
    on_day = rates.to_numpy()[day, rates.columns.get_indexer(pd.Index(currency))]
    rate = np.where(currency == HOME, on_day, on_day * rng.integers(9_950, 10_051, len(orders)) // 10_000)
    return np.where(rate < ONE_RATE, rate, rate // 100 * 100)
