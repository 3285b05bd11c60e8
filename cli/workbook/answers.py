"""The answers to the controller's twelve questions, of what was read of a version: as in portal and queries."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from cli.contents.commitments import WITHIN
from cli.querying.named import TWELVE
from cli.workbook import cash_flow, exposure, forecast, next_months, risk
from cli.workbook.content import Content, rows_of
from cli.workbook.page import total
from cli.workbook.styles import Kind, written
from lakehouse.domain import EMPRESTIMO_PJ

# What is told of the fact is on no other sheet.
HERE: Final = ""
# As `cli.workbook.cover` is named, which lists this sheet.
_COVER: Final = "Resumo"
_NO_TODAY: Final = "nenhum pedido tem data, e por isso os dados não têm um hoje"
_NO_FORECAST: Final = "esta versão foi publicada sem a camada de previsão"
_NOTHING_OPEN: Final = "não há nada em aberto em moeda estrangeira"
_STATUSES: Final = {
    "saida_paga_brl": "Pago", "saida_pendente_brl": "Pendente", "saida_agendada_brl": "Agendado",
    "saida_prevista_brl": "Previsto",
}  # fmt: skip


class Answer(NamedTuple):
    """A line of an answer: what, its value (None where there is no honest one: ``what`` says why), its kind."""

    what: str
    value: Any
    kind: Kind = "money"


class Answered(NamedTuple):
    """A question's answer: the name of its query, the sheet that has more of it (or `HERE`), its lines."""

    query: str
    sheet: str
    lines: tuple[Answer, ...]


def answers(content: Content) -> list[Answered]:
    """Return the answers to the twelve questions, in the order of `TWELVE`."""
    found: tuple[tuple[str, Iterator[Answer]], ...] = (
        (HERE, _falling_due(content)),
        (HERE, _overdue(content)),
        (exposure.NAME, _exposed(content)),
        (risk.NAME, _rise(content)),
        (risk.NAME, _at_risk(content)),
        (next_months.NAME, _loans(content)),
        (forecast.NAME, _expected(content)),
        (cash_flow.NAME, _exchange(content)),
        (cash_flow.NAME, _year_on_year(content)),
        (_COVER, _by_status(content)),
        (HERE, _largest_category(content)),
        (_COVER, _of_when(content)),
    )
    absent = {forecast.NAME} if content.outlook is None else set()
    absent |= {risk.NAME} if content.risk is None else set()
    return [
        Answered(query, HERE if sheet in absent else sheet, tuple(lines))
        for query, (sheet, lines) in zip(TWELVE, found, strict=True)
    ]


def _falling_due(content: Content) -> Iterator[Answer]:
    rows, within = content.commitments.open, set[str]()
    for deadline, days in WITHIN:
        within.add(deadline)
        what = f"Em {days} dias"
        if rows is None:
            yield Answer(f"{what}: {_NO_TODAY}.", None)
        else:
            yield Answer(what, total(row["valor_fluxo_brl"] for row in rows if row["prazo"] in within))


def _overdue(content: Content) -> Iterator[Answer]:
    rows = content.commitments.overdue
    if rows is None:
        yield Answer(f"Vencido: {_NO_TODAY}.", None)
        return
    yield Answer("Vencido, ao todo", total(row["valor_fluxo_brl"] for row in rows))
    for row in rows[:1]:
        since = written(row["vencimento_mais_antigo"], "date")
        whom = f"{row.get('credor') or 'sem nome'}, em {row['moeda_origem'] or 'moeda desconhecida'}"
        yield Answer(f"A quem mais: {whom}, desde {since}", row["valor_fluxo_brl"])


def _exposed(content: Content) -> Iterator[Answer]:
    rows = exposure.in_reais(content)
    for row in rows:
        amount = f"{row['moeda_origem']}: {written(row['exposicao_moeda_origem'], 'foreign')}"
        if row["exposicao_brl"] is None:
            yield Answer(f"{amount}; não há cotação", None)
        else:
            rate = f"{row['taxa_ptax']}".replace(".", ",")
            yield Answer(f"{amount} a {rate}, PTAX de {written(row['data_ptax'], 'date')}", row["exposicao_brl"])
    yield Answer("Todas as moedas que têm cotação" if rows else "Não há nada em aberto", _whole(rows))


def _rise(content: Content) -> Iterator[Answer]:
    rows = exposure.in_reais(content)
    for row in rows:
        if row["moeda_origem"] == "USD" and row["exposicao_brl"] is not None:
            yield Answer("O dólar (USD), mais 10 %", exposure.tenth(row["exposicao_brl"]))
    yield Answer("Todas as moedas, mais 10 %", exposure.tenth(_whole(rows)))


