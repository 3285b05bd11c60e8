"""The synthetic source: a company of any size, with the schemas and the traps of the real export in its proportions.

Vectorised and deterministic: the same number of orders and the same seed give the same rows. The real export has 30
orders with 41 items, a fifth of them without a payment; a sixth of the paid ones go in instalments that repeat the
order's total; PTAX is there only on working days and not for every currency; one loan of thirty has more instalments
paid than it has.
"""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bronze.acceptance import Normalised, Origin, accept
from bronze.csv_text import lines
from bronze.normalise import check
from bronze.reasons import Reasons
from lakehouse.contracts import load
from lakehouse.layout import BRONZE, TABLES
from lakehouse.money import ONE_RATE, RATE_SCALE, Units, from_units, mul_div_half_up
from lakehouse.months import add_months
from lakehouse.segments import Index, Segments

FIRST_DAY: Final = int(np.datetime64("2023-01-02").astype(np.int64))
DAYS: Final = 730
# Orders and payments go on for months after the last quotation, as in the real export.
QUOTED_DAYS: Final = 667
# Currency, its rate on the first day in millionths of a real, and on how many of 100 working days it is quoted.
CURRENCIES: Final = (
    ("USD", 5_250_000, 100),
    ("EUR", 5_640_000, 75),
    ("JPY", 35_000, 35),
    ("GBP", 6_830_000, 25),
    ("CAD", 3_870_000, 15),
)
CARD, METHODS = "CARTAO_CREDITO", ("BOLETO", "TRANSFERENCIA", "PIX")
_COUNTRIES: Final = {
    "BRL": ["Brasil"], "USD": ["Estados Unidos", "China", "Coreia do Sul", "México", "Índia"],
    "EUR": ["Alemanha", "França", "Espanha"], "JPY": ["Japão"], "GBP": ["Reino Unido"], "CAD": ["Canadá"],
}  # fmt: skip
_CATEGORIES: Final = {
    "Tecnologia": "Hardware", "Eletrônicos": "Cabos", "Industrial": "Motores", "Autopeças": "Pneus",
    "Têxtil": "Tecidos", "Químicos": "Tintas", "Papel e Celulose": "Papel", "Embalagens": "Plástico",
    "Metalúrgica": "Chapas", "Agrícola": "Fertilizantes", "Madeira": "Madeira Serrada", "Mineração": "Minério",
}  # fmt: skip
_BANKS: Final = [
    "Banco Nacional",
    "Banco Comercial",
    "Financeira Brasil",
    "BNDES",
    "Cooperativa Crédito",
    "Fintech Capital",
]
_PURPOSES: Final = [
    "Capital de Giro",
    "Importação",
    "Expansão",
    "Inovação Tecnológica",
    "Logística",
    "Automação Industrial",
]


