"""Table rules of the forecast: what it says is committed, exposed and quoted, against Gold and Bronze, in decimals.

What is expected cannot be audited against anything but itself: that it is never less than what is committed, that its
parts add up, and that a series too short for an honest answer has none.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract.model import known_words
from lakehouse.contract.quality import EXAMPLES, Outcome
from lakehouse.domain import EMPRESTIMO_PJ
from lakehouse.personal.quoting import keys
from tests.audited import Audited

MONTHLY: Final = "agregado_ml_forecast_risco_cambial"
CASH_FLOW: Final = "agregado_fluxo_de_caixa_mensal"
QUOTATIONS: Final = "cambio"
FACT: Final = "fato_pedido_correlacionado"
# The columns that the rules read of the layers below, by table.
READ: Final = {
    MONTHLY: ("mes_referencia", "categoria", "moeda_origem", "valor_fluxo_brl"),
    CASH_FLOW: ("mes_referencia", "origem_recurso", "moeda_origem", "total_saida_brl", "exposicao_moeda_origem"),
    QUOTATIONS: ("data_cotacao", "moeda", "taxa_ptax"),
    FACT: ("data_pedido",),
}
_SHORT: Final = "SERIE_CURTA"
_UNMEASURED: Final = ("POUCAS_COTACOES", "COTACOES_IMPLAUSIVEIS")
# The series that are too short, and what has neither category nor currency, together; and everything together.
_OTHERS: Final = ("DEMAIS", None)
_TOTAL: Final = (None, None)
_MONTHS: Final = 6
_ESTIMATED: Final = ("previsto_brl", "inferior_90_brl", "superior_90_brl", "mase", "vies_percentual", "cobertura_90")
# A series whose naive forecast was never wrong has no error to be relative to.
_ALWAYS_ESTIMATED: Final = ("previsto_brl", "inferior_90_brl", "superior_90_brl", "cobertura_90")
_AT_RISK: Final = (
    "var_95_ewma_brl", "var_99_ewma_brl", "var_95_historico_brl", "var_99_historico_brl", "estresse_mais_10_brl",
    "estresse_mais_20_brl", "estresse_menos_10_brl", "estresse_menos_20_brl",
)  # fmt: skip
# A history that is shorter than the time to the due date holds no move over so many days, and the row says so.
_WORST: Final = "pior_movimento_brl"
_EXPOSED: Final = ("exposicao_moeda", "exposicao_brl")
_TESTED: Final = ("excecoes_95", "dias_testados", "kupiec_p_valor")
_CENT: Final = Decimal("0.01")
_NONE: Final = Decimal(0)

Row = Mapping[str, Any]
Series = tuple[str | None, str | None]


def comprometido_confere(audited: Audited) -> Outcome:
    """Compare what is committed, and the loans' part of it, with Gold, month by month."""
    of_gold, loans = _of_gold(audited), _loans(audited)
    short = {_series(row) for row in _rows(audited) if row["metodo"] == _SHORT} - {_TOTAL, _OTHERS}
    together = {*short, _TOTAL}

    def agrees(row: Row) -> bool:
        series, month = _series(row), row["mes_referencia"]
        if series == _TOTAL:
            expected = sum((of_month[month] for of_month in of_gold.values()), _NONE)
        elif series == _OTHERS:
            expected = sum((of_gold[each][month] for each in together if each in of_gold), _NONE)
        else:
            expected = of_gold[series][month] if series in of_gold else _NONE
        return (row["comprometido_brl"], row["comprometido_emprestimos_brl"]) == (
            expected,
            loans[month] if series == _TOTAL else _NONE,
        )

    return _failing(audited, agrees)


def partes_somam_o_total(audited: Audited) -> Outcome:
    """Add up the parts' points of each month; those that are too short to have one count with what is committed."""
    totals = dict[str, Decimal]()
    parts: dict[str, Decimal] = defaultdict(Decimal)
    for row in _rows(audited):
        month, point = row["mes_referencia"], row["previsto_brl"]
        if _series(row) == _TOTAL:
            if point is not None:
                totals[month] = max(point, totals.get(month, point))
        elif point is not None:
            parts[month] += point
        elif _series(row) == _OTHERS:
            parts[month] += row["comprometido_brl"] or _NONE
    wrong = [month for month, total in totals.items() if total != parts[month]]
    months = {row["mes_referencia"] for row in _rows(audited)}
    return Outcome(len(wrong), len(months), tuple(sorted(wrong)[:EXAMPLES]))