def _whole(rows: list[Mapping[str, Any]]) -> Decimal:
    return total(row["exposicao_brl"] for row in rows)


def _at_risk(content: Content) -> Iterator[Answer]:
    measures = {"var_95_ewma_brl": "VaR 95 %, EWMA", "var_95_historico_brl": "VaR 95 %, histórico"}
    row, reason = _only(content.risk, mes_vencimento=None, moeda_origem=None), _NOTHING_OPEN
    if content.risk is None:
        reason = _NO_FORECAST
    elif row:
        reason = row["motivo"] or ""
    for name, what in measures.items():
        value = row.get(name)
        yield Answer(what if value is not None else f"{what}: {reason}", value)


def _loans(content: Content) -> Iterator[Answer]:
    if content.today is None:
        yield Answer(f"Parcelas: {_NO_TODAY}.", None)
        return
    rows, month = content.cash_flow, content.months[1]
    due = rows[(rows["mes_referencia"] == month) & (rows["origem_recurso"] == EMPRESTIMO_PJ)]
    yield Answer(f"Parcelas que vencem em {written(month, 'month')}", total(due["total_saida_brl"]))


def _expected(content: Content) -> Iterator[Answer]:
    measures = {
        "comprometido_brl": "Comprometido", "previsto_brl": "Previsto", "inferior_90_brl": "De (90 %)",
        "superior_90_brl": "Até (90 %)",
    }  # fmt: skip
    month = content.months[1]
    row = _only(content.outlook, mes_referencia=month, categoria=None, moeda_origem=None)
    if content.today is None:
        row, reason = {}, _NO_TODAY
    elif content.outlook is None:
        reason = _NO_FORECAST
    else:
        reason = (row["motivo"] or "") if row else f"a previsão não chega a {written(month, 'month')}"
    for name, what in measures.items():
        value = row.get(name)
        yield Answer(f"{what}, {written(month, 'month')}" if value is not None else f"{what}: {reason}", value)


def _exchange(content: Content) -> Iterator[Answer]:
    if content.today is None:
        yield Answer(f"Ganho ou perda: {_NO_TODAY}.", None)
        return
    rows, month = content.cash_flow, f"{content.today:%Y-%m}"
    of_year = rows[(rows["mes_referencia"] >= f"{month[:4]}-01") & (rows["mes_referencia"] <= month)]
    value = total(of_year["variacao_cambial_brl"])
    what = "Perda" if value < 0 else "Ganho"
    yield Answer(f"{what} de câmbio em {month[:4]}, até {written(month, 'month')}", value)


def _year_on_year(content: Content) -> Iterator[Answer]:
    if content.today is None:
        yield Answer(f"Este mês: {_NO_TODAY}.", None)
        return
    rows = content.cash_flow
    for year in (content.today.year, content.today.year - 1):
        month = f"{year:04}-{content.today:%m}"
        due = rows[rows["mes_referencia"] == month]
        yield Answer(f"Tudo o que vence em {written(month, 'month')}", total(due["total_saida_brl"]))


def _by_status(content: Content) -> Iterator[Answer]:
    for name, what in _STATUSES.items():
        yield Answer(what, total(content.cash_flow[name]))


def _largest_category(content: Content) -> Iterator[Answer]:
    for row in (content.commitments.bought or ())[:1]:
        yield Answer(f"A maior: {row['categoria'] or 'sem categoria'}", row["valor_fluxo_brl"])
        return
    yield Answer("A maior: esta versão não tem compras.", None)


def _of_when(content: Content) -> Iterator[Answer]:
    newest = max((row["data_ptax"] for row in content.commitments.rates or ()), default=None)
    yield Answer(
        "Pedido mais novo, o hoje dos dados" if content.today else f"Pedido: {_NO_TODAY}.", content.today, "date"
    )
    yield Answer("PTAX mais nova" if newest else "PTAX: não há cotação.", newest, "date")
    if newest and content.today:
        yield Answer("Dias que a PTAX está atrás", max((content.today - newest).days, 0), "count")


def _only(frame: Any, **wanted: str | None) -> Mapping[str, Any]:
    """Return the row of a table that has some values; nothing where there is no table or no such row."""
    rows = [] if frame is None else rows_of(frame)
    return next((row for row in rows if all(row[name] == value for name, value in wanted.items())), {})
