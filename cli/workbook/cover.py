"""The first sheet: of what version the workbook is, its totals and what they mean, and what to be careful about."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from cli.workbook import cash_flow, dictionary, exposure, forecast, next_months, quality, questions, risk
from cli.workbook.content import Content, rows_of
from cli.workbook.page import Desk, Field, Page, total
from cli.workbook.styles import Kind, written
from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.domain import EMPRESTIMO_PJ
from lakehouse.versions.version import ROLLBACK

NAME: Final = "Resumo"
_WIDTHS: Final = (34, 30, 78)
_LABEL: Final = Field("", "", "text", is_key=True)
_MEANING: Final = Field("", "", "text", wrap=_WIDTHS[2])
# One column has all values, so words stand where numbers do.
_RIGHT: Final[dict[Kind, Kind]] = {"text": "word", "date": "word"}
_BY: Final = {"pipeline": "pipeline inteiro", ROLLBACK: "volta a uma versão anterior"}
SHEETS: Final = {
    questions.NAME: "As doze perguntas de um controller, cada uma com a resposta e o nome de sua consulta.",
    next_months.NAME: "O que vence em cada um dos próximos doze meses, por situação, com gráfico.",
    cash_flow.NAME: "A tabela de fluxo de caixa do Gold, linha por linha, para filtrar; totais exatos.",
    exposure.NAME: "O que está em aberto em cada moeda estrangeira, com gráfico.",
    exposure.BY_MONTH: "O mesmo, por mês de vencimento.",
    risk.NAME: "VaR, estresse e prova de Kupiec, no total de cada moeda e na carteira.",
    risk.BY_MONTH: "O mesmo, por mês de vencimento.",
    forecast.NAME: "O total que se espera em cada um dos próximos seis meses, com o intervalo, e gráfico.",
    forecast.BY_SERIES: "As partes da previsão, por categoria e moeda, e por que algumas não têm número.",
    quality.NAME: "O que as auditorias encontraram em cada tabela, avisos e quarentena.",
    dictionary.NAME: "O que é cada coluna: nome, sentido, cálculo, tipo, dono, classificação.",
}


class Line(NamedTuple):
    """A line of the cover: what, its value, of what kind that is, and what it means."""

    what: str
    value: Any
    kind: Kind
    meaning: str


def add(desk: Desk, sheets: Sequence[str]) -> None:
    """Add the sheet, which lists the others."""
    content = desk.content
    page = desk.page(NAME, "IMPORTAÚ: fluxo de caixa, câmbio e previsão", "Uma versão publicada do lago de dados.")
    page.widths(_WIDTHS)
    page.sheet.set_portrait()
    page.on_one_page()
    _part(page, "De que é esta planilha", origin(content))
    _part(page, "Totais", totals(desk))
    _part(page, "Antes de usar os números", cautions(content))
    page.section("O que há em cada folha", len(_WIDTHS))
    for name in sheets:
        page.sheet.write_url(page.row, 0, f"internal:'{name}'!A1", desk.styles.of("link"), name)
        page.sheet.merge_range(page.row, 1, page.row, 2, SHEETS[name], desk.styles.of("row", "text"))
        page.row += 1


def _part(page: Page, title: str, lines: Iterator[Line]) -> None:
    page.section(title, len(_WIDTHS))
    for line in lines:
        page.put(page.row, 0, line.what, _LABEL)
        value = written(line.value, line.kind) if line.kind in _RIGHT else line.value
        page.put(page.row, 1, value, Field("", "", _RIGHT.get(line.kind, line.kind), wrap=_WIDTHS[1]))
        page.put(page.row, 2, line.meaning, _MEANING)
        page.tall(page.row, [(str(line.value), _WIDTHS[1]), (line.meaning, _WIDTHS[2])])
        page.row += 1
    page.row += 1


def origin(content: Content) -> Iterator[Line]:
    """Yield which version it is, and of which data."""
    version = content.version
    yield Line(
        "Versão", version.number, "count", f"Do lago {content.place}; cada versão é um estado inteiro e auditado."
    )
    made = datetime.fromisoformat(version.made.at)
    by = _BY.get(version.made.by, f"camada {version.made.by}")
    yield Line("Publicada em", f"{made:%d/%m/%Y %H:%M} UTC", "text", f"Por: {by}.")
    if version.restores:
        yield Line("Restaura a versão", version.restores, "count", "As tabelas são as dessa versão.")
    yield Line("Execução", version.run, "text", "Com este nome se acham registros, auditorias e linhagem.")
    source = version.source
    given = (
        f"{len(version.inputs)} arquivos CSV" if version.is_from_csv
        else f"{written(source.get('orders'), 'count')} pedidos sintéticos"
    )  # fmt: skip
    meaning = "Exportados dos sistemas." if version.is_from_csv else f"Inventados, com a semente {source.get('seed')}."
    yield Line("Feita de", given, "text", meaning)
    meaning = "A data do pedido mais novo. 'Próximos' e 'antes' contam do mês dela, não do dia em que se lê."
    yield Line("Hoje dos dados", content.today, "date", meaning)


def totals(desk: Desk) -> Iterator[Line]:
    """Yield the totals of Gold, exactly, and the first numbers of forecast and risk."""
    content = desk.content
    rows, contract = content.cash_flow, load(layers.in_role("cash_flow"))
    for name in ("total_saida_brl", "saida_paga_brl", *exposure.OPEN, "cancelado_brl", "variacao_cambial_brl"):
        column = contract.column(name)
        yield Line(column.business_name, total(rows[name]), "money", column.description)
    still: Decimal = sum((total(rows[name]) for name in exposure.OPEN), Decimal("0.00"))
    yield Line("Em aberto", still, "money", "Pendente, agendado e previsto, de todos os meses.")
    loans = rows[rows["origem_recurso"] == EMPRESTIMO_PJ]
    yield Line("Empréstimos", total(loans["total_saida_brl"]), "money", "A parte dos empréstimos no total de saídas.")
    within = rows[rows["mes_referencia"].isin(content.months)]
    ends = f"De {written(content.months[0], 'month')} a {written(content.months[-1], 'month')}, sem o cancelado."
    yield Line("Próximos 12 meses", total(within["total_saida_brl"]), "money", ends)
    for row in exposure.by_currency(content):
        meaning = "Em aberto nessa moeda, de todos os meses."
        yield Line(f"Exposição em {row['moeda_origem']}", row["exposicao_moeda_origem"], "foreign", meaning)
    yield from _expected(desk)


def _expected(desk: Desk) -> Iterator[Line]:
    months = forecast.total_rows(desk)
    if months:
        first = months[0]
        what = f"Previsão de {written(first['mes_referencia'], 'month')}"
        if first["previsto_brl"] is None:
            yield Line(what, risk.WITHOUT, "text", first["motivo"] or "")
        else:
            low, high = (written(first[name], "money") for name in ("inferior_90_brl", "superior_90_brl"))
            meaning = f"Sem empréstimos; com 90 % de confiança de {low} a {high}. Método: {first['metodo']}."
            yield Line(what, first["previsto_brl"], "money", meaning)
    if desk.content.risk is not None:
        whole = [row for row in rows_of(desk.content.risk)
                 if row["moeda_origem"] is None and row["mes_vencimento"] is None]  # fmt: skip
        for row in whole:
            column = load(layers.in_role("currency_risk")).column("var_95_historico_brl")
            value = row[column.name]
            what = "VaR 95 % da carteira"
            if value is None:
                yield Line(what, risk.WITHOUT, "text", row["motivo"] or "")
            else:
                yield Line(what, value, "money", column.description)


def cautions(content: Content) -> Iterator[Line]:
    """Yield what a reader has to know: warnings, rows set aside, layers that are missing or out of date."""
    warned = [warning for each in content.audits for warning in each.warned]
    tables = len({warning.table for warning in warned})
    yield Line(
        "Avisos de qualidade", len(warned), "count",
        f"Regras de {tables} tabela(s) que algumas linhas não cumprem; veja {quality.NAME}." if warned else "Nenhum.",
    )  # fmt: skip
    aside = [each for each in content.audits if each.quarantined]
    where = "; ".join(f"{each.table}: {written(each.quarantined, 'count')}" for each in aside)
    yield Line(
        "Linhas em quarentena", sum(each.quarantined for each in aside), "count",
        f"Não estão nos totais até que se corrijam ({where})." if aside else "Nenhuma.",
    )  # fmt: skip
    if content.outlook is None or content.risk is None:
        yield Line(
            "Previsão e risco", "não há", "text",
            "Esta versão foi publicada sem a camada de previsão; por isso faltam essas folhas.",
        )  # fmt: skip
    if outdated := content.version.outdated:
        yield Line(
            "Desatualizadas", len(outdated), "count",
            f"Feitas de outra versão de suas fontes: {', '.join(outdated)}. Execute essas camadas outra vez.",
        )  # fmt: skip
    yield Line(
        "Exatidão", "ao centavo", "text",
        "Os totais são valores calculados com exatidão, iguais aos do Gold. O Excel guarda 15 algarismos: até "
        "R$ 9.999.999.999.999,99 nenhum centavo se perde; um valor maior está escrito como texto.",
    )  # fmt: skip
    yield Line(
        "Dados pessoais", "não há", "text",
        "Colunas classificadas nos contratos ficam de fora, e o fato, pedido por pedido, também.",
    )  # fmt: skip
