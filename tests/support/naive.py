"""Silver and Gold as data.md says them, row by row, with exact fractions; shares no code with the product."""

import cmath
from calendar import monthrange
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pyarrow as pa

Row = dict[str, Any]
CENT = Decimal("0.01")
# The columns of the forecast that are doubles: compared within this much, relative and absolute.
DOUBLES = ("preco_medio_brl", "taxa_ptax_media", "taxa_ptax_desvio", "media_movel_3m_brl", "mes_seno", "mes_cosseno")
TOLERANCE = 1e-14
KEY = ("tipo_registro", "pedido_id", "item_id", "pagamento_id", "emprestimo_id", "data_vencimento")


def rateio(total: int, weights: Sequence[int]) -> list[int]:
    """Largest remainder, ties to the lowest position, equal weights when all are zero."""
    weights = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def half_up(value: Fraction) -> Decimal:
    """To the cent, ties away from zero."""
    cents = abs(value) * 100
    rounded = cents.numerator // cents.denominator + (cents % 1 >= Fraction(1, 2))
    return Decimal(rounded if value >= 0 else -rounded) * CENT


def cents(value: Decimal) -> int:
    return int(value * 100)


def share_money(total: Decimal, weights: Sequence[int]) -> list[Decimal]:
    return [Decimal(part) * CENT for part in rateio(cents(total), weights)]


