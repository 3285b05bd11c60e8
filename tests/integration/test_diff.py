"""Two versions of a small company compared, and every cell of Gold that moved explained, to the cent."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from lakehouse_tables import CASH_FLOW, EVERY_TABLE, EXPORTED, FACT, FORECAST, PARTED
from layers import above, correlate
from parted import part_of_bronze
from published import publish
from simulated_aws import simulated_lake
from typer.testing import CliRunner

from bronze.synthetic.company import accepted, generate
from cli.commands import diff as command
from cli.difference.comparison import printed
from cli.difference.explanation import explain
from cli.difference.tables import by_month, differences
from cli.difference.whole import Difference
from cli.errors import CliError
from cli.main import app
from gold.explained import TABLES as EXPLAINED
from lakehouse.contract.model import load
from lakehouse.versions.view import View

Tables = dict[str, pa.Table]
ORDERS = 300
ZERO = Decimal("0.00")
CENT = Decimal("0.01")


def company(seed: int = 7) -> Tables:
    return {name: accepted(name, rows).kept for name, rows in generate(ORDERS, seed).items()}


def layered(bronze: Mapping[str, pa.Table], parts: int = 1) -> dict[str, Any]:
    """Return all tables, those that are cut in parts."""
    pieces = [part_of_bronze(bronze, part, parts) for part in range(parts)]
    facts = [correlate(piece).fact for piece in pieces]
    whole = above(bronze)
    cut = {name: [piece[name] for piece in pieces] if name in PARTED else bronze[name] for name in EXPORTED}
    return cut | whole | {FACT: facts}


def with_column(table: pa.Table, name: str, rows: pa.Array, value: Any) -> pa.Table:
    """Return a table with another value in a column of some rows."""
    at, type_ = table.schema.get_field_index(name), table.schema.field(name).type
    return table.set_column(at, name, pc.if_else(rows, pa.scalar(value, type_), table[name]))


def every(rows: pa.Table, n: int) -> pa.Array:
    return pa.array([row % n == 0 for row in range(len(rows))])


def lived_on(bronze: Tables) -> Tables:
    """Return the company some time later: something of every kind has happened to it."""
    later = dict(bronze)
    orders, items, payments = later["pedidos"], later["itens_pedido"], later["pagamentos"]
    payments = with_column(payments, "status_pagamento", every(payments, 5), "PAGO")
    payments = with_column(payments, "data_vencimento", every(payments, 31), date(2024, 2, 29))
    payments = with_column(payments, "pedido_id", every(payments, 43), orders["pedido_id"][0].as_py())
    later["pagamentos"] = payments.filter(pc.invert(every(payments, 37)))
    later["pedidos"] = orders.slice(0, len(orders) - 9)
    later["itens_pedido"] = with_column(items, "pedido_id", every(items, 29), orders["pedido_id"][1].as_py())
    later["itens_pedido"] = with_column(later["itens_pedido"], "quantidade", every(items, 17), 3)
    later["produtos"] = with_column(later["produtos"], "categoria", every(later["produtos"], 7), "Novidades")
    later["cambio"] = with_column(later["cambio"], "taxa_ptax", every(later["cambio"], 11), Decimal("5.123456"))
    later["emprestimos"] = later["emprestimos"].slice(1)
    return later


@pytest.fixture(scope="module", params=[(1, 1), (3, 3), (2, 3)], ids=["whole", "in parts", "in other parts"])
def views(request: pytest.FixtureRequest) -> Iterator[tuple[View, View]]:
    before, after = request.param
    bronze = company()
    with simulated_lake("importau-diff") as lake:
        publish(lake, layered(bronze, before), "um")
        publish(lake, layered(lived_on(bronze), after), "dois")
        yield View.of_version(lake, 1), View.of_version(lake, 2)


def by_key(view: View, table: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = view.read_all(table).to_pylist()
    return {tuple(row[name] for name in load(table).key): row for row in rows}


def test_rows_are_counted_as_comparing_them_one_by_one_does(views):
    found = {each.table: each for each in differences(*views)}
    assert list(found) == list(EVERY_TABLE)
    for table, each in found.items():
        old, new = (by_key(view, table) for view in views)
        both = old.keys() & new.keys()
        changed = [key for key in both if old[key] != new[key]]
        expected = (len(old), len(new), len(new.keys() - both), len(old.keys() - both), len(changed))
        assert (each.rows_before, each.rows_after, each.added, each.removed, each.changed) == expected
        columns = [name for key in changed for name in old[key] if old[key][name] != new[key][name]]
        assert each.columns == {name: columns.count(name) for name in load(table).schema.names if name in columns}


def test_measures_are_added_up_exactly(views):
    for each in differences(*views):
        for name, change in each.measures.items():
            for view, value in zip(views, (change.before, change.after), strict=True):
                assert value == sum(row[name] or 0 for row in by_key(view, each.table).values())


def test_the_cash_flow_changes_by_month(views):
    months: dict[str, Decimal] = {}
    for view, sign in zip(views, (-1, 1), strict=True):
        for row in view.read_all(CASH_FLOW).to_pylist():
            months[row["mes_referencia"]] = months.get(row["mes_referencia"], ZERO) + sign * row["total_saida_brl"]
    assert by_month(*views) == {month: change for month, change in months.items() if change}
    assert by_month(views[0], views[0]) == {}


def test_a_comparison_the_other_way_is_the_opposite(views):
    there, back = Difference.of(*views), Difference.of(*reversed(views))
    assert [(each.added, each.removed) for each in there.tables] == [(each.removed, each.added) for each in back.tables]
    assert there.months == {month: -change for month, change in back.months.items()}


@pytest.mark.parametrize("table", [CASH_FLOW, FORECAST])
def test_every_cell_is_explained_to_the_cent(views, table):
    columns = EXPLAINED[table].key
    rows = [
        dict(zip(printed(view.read_all(table), columns), view.read_all(table).to_pylist(), strict=True))
        for view in views
    ]
    keys = sorted(rows[0].keys() | rows[1].keys())
    moved = [key for key in keys if rows[0].get(key) != rows[1].get(key)]
    assert len(moved) > 20
    for key in [*moved[::12], *sorted(rows[0].keys() ^ rows[1].keys())[::4]]:
        explanation = explain(*views, table, key)
        for name, change in explanation.measures.items():
            assert change.before == (rows[0][key][name] if key in rows[0] else 0)
            assert change.after == (rows[1][key][name] if key in rows[1] else 0)
            moved_by = [each.measures[name].change for each in explanation.contributions if name in each.measures]
            assert sum(moved_by) == change.change
            assert explanation.remainder(name) == 0
        measures = {*explanation.measures, *explanation.not_explained}
        assert measures == set(load(table).schema.names) - set(columns)


def test_every_row_that_moved_a_cell_has_rows_of_bronze_behind_it(views):
    # Every sixth is of each kind; all of them are a minute.
    cells = printed(views[1].read_all(CASH_FLOW), EXPLAINED[CASH_FLOW].key)[::6]
    for key in cells:
        for each in explain(*views, CASH_FLOW, key).contributions:
            assert each.behind, each.row


def test_the_quotation_that_an_unpaid_order_is_valued_at_is_behind_it():
    bronze = company()
    fact = correlate(bronze).fact.to_pylist()
    foreign = [row for row in fact if row["tipo_registro"] == "PEDIDO_SEM_PAGAMENTO" and row["moeda_origem"] == "USD"]
    # A day without a quotation of its own: the newest one before it holds.
    quoted = {row["data_cotacao"] for row in bronze["cambio"].to_pylist() if row["moeda"] == "USD"}
    ordered = next(row["data_pedido"] for row in foreign if row["data_pedido"] not in quoted)
    held = max(day for day in quoted if day < ordered)
    rows = pc.and_(
        pc.equal(bronze["cambio"]["data_cotacao"], pa.scalar(held)), pc.equal(bronze["cambio"]["moeda"], "USD")
    )
    later = bronze | {"cambio": with_column(bronze["cambio"], "taxa_ptax", rows, Decimal("9.000000"))}
    with simulated_lake("importau-diff-quotation") as lake:
        publish(lake, layered(bronze), "um")
        publish(lake, layered(later), "dois")
        views = View.of_version(lake, 1), View.of_version(lake, 2)
        month = next(row["mes_referencia"] for row in foreign if row["data_pedido"] == ordered)
        moved = explain(*views, FORECAST, next(
            key for key in printed(views[1].read_all(FORECAST), EXPLAINED[FORECAST].key)
            if key.startswith(month) and key.endswith("USD") and explain(*views, FORECAST, key).contributions
        )).contributions  # fmt: skip
        assert {(each.table, each.key) for row in moved for each in row.behind} == {("cambio", f"{held}/USD")}


def test_what_is_not_published_has_no_rows(views):
    nothing = View(views[0].lake, None, {})
    found = {each.table: each for each in differences(nothing, views[0])}
    assert found[FACT].added == found[FACT].rows_after == len(by_key(views[0], FACT))
    assert found[FACT].measures["valor_fluxo_brl"].before == ZERO
    month, *_ = by_month(nothing, views[0])
    assert by_month(views[0], nothing)[month] == -by_month(nothing, views[0])[month]


def test_a_gold_that_was_made_from_another_fact_is_not_explained():
    bronze = company()
    with simulated_lake("importau-diff-silver") as lake:
        publish(lake, layered(bronze), "um")
        publish(lake, {FACT: correlate(lived_on(bronze)).fact}, "dois", by="silver")
        views = [View.of_version(lake, number) for number in (1, 2)]
        with pytest.raises(CliError, match="version 2 has another"):
            explain(*views, CASH_FLOW, "2024-03/CONTA_CORRENTE_PJ/BRL")


def test_files_of_the_same_content_are_read_once():
    bronze = company()
    with simulated_lake("importau-diff-same") as lake:
        for run in ("um", "dois"):
            publish(lake, layered(bronze, 2), run)
        views = View.of_version(lake, 1), View.of_version(lake, 2)
        with lake.traffic() as traffic:
            found = Difference.of(*views)
        assert [each.table for each in found.tables] == list(EVERY_TABLE)
        assert found.same == EVERY_TABLE
        assert found.changed == ()
        assert not any("run=dois" in key for key in traffic.read)


@pytest.fixture
def importau(views, monkeypatch):
    aws = SimpleNamespace(bucket=views[0].lake.bucket, s3=views[0].lake.client)
    monkeypatch.setattr(command, "connect", lambda *_: aws)
    return lambda *arguments: CliRunner().invoke(app, ["diff", *arguments])


def test_the_newest_version_is_compared_with_the_one_before_it(importau, views):
    said = importau()
    assert said.exit_code == 0, said.stderr
    assert "version 1, of run um" in said.stdout
    assert "version 2, of run dois" in said.stdout
    content = json.loads(importau("--json").stdout)
    assert content == json.loads(importau("1", "2", "--json").stdout) == json.loads(importau("1", "--json").stdout)
    assert content == json.loads(json.dumps(Difference.of(*views).as_json()))
    assert content["before"]["version"] == 1
    fact = next(each for each in content["tables"] if each["table"] == FACT)
    amounts = fact["measures"]["valor_fluxo_brl"]
    assert Decimal(amounts["before"]) + Decimal(amounts["change"]) == Decimal(amounts["after"])


def test_a_version_does_not_differ_from_itself(importau):
    assert "no difference: all rows of all tables are the same" in importau("2").stdout


def test_a_cell_is_explained_by_any_name_of_its_table(importau, views):
    key = printed(views[1].read_all(CASH_FLOW), EXPLAINED[CASH_FLOW].key)[4]
    said = importau("--explain", f"importau_gold.{CASH_FLOW}:{key}")
    assert said.exit_code == 0, said.stderr
    assert "not explained, as they are no sums of rows: qtd_pedidos" in said.stdout
    content = json.loads(importau("--explain", f"{CASH_FLOW}:{key}", "--json").stdout)
    assert {each["remainder"] for each in content["measures"].values()} == {"0.00"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["3"], "there is no version 3"),
        (["1", "0"], "too small"),
        (["x"], "cannot be read as a whole number"),
        (["--explain", CASH_FLOW], "names no row"),
        (["--explain", f"nada:{CASH_FLOW}"], "is no table"),
        (["--explain", f"{FACT}:x"], "is not made of sums of the fact"),
        (["--explain", f"{CASH_FLOW}:2024-03/CONTA_CORRENTE_PJ/XYZ"], "Did you mean 20"),
    ],
)
def test_what_is_asked_wrongly_is_said(importau, arguments, says):
    said = importau(*arguments)
    assert said.exit_code == 2
    assert says in said.stderr


def test_no_personal_value_is_printed(importau, views):
    key = printed(views[1].read_all(CASH_FLOW), EXPLAINED[CASH_FLOW].key)[4]
    everything = "".join(
        importau(*arguments).stdout
        for arguments in (
            [],
            ["--json"],
            ["--explain", f"{CASH_FLOW}:{key}"],
            ["--explain", f"{CASH_FLOW}:{key}", "--json"],
        )
    )
    for table in EXPORTED:
        for column in load(table).columns:
            if column.classification:
                for value in set(views[0].read_all(table)[column.name].to_pylist()) - {None}:
                    assert value not in everything, (table, column.name)


def test_a_file_that_was_replaced_is_named(monkeypatch):
    bronze = company()
    with simulated_lake("importau-diff-replaced") as lake:
        publish(lake, layered(bronze), "um")
        publish(lake, layered(lived_on(bronze)), "dois")
        key = View.of_version(lake, 2).file(FACT).key
        lake.write_table(correlate(bronze).fact, key)
        monkeypatch.setattr(command, "connect", lambda *_: SimpleNamespace(bucket=lake.bucket, s3=lake.client))
        said = CliRunner().invoke(app, ["diff"])
        assert said.exit_code == 1
        assert f"{key} is not the file that it was" in said.stderr


@pytest.mark.parametrize(
    ("published", "arguments", "says"),
    [(0, [], "nothing was published yet"), (1, [], "is the only one"), (1, ["--explain", "x"], "names no row")],
)
def test_one_version_alone_is_compared_with_nothing(monkeypatch, published, arguments, says):
    with simulated_lake("importau-diff-first") as lake:
        for number in range(published):
            publish(lake, {"cambio": company()["cambio"]}, f"run{number}")
        monkeypatch.setattr(command, "connect", lambda *_: SimpleNamespace(bucket=lake.bucket, s3=lake.client))
        said = CliRunner().invoke(app, ["diff", *arguments])
        assert said.exit_code == (2 if arguments else 1)
        assert says in said.stderr
