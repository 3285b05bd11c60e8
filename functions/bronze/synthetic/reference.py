"""Synthetic reference data: exchange rates, suppliers, products and loans."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bronze.synthetic import vocabulary as v
from bronze.synthetic.drawing import Random, check_digits, dates, digits, evenly, one_in, percentages, weighted, words
from lakehouse.domain import BRL, QUITADO
from lakehouse.engine.money import ONE_RATE, RATE_SCALE, Units, from_units, mul_div_half_up
from lakehouse.engine.months import add_months
from lakehouse.engine.segments import Index

Arrays = dict[str, pa.Array]

FIRST_DAY: Final = int(np.datetime64("2023-01-02").astype(np.int64))
_CURRENCY_NAMES: Final = (BRL, *(currency.name for currency in v.CURRENCIES))
# Rates have four decimals, as in the export.
_RATE_STEP: Final = 100


@dataclass(frozen=True)
class Rates:
    """The rate of each currency on each day, quoted or not.

    Attributes
    ----------
    units : numpy int64, shape (currencies, days)
        Millionths of a real; the first currency is the real itself.
    """

    units: Units

    @classmethod
    def drawn(cls, rng: Random, days: int) -> "Rates":
        """Draw a random walk of at most 0.4 % a day."""
        walk = np.cumsum(rng.integers(-40, 41, (len(v.CURRENCIES), days)), axis=1).clip(-4_000, 4_000)
        first = np.array([currency.rate for currency in v.CURRENCIES])[:, None]
        units = first * (10_000 + walk) // 10_000 // _RATE_STEP * _RATE_STEP
        return cls(np.vstack([np.full(days, ONE_RATE), units]))

    def on(self, currency: Index, day: Index) -> Units:
        """Return rates by currency and day since 1970-01-01, each shape (n,)."""
        return self.units[currency, day - FIRST_DAY]


def quotations(rng: Random, rates: Rates, days: int) -> Arrays:
    """Return ``cambio``: quotations on working days, and not of every currency on each."""
    day = FIRST_DAY + np.arange(days)
    working = np.is_busday(day.astype("datetime64[D]"), holidays=np.array(v.HOLIDAYS, "datetime64[D]"))
    quoted = rng.integers(0, 100, (days, len(v.CURRENCIES))) < [currency.quoted for currency in v.CURRENCIES]
    when, which = np.nonzero(quoted & working[:, None])
    ptax = rates.units[which + 1, when]
    spread = np.maximum(ptax * 22 // 10_000 // _RATE_STEP, 2) * _RATE_STEP
    by_currency = np.argsort(which, kind="stable")
    before = np.concatenate([by_currency[:1], by_currency[:-1]])
    change = np.empty(len(which), np.int64)
    change[by_currency] = np.where(
        which[before] == which[by_currency], (ptax[by_currency] - ptax[before]) * 10_000 // ptax[before], 0
    )
    rows = len(which)
    return {
        "data_cotacao": dates(day[when]),
        "moeda": words(_CURRENCY_NAMES, which + 1),
        "taxa_compra": from_units(ptax - spread, RATE_SCALE),
        "taxa_venda": from_units(ptax + spread, RATE_SCALE),
        "taxa_ptax": from_units(ptax, RATE_SCALE),
        "variacao_dia_percentual": percentages(change * 100),
        "fonte": pa.repeat("SISBACEN", rows),
        "tipo_cambio": pa.repeat("COMERCIAL", rows),
        "hora_atualizacao": pa.repeat("16:30:00", rows),
    }


@dataclass(frozen=True)
class Suppliers:
    """The suppliers.

    Attributes
    ----------
    columns : dict of str to pa.Array
        ``fornecedores``.
    currency : numpy int64, shape (suppliers,)
        0 for the real, then by `vocabulary.CURRENCIES`.
    """

    columns: Arrays
    currency: Index

    @classmethod
    def drawn(cls, rng: Random, count: int) -> "Suppliers":
        """Draw suppliers; the first ones are one from each country, so that no country is missing."""
        country = weighted(rng, [country.share for country in v.COUNTRIES], count)
        country[: len(v.COUNTRIES)] = np.arange(len(v.COUNTRIES))
        currency = np.array([_CURRENCY_NAMES.index(country.currency) for country in v.COUNTRIES])[country]
        name, line = rng.integers(0, len(v.COMPANY_NAMES), count), rng.integers(0, len(v.COMPANY_LINES), count)
        number = np.arange(1, count + 1)
        base = rng.integers(10**6, 10**8, count) * 10_000 + 1
        cnpj = pc.binary_join_element_wise(
            digits(base // 10**10, 2), ".", digits(base // 10**7 % 1000, 3), ".", digits(base // 10**4 % 1000, 3),
            "/", digits(base % 10**4, 4), "-", digits(check_digits(base), 2), "",
        )  # fmt: skip
        dialling = words([country.dialling for country in v.COUNTRIES], country)
        columns = {
            "fornecedor_id": keys("FORN", count),
            "razao_social": pc.binary_join_element_wise(
                words(v.COMPANY_NAMES, name), words(v.COMPANY_LINES, line),
                words([country.form for country in v.COUNTRIES], country), " ",
            ),
            "cnpj": pc.if_else(pa.array(currency == 0), cnpj, pa.scalar(None, pa.string())),
            "pais_origem": words([country.name for country in v.COUNTRIES], country),
            "categoria": evenly(rng, v.SUPPLIER_CATEGORIES, count),
            "rating": words(v.RATINGS, weighted(rng, [20, 30, 10, 20, 20], count)),
            "tempo_parceria_anos": pa.array(rng.integers(1, 16, count)),
            "condicoes_pagamento": evenly(rng, v.TERMS, count),
            "moeda_negociacao": words(_CURRENCY_NAMES, currency),
            "contato_email": pc.binary_join_element_wise(
                "contato@fornecedor", pa.array(number).cast(pa.string()), ".example", ""
            ),
            "telefone": pc.binary_join_element_wise(
                "+", dialling, "-5550-", digits(rng.integers(0, 10**4, count), 4), ""
            ),
        }  # fmt: skip
        return cls(columns, currency)


@dataclass(frozen=True)
class Products:
    """The products.

    Attributes
    ----------
    columns : dict of str to pa.Array
        ``produtos``.
    price : numpy int64, shape (products,)
        Cents of a real.
    """

    columns: Arrays
    price: Units

    @classmethod
    def drawn(cls, rng: Random, count: int, suppliers: Suppliers, rates: Rates) -> "Products":
        """Draw variants of articles; prices in JPY imply a third of PTAX as their rate, as in the real export."""
        article, supplier = rng.integers(0, len(v.ARTICLES), count), rng.integers(0, len(suppliers.currency), count)
        price = np.array([a.price for a in v.ARTICLES])[article] * rng.integers(70, 141, count) // 100
        currency = suppliers.currency[supplier]
        rate = rates.units[currency, 0] // np.where(currency == _CURRENCY_NAMES.index("JPY"), 3, 1)
        country = suppliers.columns["pais_origem"].take(pa.array(supplier))
        stock = rng.integers(10, 2_000, count)
        columns = {
            "produto_id": keys("PROD", count),
            "nome_produto": pc.binary_join_element_wise(
                words([a.name for a in v.ARTICLES], article), evenly(rng, v.VARIANTS, count),
                pa.array(rng.integers(100, 1_000, count)).cast(pa.string()), " ",
            ),
            "categoria": words([a.category for a in v.ARTICLES], article),
            "subcategoria": words([a.subcategory for a in v.ARTICLES], article),
            "fornecedor_id": suppliers.columns["fornecedor_id"].take(pa.array(supplier)),
            "preco_unitario_brl": from_units(price),
            "moeda_origem": words(_CURRENCY_NAMES, currency),
            "preco_origem": from_units(mul_div_half_up(price, np.int64(ONE_RATE), rate)),
            "unidade_medida": words([a.unit for a in v.ARTICLES], article),
            "peso_kg": from_units(np.array([a.grams for a in v.ARTICLES])[article], 3),
            "estoque_atual": pa.array(stock),
            "estoque_minimo": pa.array(stock // 3),
            "lead_time_dias": pa.array(np.where(currency == 0, 10, 40) + rng.integers(0, 36, count)),
            "origem_fabricacao": country,
        }  # fmt: skip
        return cls(columns, price)


def loans(rng: Random, count: int, days: int) -> Arrays:
    """Return ``emprestimos``; one in thirty has more instalments paid than it has."""
    number = np.arange(1, count + 1)
    term = rng.integers(2, 21, count) * 6
    settled = ~(number % 30 == 18) & one_in(rng, 15, count)
    paid = np.where(settled, term, rng.integers(0, term))
    principal: Units = rng.integers(75, 2_001, count) * 1_000_00
    start = FIRST_DAY + rng.integers(0, days, count)
    balance = principal * (term - paid) // term
    claimed = np.where(number % 30 == 18, term + 8, paid)
    status = np.where(settled, 1, np.array([0, 2, 3])[weighted(rng, [90, 6, 4], count)])
    return {
        "emprestimo_id": keys("EMP", count),
        "data_contratacao": dates(start),
        "instituicao_financeira": evenly(rng, v.LENDERS, count),
        "valor_principal_brl": from_units(principal),
        "taxa_juros_anual": percentages(rng.integers(78, 160, count) * 1_000),
        "prazo_meses": pa.array(term),
        "valor_parcela_mensal": from_units(principal * 130 // 100 // term),
        "saldo_devedor": from_units(balance),
        "status": words(("ATIVO", QUITADO, "INADIMPLENTE", "RENEGOCIADO"), status),
        "finalidade": evenly(rng, v.PURPOSES, count),
        "data_vencimento_proxima": dates(add_months(start, paid + 1), ~settled),
        "num_parcelas_pagas": pa.array(claimed),
        "usuario_responsavel": evenly(rng, v.PEOPLE, count),
    }


def currency_names(currency: Index) -> pa.Array:
    """Return the names of currencies by number."""
    return words(_CURRENCY_NAMES, currency)


def keys(prefix: str, count: int) -> pa.Array:
    """Return ``count`` keys of one width, so that they sort as their numbers do."""
    return pc.binary_join_element_wise(prefix, digits(np.arange(1, count + 1), max(3, len(str(count)))), "")