def month_later(day: date, k: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + k, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def resource(method: str) -> str:
    return "CARTAO_CREDITO_PJ" if method == "CARTAO_CREDITO" else "CONTA_CORRENTE_PJ"


class Naive:
    """The seven bronze tables, correlated."""

    def __init__(self, bronze: Mapping[str, pa.Table]) -> None:
        rows = {name: table.to_pylist() for name, table in bronze.items()}
        self.orders = {row["pedido_id"]: row for row in rows["pedidos"]}
        self.products = {row["produto_id"]: row for row in rows["produtos"]}
        self.suppliers = {row["fornecedor_id"]: row for row in rows["fornecedores"]}
        self.quotations = rows["cambio"]
        self.loans = rows["emprestimos"]
        self.items, self.payments = defaultdict(list), defaultdict(list)
        self.orphan_payments, self.orphan_items = [], []
        for item in sorted(rows["itens_pedido"], key=lambda row: row["item_id"]):
            if item["pedido_id"] in self.orders:
                self.items[item["pedido_id"]].append(item)
            else:
                self.orphan_items.append(item["item_id"])
        for payment in rows["pagamentos"]:
            if payment["pedido_id"] in self.orders:
                self.payments[payment["pedido_id"]].append(payment)
            else:
                self.orphan_payments.append(payment)

    def ptax(self, currency: str | None, day: date | None) -> Row | None:
        known = [q for q in self.quotations if q["moeda"] == currency and day and q["data_cotacao"] <= day]
        return max(known, key=lambda q: q["data_cotacao"], default=None)

    def with_rates(self, row: Row, day: date | None) -> Row:
        foreign, applied = row["valor_moeda_origem"], row["taxa_cambio_aplicada"]
        if row["moeda_origem"] == "BRL":
            return row | {"taxa_ptax": Decimal(1), "variacao_cambial_brl": Decimal(0)}
        quotation = self.ptax(row["moeda_origem"], day)
        if quotation is None:
            return row
        rate = quotation["taxa_ptax"]
        known = foreign is not None and applied is not None
        return row | {
            "taxa_ptax": rate,
            "data_ptax": quotation["data_cotacao"],
            "dias_defasagem_ptax": (day - quotation["data_cotacao"]).days,
            "variacao_cambial_brl": half_up(Fraction(foreign) * Fraction(rate - applied)) if known else None,
        }

    def instalment(self, payment: Row, column: str) -> Decimal:
        order, n = self.orders.get(payment["pedido_id"]), payment["num_parcelas"]
        value = payment[column]
        if order is None or n <= 1 or payment["valor_pago_brl"] != order["valor_total_brl"]:
            return value
        quotient, odd = divmod(cents(value), n)
        return Decimal(quotient + (payment["parcela_atual"] <= odd)) * CENT

    def supplier_columns(self, supplier_id: str | None) -> Row:
        supplier = self.suppliers.get(supplier_id, {})
        return {"fornecedor_id": supplier_id} | {c: supplier.get(c) for c in ("razao_social", "pais_origem", "rating")}

    def item_columns(self, item: Row | None) -> Row:
        if item is None:
            return {}
        product = self.products.get(item["produto_id"], {})
        return {
            "item_id": item["item_id"],
            "produto_id": item["produto_id"],
            "fornecedor_produto_id": product.get("fornecedor_id"),
        } | {c: product.get(c) for c in ("nome_produto", "categoria", "subcategoria")}

    def payment_columns(self, payment: Row) -> Row:
        same = ("pagamento_id", "data_vencimento", "data_pagamento", "status_pagamento", "metodo_pagamento",
                "num_parcelas", "parcela_atual", "moeda_origem", "taxa_cambio_aplicada")  # fmt: skip
        return {c: payment[c] for c in same} | {"origem_recurso": resource(payment["metodo_pagamento"])}

    def fact(self, columns: Sequence[str]) -> list[Row]:
        """Every row, with every column, sorted by the key with NULLs last."""
        rows = [*self.of_orders(), *self.of_orphan_payments(), *self.of_loans()]
        rows = [
            {c: row.get(c) for c in columns} | {"mes_referencia": f"{row['data_vencimento']:%Y-%m}"} for row in rows
        ]
        return sorted(rows, key=lambda row: [(row[c] is None, row[c] if row[c] is not None else 0) for c in KEY])

    def of_orders(self):
        for order_id, order in self.orders.items():
            items = self.items[order_id] or [None]
            weights = [cents(item["valor_total_item"]) if item else 0 for item in items]
            base = {"pedido_id": order_id, "data_pedido": order["data_pedido"], "status_pedido": order["status"]}
            base |= self.supplier_columns(order["fornecedor_id"])
            payments = sorted(self.payments[order_id], key=lambda p: (p["parcela_atual"], p["pagamento_id"]))
            if not payments:
                yield from self.of_unpaid(order, base, items, weights)
                continue
            dues = [self.instalment(p, "valor_pago_brl") for p in payments]
            flows = [share_money(due, weights) for due in dues]
            foreign = [share_money(self.instalment(p, "valor_moeda_origem"), weights) for p in payments]
            for i, item in enumerate(items):
                due_weights = [cents(due) for due in dues]
                values = share_money(item["valor_total_item"], due_weights) if item else [None] * len(dues)
                pieces = rateio(item["quantidade"], due_weights) if item else [None] * len(dues)
                for p, payment in enumerate(payments):
                    row = base | self.item_columns(item) | self.payment_columns(payment)
                    row |= {
                        "tipo_registro": "PAGAMENTO",
                        "valor_fluxo_brl": flows[p][i],
                        "valor_moeda_origem": foreign[p][i],
                        "valor_item_brl": values[p],
                        "quantidade": pieces[p],
                    }
                    yield self.with_rates(row, payment["data_pagamento"])

    def of_unpaid(self, order: Row, base: Row, items: list[Row | None], weights: list[int]):
        currency = self.suppliers.get(order["fornecedor_id"], {}).get("moeda_negociacao")
        total, due = order["valor_total_brl"], order["data_pedido"] + timedelta(order["prazo_dias"])
        applied: Decimal | None = Decimal(1)
        if currency != "BRL":
            quotation = self.ptax(currency, order["data_pedido"])
            applied = quotation["taxa_ptax"] if quotation else None
        foreign = half_up(Fraction(total) / Fraction(applied)) if applied is not None else None
        flows = share_money(total, weights)
        foreigns = share_money(foreign, weights) if foreign is not None else [None] * len(items)
        for item, flow, part in zip(items, flows, foreigns, strict=True):
            row = base | self.item_columns(item) | {
                "tipo_registro": "PEDIDO_SEM_PAGAMENTO",
                "data_vencimento": due,
                "status_pagamento": "CANCELADO" if order["status"] == "CANCELADO" else "PREVISTO",
                "metodo_pagamento": order["tipo_pagamento"],
                "origem_recurso": resource(order["tipo_pagamento"]),
                "moeda_origem": currency,
                "taxa_cambio_aplicada": applied,
                "valor_fluxo_brl": flow,
                "valor_moeda_origem": part,
                "valor_item_brl": item["valor_total_item"] if item else None,
                "quantidade": item["quantidade"] if item else None,
            }  # fmt: skip
            yield self.with_rates(row, due)

    def of_orphan_payments(self):
        for payment in self.orphan_payments:
            row = self.payment_columns(payment) | self.supplier_columns(payment["fornecedor_id"])
            row |= {
                "tipo_registro": "PAGAMENTO_SEM_PEDIDO",
                "pedido_id": payment["pedido_id"],
                "valor_fluxo_brl": payment["valor_pago_brl"],
                "valor_moeda_origem": payment["valor_moeda_origem"],
            }
            yield self.with_rates(row, payment["data_pagamento"])

    def of_loans(self):
        for loan in self.loans:
            if loan["status"] == "QUITADO":
                continue
            for k in range(loan["prazo_meses"] - loan["num_parcelas_pagas"]):
                row = {
                    "tipo_registro": "PARCELA_EMPRESTIMO",
                    "emprestimo_id": loan["emprestimo_id"],
                    "data_vencimento": month_later(loan["data_vencimento_proxima"], k),
                    "status_pagamento": "AGENDADO",
                    "origem_recurso": "EMPRESTIMO_PJ",
                    "num_parcelas": loan["prazo_meses"],
                    "parcela_atual": loan["num_parcelas_pagas"] + k + 1,
                    "instituicao_financeira": loan["instituicao_financeira"],
                    "finalidade_emprestimo": loan["finalidade"],
                    "moeda_origem": "BRL",
                    "taxa_cambio_aplicada": Decimal(1),
                    "valor_fluxo_brl": loan["valor_parcela_mensal"],
                    "valor_moeda_origem": loan["valor_parcela_mensal"],
                }
                yield self.with_rates(row, None)


def grouped(rows: Sequence[Row], key: Sequence[str]) -> dict[tuple, list[Row]]:
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(row[c] for c in key)].append(row)
    return dict(sorted(groups.items(), key=lambda pair: [(v is None, v or "") for v in pair[0]]))


