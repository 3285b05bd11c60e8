"""The answers to the controller's twelve questions as they are shown: by queries, in the workbook, in the docs.

Every reader returns the values of each question in the order in which `docs/perguntas.md` has them: amounts as
`Decimal`, dates, whole numbers, and the names of whom and what they are.
"""

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from cli import ROOT

Value = Decimal | date | int | str
Answers = list[list[Value]]
Row = dict[str, Any]
CENT = Decimal("0.01")
_CLICK = re.compile(r"clique em \*([^*]+)\*(?: de \*([^*]+)\*)?")


def brl(text: str) -> Decimal:
    """Return an amount as Brazil writes it."""
    return Decimal(re.sub(r"[^\d,-]", "", text.replace("−", "-")).replace(",", "."))


def day(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").date()


@dataclass(frozen=True)
class Documented:
    """A question as `docs/perguntas.md` has it.

    Attributes
    ----------
    question, query : str
    values : list
    clicks : list of tuple
        What is clicked in the portal, and in which of its panels; the latter is empty outside of them.
    sheet : str
        Where in the workbook there is more.
    """

    question: str
    query: str
    values: list[Value]
    clicks: list[tuple[str, str]]
    sheet: str


def documented() -> list[Documented]:
    """Return the twelve questions of the page."""
    lines = (ROOT / "docs/perguntas.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| \d+ \|", line)]
    assert [int(row[0]) for row in rows] == list(range(1, 13))
    return [
        Documented(question, query.strip("`"), _bold(answer), _CLICK.findall(portal), sheet)
        for _, question, answer, portal, sheet, query in rows
    ]


def _bold(text: str) -> list[Value]:
    found: list[Value] = []
    for each in re.findall(r"\*\*([^*]+)\*\*", text):
        if each.startswith("R$"):
            found.append(brl(each))
        elif "/" in each:
            found.append(day(each))
        else:
            found.append(int(each) if each.isdigit() else each)
    return found


def by_queries(ask: Callable[[str], list[Row]]) -> Answers:
    """Return the answers by the named queries: ``ask`` returns the rows of one, as the command prints them in JSON."""

    def column(query: str, name: str) -> list[Value]:
        return [Decimal(row[name]) for row in ask(query)]

    def first(query: str, *names: str) -> list[Value]:
        row = ask(query)[0]
        return [Decimal(row[name]) for name in names]

    (owed, *_), (largest, *_), (when, *_) = (
        ask(each) for each in ("vencidos", "compras-por-categoria", "data-dos-dados")
    )
    (dollar,) = (row for row in ask("alta-das-moedas") if row["moeda"] == "USD")
    (portfolio,) = (row for row in ask("valor-em-risco") if row["moeda"] is None)
    return [
        column("a-vencer", "total_brl"),
        [Decimal(owed["total_vencido_brl"]), owed["credor"], Decimal(owed["vencido_brl"])],
        [*column("exposicao-cambial", "em_aberto_brl"), *first("exposicao-cambial", "todas_brl")],
        [Decimal(dollar["alta_10_brl"]), Decimal(dollar["todas_alta_10_brl"])],
        [Decimal(portfolio["var_95_ewma_brl"]), Decimal(portfolio["var_95_historico_brl"])],
        first("emprestimos-do-proximo-mes", "total_brl"),
        first("previsao-do-proximo-mes", "comprometido_brl", "previsto_brl", "inferior_90_brl", "superior_90_brl"),
        first("cambio-do-ano", "variacao_brl"),
        first("mes-contra-ano-anterior", "total_brl", "total_anterior_brl"),
        first("totais-por-situacao", "pago_brl", "pendente_brl", "agendado_brl", "previsto_brl"),
        [largest["categoria"], Decimal(largest["valor_fluxo_brl"])],
        [*(date.fromisoformat(when[name]) for name in ("pedido_mais_novo", "ptax_mais_nova")), when["dias_de_atraso"]],
    ]  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A question as the sheet has it: its lines are what, and the cell's value."""

    question: str
    query: str
    sheet: str
    lines: list[tuple[str, Any]]

    @property
    def values(self) -> list[Value]:
        """The values in order; of whom or what they are before the amount."""
        found: list[Value] = []
        for what, value in self.lines:
            if named := re.match(r"A (?:quem mais|maior): (.+?)(?:, em |$)", what):
                found.append(named[1])
            found.append(_of_cell(value))
        return found


def in_workbook(file: bytes) -> list[Asked]:
    """Return the questions of the workbook's sheet, read back."""
    rows = load_workbook(io.BytesIO(file), data_only=True)["Perguntas"].iter_rows(min_row=5, values_only=True)
    found: list[Asked] = []
    for number, question, what, value, sheet, query in rows:
        if number is not None:
            found.append(Asked(question, query, sheet, []))
        found[-1].lines.append((what, value))
    return found


def _of_cell(value: Any) -> Value:
    if isinstance(value, str):
        return day(value) if "/" in value else value
    # Openpyxl reads a number without a fraction as a whole one.
    return Decimal(value).quantize(CENT)


def equal(values: list[Value], others: list[Value]) -> bool:
    """Return whether values are the same: amounts to the cent, whole numbers and names exactly."""
    return [str(_plain(each)) for each in values] == [str(_plain(each)) for each in others]


def _plain(value: Value) -> Value:
    return Decimal(value).quantize(CENT) if isinstance(value, int | Decimal) else value


def differences(one: Mapping[str, list[Value]], other: Mapping[str, list[Value]]) -> dict[str, Any]:
    """Return what differs, by question."""
    return {name: (one[name], other[name]) for name in one if not equal(one[name], other[name])}
