"""The answers to the controller's twelve questions as the portal's page shows them: what is not visible is not read."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from playwright.sync_api import Locator, Page
from twelve import Value, brl

_MONEY: Final = re.compile(r"R\$\s[\d.]+,\d\d")


def click(page: Page, name: str, panel: str) -> None:
    """Click what has a name: in a panel, or in the navigation where there is none."""
    if panel:
        region(page, panel).get_by_text(name, exact=True).click()
    else:
        page.get_by_role("navigation").get_by_role("link", name=name).click()


def region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def figure(page: Page, name: str) -> Decimal:
    shown = page.locator(".figures > div", has=page.locator("dt", has_text=re.compile(f"^{name}$")))
    return brl(shown.locator(".value").inner_text())


def table(page: Page, panel: str) -> list[dict[str, str]]:
    """Return the visible rows of a panel's table, its totals last, by the headings."""
    shown = region(page, panel).get_by_role("table").first
    shown.wait_for(state="visible")
    headings = shown.locator("thead th").all_inner_texts()
    rows = [row.locator("td, th").all_inner_texts() for row in shown.locator("tbody tr, tfoot tr").all()]
    return [dict(zip(headings, row, strict=True)) for row in rows]


def row_of(rows: Sequence[dict[str, str]], name: str) -> dict[str, str]:
    (found,) = (row for row in rows if next(iter(row.values())) == name)
    return found


def amounts(row: dict[str, str], *headings: str) -> list[Value]:
    return [brl(row[heading]) for heading in headings]


def falling_due(page: Page) -> list[Value]:
    return [figure(page, f"Em {days} dias") for days in (30, 90, 365)]


def overdue(page: Page) -> list[Value]:
    largest = table(page, "Vencido, a quem")[0]
    return [figure(page, "Vencido"), largest["Credor"], brl(largest["Em reais"])]


def exposed(page: Page) -> list[Value]:
    found = [brl(row["Em reais"]) for row in table(page, "Exposição cambial")]
    assert found[-1] == figure(page, "Exposição cambial")
    return [*sorted(found[:-1], reverse=True), found[-1]]


def rise(page: Page) -> list[Value]:
    rows = table(page, "Exposição cambial")
    return [brl(row_of(rows, name)["Diferença (+10 %)"]) for name in ("USD", "Todas")]


def at_risk(page: Page) -> list[Value]:
    return amounts(row_of(table(page, "Risco cambial"), "Todas"), "95 %, EWMA", "95 %, histórico")


def loans(page: Page) -> list[Value]:
    return amounts(row_of(table(page, "O que sai, mês a mês"), "jul/26"), "Empréstimos")


def expected(page: Page) -> list[Value]:
    row = row_of(table(page, "Comprometido e previsto"), "jul/26")
    return amounts(row, "Comprometido", "Previsto", "De (90 %)", "Até (90 %)")


def told(page: Page, beginning: str) -> str:
    """Return the sentence that begins so."""
    return region(page, "Em palavras").get_by_role("listitem").filter(has_text=re.compile(beginning)).inner_text()


def exchange(page: Page) -> list[Value]:
    sentence = told(page, r"^(Ganho|Perda) de câmbio \(2026\)")
    amount = brl(_MONEY.findall(sentence)[0])
    return [amount if sentence.startswith("Ganho") else -amount]


def year_on_year(page: Page) -> list[Value]:
    now, _, before = _MONEY.findall(told(page, "^Em junho de 2026"))
    return [brl(now), brl(before)]


def by_status(page: Page) -> list[Value]:
    return [figure(page, name) for name in ("Paga", "Pendente", "Agendada", "Prevista")]


def largest_category(page: Page) -> list[Value]:
    row = table(page, "Volume por categoria")[0]
    return [row["Categoria"], brl(row["valor do fluxo"])]


def of_when(page: Page) -> list[Value]:
    head = page.locator(".outlook-head")
    dates: list[Any] = [time.get_attribute("datetime") for time in head.locator("time").all()]
    lag = re.search(r", (\d+) dias antes", head.inner_text())
    assert lag is not None
    return [*map(date.fromisoformat, dates), int(lag[1])]


READERS: Final[tuple[Callable[[Page], list[Value]], ...]] = (
    falling_due, overdue, exposed, rise, at_risk, loans, expected, exchange, year_on_year, by_status, largest_category,
    of_when,
)  # fmt: skip