def total(rows: Sequence[Row], column: str, *statuses: str) -> Decimal:
    chosen = [row for row in rows if not statuses or row["status_pagamento"] in statuses]
    return sum((row[column] for row in chosen if row[column] is not None), Decimal(0))


def exposure(rows: Sequence[Row]) -> Decimal:
    open_ = [row for row in rows if row["moeda_origem"] not in ("BRL", None)]
    return total([row for row in open_ if row["status_pagamento"] not in ("PAGO", "CANCELADO")], "valor_moeda_origem")


def distinct(rows: Sequence[Row], column: str) -> int:
    return len({row[column] for row in rows} - {None})


def cash_flow(fact: Sequence[Row]) -> list[Row]:
    result, running = [], defaultdict(Decimal)
    key = ("mes_referencia", "origem_recurso", "moeda_origem")
    for group, rows in grouped(fact, key).items():
        by_status = {
            column: total(rows, "valor_fluxo_brl", status)
            for column, status in (
                ("saida_paga_brl", "PAGO"), ("saida_pendente_brl", "PENDENTE"),
                ("saida_agendada_brl", "AGENDADO"), ("saida_prevista_brl", "PREVISTO"),
            )
        }  # fmt: skip
        running[group[1:]] += sum(by_status.values())
        result.append(
            dict(zip(key, group, strict=True)) | by_status | {
                "cancelado_brl": total(rows, "valor_fluxo_brl", "CANCELADO"),
                "total_saida_brl": sum(by_status.values()),
                "total_saida_acumulado_brl": running[group[1:]],
                "exposicao_moeda_origem": exposure(rows),
                "variacao_cambial_brl": total(rows, "variacao_cambial_brl", "PAGO", "PENDENTE", "AGENDADO", "PREVISTO"),
                "qtd_pedidos": distinct(rows, "pedido_id"),
                "qtd_pagamentos": distinct(rows, "pagamento_id"),
                "qtd_emprestimos": distinct(rows, "emprestimo_id"),
            }
        )  # fmt: skip
    return result


