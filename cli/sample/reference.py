"""Suppliers, products and loans."""

import re
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from bronze.synthetic import vocabulary as v
from bronze.synthetic.drawing import Random, check_digits
from bronze.synthetic.reference import keys
from cli.sample.business import TODAY
from cli.sample.exchange import HOME
from lakehouse.engine.money import ONE_RATE
from lakehouse.engine.months import add_months

# Most suppliers are Brazilian; abroad there is one in each country, and a second one in Japan.
_AT_HOME: Final = 12
_FOREIGN: Final = (*range(1, len(v.COUNTRIES)), 4)
# The articles with more than one variant: technology, electronics, industry, cars, textiles.
_IN_VARIANTS: Final = 14

# The date of contract, the months, the principal in thousands of reais, the interest in tenths of a per cent a year.
_LOANS: Final = (
    (date(2023, 9, 15), 24, 90, 132), (date(2024, 3, 20), 36, 120, 118), (date(2024, 6, 10), 48, 180, 105),
    (date(2024, 9, 5), 18, 60, 149), (date(2024, 11, 25), 36, 150, 112), (date(2025, 2, 14), 30, 80, 128),
    (date(2025, 5, 30), 24, 75, 125), (date(2025, 8, 12), 48, 240, 98), (date(2025, 10, 31), 36, 110, 120),
    (date(2025, 12, 8), 12, 45, 155), (date(2026, 2, 18), 42, 200, 102), (date(2026, 5, 22), 24, 70, 136),
)  # fmt: skip
_IN_ARREARS: Final = 5
_RENEGOTIATED: Final = 6


def suppliers(rng: Random) -> pd.DataFrame:
    """Return ``fornecedores``; no telephone number can be dialled, and no CNPJ has valid check digits."""
    country = np.array([0] * _AT_HOME + list(_FOREIGN))
    rng.shuffle(country)
    count = len(country)
    countries = [v.COUNTRIES[number] for number in country]
    names = [
        f"{name} {line} {country.form}"
        for name, line, country in zip(
            _without_repeats(rng, v.COMPANY_NAMES, count), rng.choice(v.COMPANY_LINES, count), countries, strict=True
        )
    ]
    cnpj = _no_cnpj(rng, count)
    return pd.DataFrame({
        "fornecedor_id": keys("FORN", count).to_pylist(),
        "razao_social": names,
        "cnpj": [text if each.currency == HOME else "--" for text, each in zip(cnpj, countries, strict=True)],
        "pais_origem": [country.name for country in countries],
        "categoria": rng.choice(v.SUPPLIER_CATEGORIES, count),
        "rating": rng.choice(v.RATINGS, count),
        "tempo_parceria_anos": rng.integers(1, 16, count),
        "condicoes_pagamento": rng.choice(v.TERMS, count),
        "moeda_negociacao": [country.currency for country in countries],
        "contato_email": [f"contato@fornecedor{number}.example" for number in range(1, count + 1)],
        # No telephone number of a subscriber begins with 0.
        "telefone": [f"+{country.dialling}-0555-{rng.integers(100, 200):04d}" for country in countries],
    })  # fmt: skip


def products(rng: Random, suppliers: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """Return ``produtos``: every article, some in a second variant, each of any supplier."""
    articles = [*v.ARTICLES, *v.ARTICLES[:_IN_VARIANTS]]
    count = len(articles)
    supplier = suppliers.iloc[rng.integers(0, len(suppliers), count)]
    currency = supplier["moeda_negociacao"].to_numpy()
    price = np.array([article.price for article in articles]) * rng.integers(70, 141, count) // 100
    stock = rng.integers(10, 2_000, count)
    variant = np.arange(count) // len(v.ARTICLES) * 3 + rng.integers(0, 3, count)
    return pd.DataFrame({
        "produto_id": keys("PROD", count).to_pylist(),
        "nome_produto": [f"{article.name} {v.VARIANTS[n]}" for article, n in zip(articles, variant, strict=True)],
        "categoria": [article.category for article in articles],
        "subcategoria": [article.subcategory for article in articles],
        "fornecedor_id": supplier["fornecedor_id"].to_numpy(),
        "preco_unitario_brl": price,
        "moeda_origem": currency,
        "preco_origem": price * ONE_RATE // rates.iloc[-1][currency].to_numpy(),
        "unidade_medida": [article.unit for article in articles],
        "peso_kg": [article.grams for article in articles],
        "estoque_atual": stock,
        "estoque_minimo": stock // 3,
        "lead_time_dias": np.where(currency == HOME, 10, 40) + rng.integers(0, 36, count),
        "origem_fabricacao": supplier["pais_origem"].to_numpy(),
    })  # fmt: skip


def loans(rng: Random) -> pd.DataFrame:
    """Return ``emprestimos``: paid to date, except for one in arrears; settled ones have nothing due."""
    term, thousands, interest = np.array([loan[1:] for loan in _LOANS]).T
    day, today = (np.array(days, "datetime64[D]").astype(np.int64) for days in ([loan[0] for loan in _LOANS], TODAY))
    months = np.arange(1, term.max() + 1)
    paid = np.minimum((add_months(day[:, None], months[None, :]) <= today).sum(axis=1), term)
    status = np.where(paid == term, "QUITADO", "ATIVO").astype(object)
    status[[_IN_ARREARS, _RENEGOTIATED]] = "INADIMPLENTE", "RENEGOCIADO"
    paid[_IN_ARREARS] -= 3
    principal = thousands * 1_000_00
    due = add_months(day, paid + 1).astype("datetime64[D]")
    return pd.DataFrame({
        "emprestimo_id": keys("EMP", len(day)).to_pylist(),
        "data_contratacao": day.astype("datetime64[D]"),
        "instituicao_financeira": rng.choice(v.LENDERS, len(day)),
        "valor_principal_brl": principal,
        "taxa_juros_anual": interest * 1_000,
        "prazo_meses": term,
        # Principal and, on half of it, the interest of all years.
        "valor_parcela_mensal": principal * (24_000 + interest * term) // 24_000 // term,
        "saldo_devedor": principal * (term - paid) // term,
        "status": status,
        "finalidade": rng.choice(v.PURPOSES, len(day)),
        "data_vencimento_proxima": np.where(paid == term, np.datetime64("NaT", "D"), due),
        "num_parcelas_pagas": paid,
        "usuario_responsavel": rng.choice(v.PEOPLE, len(day)),
    })  # fmt: skip


def _without_repeats(rng: Random, words: tuple[str, ...], count: int) -> list[str]:
    """Return words in random order; none repeats before all have occurred."""
    rounds = [rng.permutation(words) for _ in range(-(-count // len(words)))]
    return [str(word) for word in np.concatenate(rounds)[:count]]


def _no_cnpj(rng: Random, count: int) -> list[str]:
    base = rng.integers(10**6, 10**8, count) * 10_000 + 1
    numbers = base * 100 + (check_digits(base) + 1) % 100
    return [re.sub(r"(..)(...)(...)(....)(..)", r"\1.\2.\3/\4-\5", f"{number:014d}") for number in numbers]