def generate(orders: int, seed: int) -> dict[str, pa.Table]:
    """Make a company's seven bronze tables, as they would be exported: with rows that break their contract.

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
    company = _Company(orders, np.random.default_rng(seed))
    return {name: _table(name, company.tables[name]) for name in TABLES[BRONZE]}


def _table(name: str, columns: dict[str, pa.Array]) -> pa.Table:
    contract = load(name)
    empty = {c.name: pa.nulls(len(columns[contract.key[0]]), c.arrow_type) for c in contract.columns}
    return pa.table(list((empty | columns).values()), schema=contract.schema)


def accepted(name: str, table: pa.Table) -> Normalised:
    """Check a generated table as if it had been read from the CSV that `bronze.csv_text` makes of it."""
    contract, reasons, record = load(name), Reasons(), np.arange(len(table))
    check(contract, table, table, reasons)
    origin = Origin(f"{name}.csv", record + 2, lambda rows: lines(table.take(pa.array(rows))))
    return accept(contract, table, record, reasons, origin)


class _Company:
    """Draws the tables one after the other; each draws on those before it."""

    def __init__(self, orders: int, rng: np.random.Generator) -> None:
        self.rng, self.orders = rng, orders
        self.tables: dict[str, dict[str, pa.Array]] = {}
        self._quotations()
        self._suppliers(30 + min(orders // 1000, 5_000))
        self._products(30 + min(orders // 300, 20_000))
        self._orders_and_items()
        self._payments()
        self._loans(30 + min(orders // 5_000, 2_000))

    def _pick(self, choices: list[str] | tuple[str, ...], rows: int, weights: list[float] | None = None) -> pa.Array:
        return pa.array(choices).take(pa.array(self.rng.choice(len(choices), rows, p=weights)))

    def _quotations(self) -> None:
        day = np.arange(FIRST_DAY, FIRST_DAY + QUOTED_DAYS)
        day = day[np.is_busday(day.astype("datetime64[D]"))]
        walk = np.cumsum(self.rng.integers(-40, 42, (len(CURRENCIES), len(day))), axis=1)  # hundredths of a per cent
        quoted = self.rng.integers(0, 100, walk.shape) < np.array([share for *_, share in CURRENCIES])[:, None]
        quoted[:, 0] = True
        which, when = np.nonzero(quoted)
        base = np.array([rate for _, rate, _ in CURRENCIES])
        ptax = np.maximum(base[which] * (10_000 + walk[which, when]) // 1_000_000 * 100, 1_000)
        self.rate = base * (10_000 + walk[:, -1]) // 10_000
        half_spread = ptax * 2 // 1000 // 100 * 100
        self.tables["cambio"] = {
            "data_cotacao": _dates(day[when]),
            "moeda": pa.array([name for name, *_ in CURRENCIES]).take(pa.array(which)),
            "taxa_compra": from_units(ptax - half_spread, RATE_SCALE),
            "taxa_venda": from_units(ptax + half_spread, RATE_SCALE),
            "taxa_ptax": from_units(ptax, RATE_SCALE),
            "variacao_dia_percentual": from_units(self.rng.integers(-60, 61, len(which)) * 100, 4).cast(
                pa.decimal128(9, 4)
            ),
            "fonte": pa.repeat("SISBACEN", len(which)),
            "tipo_cambio": pa.repeat("COMERCIAL", len(which)),
            "hora_atualizacao": pa.repeat("16:30:00", len(which)),
        }

    def _suppliers(self, count: int) -> None:
        names = ["BRL", *(name for name, *_ in CURRENCIES)]
        currency = self.rng.choice(len(names), count, p=[0.66, 0.18, 0.08, 0.04, 0.02, 0.02])
        currency[:2] = [0, 1]
        self.currency = currency
        number = np.arange(count) + 1
        text = pa.array(number).cast(pa.string())
        countries = [self.rng.choice(_COUNTRIES[names[c]]) for c in range(len(names)) for _ in range(8)]
        country = pa.array([str(c) for c in countries]).take(pa.array(currency * 8 + self.rng.integers(0, 8, count)))
        cnpj = pc.binary_join_element_wise(
            _digits(self.rng.integers(10, 100, count), 2), ".", _digits(number // 1000 % 1000, 3), ".",
            _digits(number % 1000, 3), "/0001-", _digits(number % 97, 2), "",
        )  # fmt: skip
        self.tables["fornecedores"] = {
            "fornecedor_id": _ids("FORN", number, count),
            "razao_social": pc.binary_join_element_wise("Fornecedor ", text, " Comércio Exterior", ""),
            "cnpj": pc.if_else(pa.array(currency == 0), cnpj, pa.scalar(None, pa.string())),
            "pais_origem": country,
            "categoria": self._pick(list(_CATEGORIES), count),
            "rating": self._pick(["A+", "A", "A-", "B+", "B"], count),
            "tempo_parceria_anos": pa.array(self.rng.integers(1, 16, count)),
            "condicoes_pagamento": self._pick(["15 dias", "30 dias", "30-60 dias", "45 dias", "90 dias"], count),
            "moeda_negociacao": pa.array(names).take(pa.array(currency)),
            "contato_email": pc.binary_join_element_wise("contato@fornecedor", text, ".example", ""),
            "telefone": pc.binary_join_element_wise("+55-11-5555-", _digits(number % 10_000, 4), ""),
        }

    def _products(self, count: int) -> None:
        number = np.arange(count) + 1
        category = self.rng.integers(0, len(_CATEGORIES), count)
        supplier = self.rng.integers(0, len(self.currency), count)
        currency = self.currency[supplier]
        self.price = np.maximum((10 ** self.rng.uniform(0, 4, count) * 100).astype(np.int64), 50)
        rates = np.append(ONE_RATE, self.rate)[currency]
        # The prices of one in fifteen imply a rate a third of PTAX, as those of the real export in JPY.
        rates = np.where((number % 15 == 0) & (currency > 0), rates // 3, rates)
        categories, subcategories = list(_CATEGORIES), list(_CATEGORIES.values())
        self.tables["produtos"] = {
            "produto_id": _ids("PROD", number, count),
            "nome_produto": pc.binary_join_element_wise(
                pa.array(subcategories).take(pa.array(category)), " ", pa.array(number).cast(pa.string()), ""
            ),
            "categoria": pa.array(categories).take(pa.array(category)),
            "subcategoria": pa.array(subcategories).take(pa.array(category)),
            "fornecedor_id": self.tables["fornecedores"]["fornecedor_id"].take(pa.array(supplier)),
            "preco_unitario_brl": from_units(self.price),
            "moeda_origem": self.tables["fornecedores"]["moeda_negociacao"].take(pa.array(supplier)),
            "preco_origem": from_units(mul_div_half_up(self.price, np.int64(ONE_RATE), np.maximum(rates, 1))),
            "unidade_medida": self._pick(["UN", "KG", "PCT", "M"], count),
            "peso_kg": from_units(self.rng.integers(10, 100_000, count), 3),
            "estoque_atual": pa.array(self.rng.integers(0, 2_000, count)),
            "estoque_minimo": pa.array(self.rng.integers(0, 500, count)),
            "lead_time_dias": pa.array(self.rng.integers(5, 90, count)),
            "origem_fabricacao": self._pick(["Brasil", "China", "Japão", "Alemanha"], count),
        }

    def _orders_and_items(self) -> None:
        orders, rng = self.orders, self.rng
        number = np.arange(orders) + 1
        of_order = Segments.of_counts(rng.choice([1, 2, 3, 4], orders, p=[0.72, 0.21, 0.06, 0.01]).astype(np.int64))
        order = of_order.groups
        product = rng.integers(0, len(self.price), len(order))
        quantity = np.maximum((10 ** rng.uniform(0, 2.6, len(order))).astype(np.int64), 1)
        discount = rng.choice([0, 0, 200, 300, 400, 500, 800, 1000], len(order)).astype(np.int64)
        value = mul_div_half_up(quantity * self.price[product], 10_000 - discount, np.int64(10_000))
        exact = rng.random(orders) < 1 / 30
        freight = rng.integers(90, 111, orders)
        self.total = np.where(exact, of_order.sum(value), mul_div_half_up(of_order.sum(value), freight, np.int64(100)))
        self.supplier = rng.integers(0, len(self.currency), orders)
        self.day = np.sort(FIRST_DAY + rng.integers(0, DAYS, orders))
        self.term = rng.choice([0, 7, 15, 30, 45, 60, 90], orders).astype(np.int64)
        self.cancelled = rng.random(orders) < 1 / 30
        self.paid = rng.random(orders) >= 0.2
        self.by_card = rng.random(orders) < 0.2
        status = np.where(self.cancelled, 3, rng.integers(0, 3, orders))
        self.method = np.where(self.by_card, 3, rng.integers(0, 3, orders))
        self.order_ids = _ids("PED", number, orders)
        nothing = pa.scalar(None, pa.string())
        self.tables["pedidos"] = {
            "pedido_id": self.order_ids,
            "data_pedido": _dates(self.day),
            "fornecedor_id": self.tables["fornecedores"]["fornecedor_id"].take(pa.array(self.supplier)),
            "valor_total_brl": from_units(self.total),
            "status": pa.array(["ENTREGUE", "EM_TRANSITO", "PENDENTE", "CANCELADO"]).take(pa.array(status)),
            "tipo_pagamento": pa.array([*METHODS, CARD]).take(pa.array(self.method)),
            "prazo_dias": pa.array(self.term),
            "data_entrega_prevista": _dates(self.day + self.term),
            "usuario_criacao": pa.repeat("pessoa.sintetica", orders),
            "observacoes": pc.if_else(pa.array(number % 6 == 0), "Pedido recorrente", nothing),
        }
        self.tables["itens_pedido"] = {
            "item_id": _ids("ITEM", np.arange(len(order)) + 1, len(order)),
            "pedido_id": self.order_ids.take(pa.array(order)),
            "produto_id": self.tables["produtos"]["produto_id"].take(pa.array(product)),
            "quantidade": pa.array(quantity),
            "preco_unitario": from_units(self.price[product]),
            "desconto_percentual": from_units(discount * 100, 4).cast(pa.decimal128(9, 4)),
            "valor_total_item": from_units(value),
            "data_inclusao": _dates(self.day[order]),
        }

    def _payments(self) -> None:
        rng, orders = self.rng, self.orders
        instalments = np.where(self.by_card & (rng.random(orders) < 0.85), rng.integers(2, 4, orders), 1)
        of_order = Segments.of_counts(np.where(self.paid, instalments, 0))
        order, current = of_order.groups, of_order.positions + 1
        count = instalments[order]
        # One in ten states each instalment's own value instead of repeating the total.
        own = (rng.random(orders) < 0.1)[order]
        value = np.where(own, self.total[order] // count, self.total[order])
        currency = self.currency[self.supplier[order]]
        agreed = np.append(ONE_RATE, self.rate)[currency] * np.where(
            currency > 0, rng.integers(980, 1021, len(order)), 1000
        )
        applied = np.maximum(agreed // 1000 // 100 * 100, 100)
        due = add_months(self.day[order] + self.term[order], current - 1)
        status = np.where(self.cancelled[order], 3, np.where(current > 1, 2, rng.integers(0, 3, len(order))))
        self.tables["pagamentos"] = {
            "pagamento_id": _ids("PAG", np.arange(len(order)) + 1, len(order)),
            "pedido_id": self.order_ids.take(pa.array(order)),
            "fornecedor_id": self.tables["fornecedores"]["fornecedor_id"].take(pa.array(self.supplier[order])),
            "data_pagamento": _dates(due),
            "valor_pago_brl": from_units(value),
            "metodo_pagamento": pa.array([*METHODS, CARD]).take(pa.array(self.method[order])),
            "status_pagamento": pa.array(["PAGO", "PENDENTE", "AGENDADO", "CANCELADO"]).take(pa.array(status)),
            "taxa_cambio_aplicada": from_units(applied, RATE_SCALE),
            "moeda_origem": pa.array(["BRL", *(name for name, *_ in CURRENCIES)]).take(pa.array(currency)),
            "valor_moeda_origem": from_units(
                np.where(currency == 0, value, mul_div_half_up(value, np.int64(ONE_RATE), applied))
            ),
            "num_parcelas": pa.array(count),
            "parcela_atual": pa.array(current),
            "data_vencimento": _dates(due),
            "usuario_aprovacao": pa.repeat("pessoa.sintetica", len(order)),
        }

    def _loans(self, count: int) -> None:
        rng, number = self.rng, np.arange(count) + 1
        term = rng.integers(12, 121, count)
        settled = number % 20 == 0
        paid = np.where(settled, term, rng.integers(0, term))
        invalid = number % 30 == 18
        paid = np.where(invalid, term + 8, paid)
        principal: Units = rng.integers(75_000, 2_000_000, count) * 100
        start = FIRST_DAY + rng.integers(0, DAYS, count)
        self.tables["emprestimos"] = {
            "emprestimo_id": _ids("EMP", number, count),
            "data_contratacao": _dates(start),
            "instituicao_financeira": self._pick(_BANKS, count),
            "valor_principal_brl": from_units(principal),
            "taxa_juros_anual": from_units(rng.integers(780, 1600, count) * 100, 4).cast(pa.decimal128(9, 4)),
            "prazo_meses": pa.array(term),
            "valor_parcela_mensal": from_units(principal * 13 // 10 // term),
            "saldo_devedor": from_units(np.where(settled, 0, principal * np.maximum(term - paid, 0) // term)),
            "status": pc.if_else(
                pa.array(settled), "QUITADO", self._pick(["ATIVO", "INADIMPLENTE"], count, [0.95, 0.05])
            ),
            "finalidade": self._pick(_PURPOSES, count),
            "data_vencimento_proxima": _dates(add_months(start, np.minimum(paid, term) + 1)),
            "num_parcelas_pagas": pa.array(paid),
            "usuario_responsavel": pa.repeat("pessoa.sintetica", count),
        }


def _dates(day: Index) -> pa.Array:
    return pa.array(day.astype("datetime64[D]"), pa.date32())


def _digits(number: Index, width: int) -> pa.Array:
    return pc.utf8_lpad(pa.array(number).cast(pa.string()), width, "0")


def _ids(prefix: str, number: Index, largest: int) -> pa.Array:
    """Return keys of one width, so that their order is that of their numbers."""
    return pc.binary_join_element_wise(prefix, _digits(number, max(3, len(str(largest)))), "")