def next_month(month: str, k: int) -> str:
    number = int(month[:4]) * 12 + int(month[5:]) - 1 + k
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def mean(values: Sequence[Decimal]) -> float | None:
    return float(sum(map(Fraction, values)) / len(values)) if values else None


def deviation(values: Sequence[Decimal]) -> float | None:
    """The sample's standard deviation, by the definition: exact up to the root."""
    if len(values) < 2:
        return None
    middle = sum(map(Fraction, values)) / len(values)
    variance = sum((Fraction(value) - middle) ** 2 for value in values) / (len(values) - 1)
    with localcontext(prec=60):
        return float((Decimal(variance.numerator) / variance.denominator).sqrt())


def price(value: Decimal, pieces: int) -> float | None:
    return float(Fraction(value) / pieces) if pieces else None


def on_circle(month: str) -> tuple[float, float]:
    """Sine and cosine of a month, January one twelfth of the circle."""
    corner = cmath.exp(1j * cmath.pi * int(month[5:]) / 6)
    return corner.imag, corner.real


def forecast(fact: Sequence[Row]) -> list[Row]:
    """Every column of every group; those in DOUBLES are the nearest doubles but for their last bits."""
    kept = [r for r in fact if r["tipo_registro"] != "PARCELA_EMPRESTIMO" and r["status_pagamento"] != "CANCELADO"]
    groups = grouped(kept, ("mes_referencia", "categoria", "moeda_origem"))
    value = {group: total(rows, "valor_fluxo_brl") for group, rows in groups.items()}
    last = max((group[0] for group in groups), default=None)
    result = []
    for group, rows in groups.items():
        month, series = group[0], group[1:]
        first = min(other[0] for other in groups if other[1:] == series)

        def at(k: int, month=month, series=series) -> Decimal:
            return value.get((next_month(month, k), *series), Decimal(0))

        lags = [at(-k) if next_month(month, -k) >= first else None for k in (1, 2, 3)]
        rates = [row["taxa_ptax"] for row in rows if row["taxa_ptax"] is not None]
        item_value, pieces = total(rows, "valor_item_brl"), int(total(rows, "quantidade"))
        sine, cosine = on_circle(month)
        result.append({
            "mes_referencia": month, "categoria": series[0], "moeda_origem": series[1],
            "valor_fluxo_brl": value[group],
            "valor_item_brl": item_value,
            "quantidade": pieces,
            "preco_medio_brl": price(item_value, pieces),
            "qtd_pedidos": distinct(rows, "pedido_id"),
            "taxa_ptax_min": min(rates, default=None), "taxa_ptax_max": max(rates, default=None),
            "taxa_ptax_media": mean(rates), "taxa_ptax_desvio": deviation(rates),
            "exposicao_moeda_origem": exposure(rows),
            "variacao_cambial_brl": total(rows, "variacao_cambial_brl"),
            "valor_fluxo_lag_1": lags[0], "valor_fluxo_lag_2": lags[1], "valor_fluxo_lag_3": lags[2],
            "media_movel_3m_brl": mean([lag for lag in lags if lag is not None]),
            "mes_seno": sine, "mes_cosseno": cosine,
            "alvo_valor_fluxo_proximo_mes_brl": at(1) if month != last else None,
        })  # fmt: skip
    return result