def serie_curta_sem_numero(audited: Audited) -> Outcome:
    """Find the rows that have a number although their series is too short, or none although it is not."""

    def agrees(row: Row) -> bool:
        if row["metodo"] == _SHORT:
            return _all_absent(row, _ESTIMATED) and row["origens"] == 0 and bool(row["motivo"])
        return _all_present(row, _ALWAYS_ESTIMATED) and row["origens"] > 0

    return _failing(audited, agrees)


def series_do_gold(audited: Audited) -> Outcome:
    """Compare which series and months there are with Gold and with today of the data."""
    today = _today(audited)
    months = {_month_after(today, n): n + 1 for n in range(_MONTHS)}
    found = {(_series(row), row["mes_referencia"]) for row in _rows(audited)}
    of_gold = {_series(row) for row in audited.below[MONTHLY].to_pylist()}
    named = of_gold - {_TOTAL}
    short = {_series(row) for row in _rows(audited) if row["metodo"] == _SHORT}
    expected = {_TOTAL, *named, *([_OTHERS] if named & short or _TOTAL in of_gold else [])}
    wrong = {(series, month) for series in expected for month in months} ^ found
    dated = {
        (_series(row), row["mes_referencia"])
        for row in _rows(audited)
        if row["data_referencia"] != today
        or row["ultimo_mes_completo"] != _month_after(today, -1)
        or months.get(row["mes_referencia"]) != row["horizonte"]
    }
    return _outcome(wrong | dated, len(found))


def exposicao_confere(audited: Audited) -> Outcome:
    """Compare the exposure of each currency and month with Gold, and how far away the month is with the calendar."""
    rows, today = _rows(audited), _today(audited)
    expected = set(_exposures(audited).items())
    written = {(_month_of(row), row["exposicao_moeda"]) for row in rows if row["mes_vencimento"] is not None}
    wrong = {key for key, _ in expected ^ written}
    wrong |= {_month_of(row) for row in rows if row["data_referencia"] != today}
    return _outcome(wrong, len(rows))


def valor_em_reais_confere(audited: Audited) -> Outcome:
    """Value each month's exposure at the newest quotation once more, and compare."""
    newest = _newest_quotations(audited)

    def agrees(row: Row) -> bool:
        currency, month = row["moeda_origem"], row["mes_vencimento"]
        if currency is None:
            return row["taxa_ptax"] is None and row["data_ptax"] is None
        rate, on = newest.get(currency, (None, None))
        if (row["taxa_ptax"], row["data_ptax"]) != (rate, on):
            return False
        if month is None:
            return True
        exposure = row["exposicao_moeda"]
        absent = rate is None or exposure is None
        expected = None if absent else (exposure * rate).quantize(_CENT, ROUND_HALF_UP)
        return bool(row["exposicao_brl"] == expected)

    return _failing(audited, agrees)


def totais_somam(audited: Audited) -> Outcome:
    """Add up each currency's months, and the currencies; what has no quotation is not in a sum of reais."""
    of_months: dict[str, list[Row]] = defaultdict(list)
    totals: list[Row] = []
    portfolio: list[Row] = []
    for row in _rows(audited):
        if row["moeda_origem"] is None:
            portfolio.append(row)
        elif row["mes_vencimento"] is None:
            totals.append(row)
        else:
            of_months[row["moeda_origem"]].append(row)
    sums = {
        (name, tuple(_sum_of(row[column] for row in rows) for column in _EXPOSED)) for name, rows in of_months.items()
    }
    wrong: set[Series] = {(name, None) for name, _ in sums ^ {(row["moeda_origem"], _exposed(row)) for row in totals}}
    expected = (None, _sum_of(row["exposicao_brl"] for row in totals))
    if len(portfolio) != bool(totals) or any(_exposed(row) != expected for row in portfolio):
        wrong.add(_TOTAL)
    return _outcome(wrong, len(totals) + len(portfolio))


