"""The guided tour is true: its values are what the pipeline computes, its links lead to the code that does it."""

import re
from pathlib import Path

import pytest
import tour
from generated import regenerated
from golden import assert_golden
from lakehouse_tables import FACT

from cli import ROOT
from cli.pages import lines

pytestmark = pytest.mark.once

PAGE = ROOT / "docs/tour.md"
_LINK = re.compile(r"\[`(?P<name>[^`\]]+)`\]\((?P<path>[^)\s#]+)#L(?P<line>\d+)\)")
_PART = re.compile(r"<!-- generated: .*?<!-- end -->", re.DOTALL)


@pytest.fixture(scope="module")
def parts() -> dict[str, str]:
    return tour.parts()


@pytest.mark.golden
def test_every_value_is_what_the_pipeline_computes_from_the_sample(parts: dict[str, str]) -> None:
    assert_golden(regenerated(PAGE.read_text("utf-8"), parts), PAGE)


def test_every_amount_and_date_in_its_sentences_is_one_of_these_values(parts: dict[str, str]) -> None:
    sentences = _PART.sub("", PAGE.read_text("utf-8"))
    named = set(re.findall(r"\d+\.\d+|\d{4}-\d{2}-\d{2}|(?:PED|PAG|ITEM)\d+", sentences))
    # What is lost is told without its sign.
    values = {value.removeprefix("-") for value in re.findall(r"[\w.-]+", " ".join(parts.values()))}
    assert named
    assert named - values == set()


def test_what_it_says_of_the_order_is_so() -> None:
    (order,) = tour.rows("pedidos", pedido_id=tour.ORDER)
    items, payments = (tour.rows(table, pedido_id=tour.ORDER) for table in ("itens_pedido", "pagamentos"))
    assert (len(items), len(payments)) == (2, 4)
    assert {payment["valor_pago_brl"] for payment in payments} == {order["valor_total_brl"]}
    assert sum(item["valor_total_item"] for item in items) != order["valor_total_brl"]
    assert [payment["status_pagamento"] for payment in payments] == ["PAGO", "PAGO", "AGENDADO", "PENDENTE"]
    last = max(quotation["data_cotacao"] for quotation in tour.rows("cambio", moeda="USD"))
    assert str(last) == "2026-05-29"
    assert sum(payment["data_pagamento"] > last for payment in payments) == 3
    fact = tour.rows(FACT, pedido_id=tour.ORDER)
    assert len(fact) == 8
    assert [row["quantidade"] for row in fact[:4]] == [4, 4, 3, 3]
    assert all(row["fornecedor_produto_id"] != order["fornecedor_id"] for row in fact)


def test_the_groups_it_shows_are_of_its_order_alone() -> None:
    months = {row["mes_referencia"] for row in tour.rows(FACT, pedido_id=tour.ORDER)}
    by_card = tour.rows(FACT, origem_recurso="CARTAO_CREDITO_PJ", moeda_origem="USD")
    assert {row["pedido_id"] for row in by_card if row["mes_referencia"] in months} == {tour.ORDER}
    of_june = tour.rows(FACT, mes_referencia="2026-06", categoria=tour.CATEGORY, moeda_origem="USD")
    assert {row["pedido_id"] for row in of_june} == {tour.ORDER}


def test_it_shows_no_login_of_a_person(parts: dict[str, str]) -> None:
    logins = {row["usuario_criacao"] for row in tour.rows("pedidos")}
    logins |= {row["usuario_aprovacao"] for row in tour.rows("pagamentos")}
    text = PAGE.read_text("utf-8")
    assert [login for login in logins if login and login in text] == []


@pytest.mark.parametrize("page", lines.pages(ROOT), ids=lambda page: page.name)
def test_links_into_the_code_lead_to_where_it_is_now(page: Path) -> None:
    assert lines.with_lines(page, ROOT) == page.read_text("utf-8"), (
        f"{page.relative_to(ROOT)} links to lines that code was moved from: mend it with `./importau generate`"
    )


@pytest.mark.parametrize("page", lines.pages(ROOT), ids=lambda page: page.name)
def test_the_line_of_a_link_has_the_name_of_what_it_leads_to(page: Path) -> None:
    for link in _LINK.finditer(page.read_text("utf-8")):
        line = (page.parent / link["path"]).read_text("utf-8").splitlines()[int(link["line"]) - 1]
        name = re.split("[.:]", link["name"])[-1]
        names = [name, *(name.replace(layer, "${LayerName}") for layer in ("Bronze", "Silver", "Gold"))]
        assert any(each in line for each in names), f"{link['name']} is not on line {link['line']}: {line}"


def test_the_tour_has_eight_to_twelve_stops_and_each_leads_into_the_code() -> None:
    stops = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert 8 <= len(stops) <= 12
    assert [stop.partition(".")[0] for stop in stops] == [str(n) for n in range(1, len(stops) + 1)]
    assert [stop for stop in stops if not _LINK.search(stop)] == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of a module, a contract, a definition and a row, and a page that names something of each."""
    for path, text in {
        "functions/common/lakehouse/engine/rateio.py": "LIMIT: int = 1\n\n\ndef share():\n    pass\n",
        "functions/silver/exchange.py": "class Quotations:\n    @property\n    def on(self):\n        pass\n",
        "glue/contracts/silver/fato.odcs.yaml": "name: fato\nproperties:\n  - name: valor\n",
        "statemachine/layer.asl.json": '{\n  "Write${LayerName}": {\n  }\n}\n',
        "csv_exports/pedidos.csv": "pedido_id,valor\nPED001,1\nPED002,2\n",
        "docs/page.md": "",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "path", "line"),
    [
        ("lakehouse.engine.rateio.share", "functions/common/lakehouse/engine/rateio.py", 4),
        ("lakehouse.engine.rateio.LIMIT", "functions/common/lakehouse/engine/rateio.py", 1),
        ("silver.exchange.Quotations", "functions/silver/exchange.py", 1),
        ("silver.exchange.Quotations.on", "functions/silver/exchange.py", 3),
        ("fato.valor", "glue/contracts/silver/fato.odcs.yaml", 3),
        ("layer.WriteGold", "statemachine/layer.asl.json", 2),
        ("pedidos.csv:PED002", "csv_exports/pedidos.csv", 3),
    ],
)
def test_what_a_page_may_name_is_found(project: Path, name: str, path: str, line: int) -> None:
    assert lines.find(name, project) == (path, line)
    page = project / "docs/page.md"
    page.write_text(f"see [`{name}`]() and [`{name}`](elsewhere.py#L99)", "utf-8")
    assert lines.with_lines(page, project) == f"see [`{name}`](../{path}#L{line}) and [`{name}`](../{path}#L{line})"


def test_links_that_do_not_lead_to_a_line_stay_as_they_are(project: Path) -> None:
    page = project / "docs/page.md"
    page.write_text(
        "[`lakehouse.engine.rateio.share`](other.md) [words](x.py#L3) `silver.exchange.Quotations`", "utf-8"
    )
    assert lines.with_lines(page, project) == page.read_text("utf-8")


def test_every_name_that_is_nowhere_is_named(project: Path) -> None:
    page = project / "docs/page.md"
    page.write_text("[`silver.exchange.gone`]() [`fato.gone`](x.yaml#L1) [`pedidos.csv:PED009`]()", "utf-8")
    with pytest.raises(LookupError, match=r"docs/page.md .*: silver.exchange.gone, fato.gone, pedidos.csv:PED009$"):
        lines.with_lines(page, project)