def poucas_cotacoes_sem_numero(audited: Audited) -> Outcome:
    """Find the rows that have a number although the quotations allow none, or none although they do."""

    def agrees(row: Row) -> bool:
        if row["metodo"] in _UNMEASURED:
            return _all_absent(row, (*_AT_RISK, _WORST, *_TESTED)) and bool(row["motivo"])
        tested = _all_absent(row, _TESTED) or _all_present(row, _TESTED)
        return _all_present(row, _AT_RISK) and tested and (row[_WORST] is not None or bool(row["motivo"]))

    return _failing(audited, agrees)


def _rows(audited: Audited) -> list[Row]:
    rows: list[Row] = audited.table.to_pylist()
    return rows


def _series(row: Row) -> Series:
    return row["categoria"], row["moeda_origem"]


def _month_of(row: Row) -> Series:
    return row["moeda_origem"], row["mes_vencimento"]


def _exposed(row: Row) -> tuple[Decimal | None, ...]:
    return tuple(row[name] for name in _EXPOSED)


def _today(audited: Audited) -> date:
    newest: date = pc.max(audited.below[FACT]["data_pedido"]).as_py() or date.min
    return newest


def _month_after(day: date, months: int) -> str:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return f"{year:04d}-{month + 1:02d}"


def _of_gold(audited: Audited) -> dict[Series, dict[str, Decimal]]:
    """Return Gold's value of each series, by month."""
    values: dict[Series, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in audited.below[MONTHLY].to_pylist():
        values[_series(row)][row["mes_referencia"]] += row["valor_fluxo_brl"]
    return values


def _loans(audited: Audited) -> dict[str, Decimal]:
    values: dict[str, Decimal] = defaultdict(Decimal)
    for row in audited.below[CASH_FLOW].to_pylist():
        if row["origem_recurso"] == EMPRESTIMO_PJ:
            values[row["mes_referencia"]] += row["total_saida_brl"]
    return values


def _exposures(audited: Audited) -> dict[Series, Decimal]:
    """Return what is open of each currency, by month."""
    values: dict[Series, Decimal] = defaultdict(Decimal)
    for row in audited.below[CASH_FLOW].to_pylist():
        if row["exposicao_moeda_origem"]:
            values[row["moeda_origem"], row["mes_referencia"]] += row["exposicao_moeda_origem"]
    return values


def _newest_quotations(audited: Audited) -> dict[str, tuple[Decimal, date]]:
    """Return each currency's newest rate, and its date."""
    newest = dict[str, tuple[Decimal, date]]()
    for row in audited.below[QUOTATIONS].to_pylist():
        name, on = row["moeda"], row["data_cotacao"]
        if name not in newest or newest[name][1] < on:
            newest[name] = (row["taxa_ptax"], on)
    return newest


def _sum_of(values: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of what there is; None where there is nothing."""
    there = [value for value in values if value is not None]
    return sum(there, _NONE) if there else None


def _all_absent(row: Row, names: Sequence[str]) -> bool:
    return all(row[name] is None for name in names)


def _all_present(row: Row, names: Sequence[str]) -> bool:
    return all(row[name] is not None for name in names)


def _failing(audited: Audited, agrees: Callable[[Row], bool]) -> Outcome:
    rows, key = _rows(audited), audited.contract.key
    wrong = [row for row in rows if not agrees(row)]
    return Outcome(len(wrong), len(rows), tuple(sorted(_shown(row[name] for name in key) for row in wrong)[:EXAMPLES]))


def _outcome(wrong: Iterable[object], examined: int) -> Outcome:
    named = sorted(_shown(_flat(each)) for each in wrong)
    return Outcome(len(named), examined, tuple(named[:EXAMPLES]))


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, tuple):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _shown(values: Iterable[object]) -> str:
    texts = pa.array(["-" if value is None else str(value) for value in values], pa.string())
    return "/".join(keys(texts, known_words).to_pylist())
