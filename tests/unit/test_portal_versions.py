"""The portal is of one version: what it shows of tables, exports, dashboards and history."""

from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from facts import fact_of
from generated_company import company
from handlers import layer_of_run, publishes
from lakehouse_tables import CASH_FLOW, FACT, FORECAST
from layers import cash_flow, forecast
from machines import MACHINES
from published import publish
from small_lake import account, deploy, put

from cli.contents.opening import opened
from cli.errors import CliError, UsageError
from cli.portal import document
from cli.session import Aws
from cli.workbook.book import workbook
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from publish.catalogue import register

pytestmark = pytest.mark.once

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FORECAST_ID, CASH_FLOW_ID, FACT_ID = (
    f"{layout.database_of(layout.layer_of(table))}.{table}" for table in (FORECAST, CASH_FLOW, FACT)
)


MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:p"


class NoMachines:
    """Step Functions without a state machine of the project."""

    def __init__(self, client: Any) -> None:
        del client

    def deployed(self, arns: Any) -> list[Any]:
        del arns
        return []


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    monkeypatch.setattr(document, "StateMachines", NoMachines)
    monkeypatch.setattr(Aws, "parameter", lambda *_: "1024")
    # The catalogue's own search is none of moto's.
    monkeypatch.setattr(Catalog, "searched", Catalog.tables)
    with account(monkeypatch) as found:
        deploy(found, **{f"StateMachine{name.title().replace('_', '')}Arn": MACHINE for name in MACHINES})
        yield found


@pytest.fixture
def lake(aws: Aws) -> Lake:
    """Return a lake with two versions, of one order and of two, the second of them without a new forecast."""
    lake = Lake(aws.bucket, aws.s3)
    for layer in layout.LAYERS:
        aws.client("glue").create_database(DatabaseInput={"Name": layout.database_of(layer)})
    one, two = fact_of([{"pedido_id": "PED001"}]), fact_of([{"pedido_id": "PED001"}, {"pedido_id": "PED002"}])
    publish(lake, {FACT: one, CASH_FLOW: cash_flow(one), FORECAST: forecast(one)}, "r1")
    newest = publish(lake, {FACT: [two.slice(0, 1), two.slice(1)], CASH_FLOW: cash_flow(two)}, "r2", by="silver")
    for number, run in enumerate(("r1", "r2"), 1):
        for layer in (layout.SILVER, layout.GOLD):
            report = lake.read_json(layout.quality_key(run, layer))
            lake.write_json(report | {"evaluated_at": f"{number}"}, layout.quality_key(run, layer))
    assert register(Catalog(aws.client("glue")), lake, newest).lagging == {}
    return lake


def shown(aws: Aws, number: int | None = None) -> Any:
    return document.gather(aws, NOW, number)


def asset(found: Any, name: str) -> Any:
    return next(each for each in found["assets"] if each["id"] == name)


def test_the_page_says_which_version_it_shows_and_lists_all_of_them(aws: Aws, lake: Lake) -> None:
    found = shown(aws)
    assert found["version"] == found["versions"][0] | {"changes": []}
    assert [(each["number"], each["made_by"], each["run_id"], each["rows"]) for each in found["versions"]] == [
        (2, "silver", "r2", 2), (1, "pipeline", "r1", 1),
    ]  # fmt: skip
    assert found["versions"][0]["at"] == chain.read(lake, 2).made.at
    assert shown(aws, 1)["version"] == found["versions"][1] | {"changes": []}


def test_what_a_version_changed_of_the_cash_flow_is_told_by_month_to_the_cent(aws: Aws, lake: Lake) -> None:
    tables = company()
    register(Catalog(aws.client("glue")), lake, publish(lake, tables, "r3"))
    cents: dict[str, int] = {}
    for row in tables[CASH_FLOW].select(["mes_referencia", "total_saida_brl"]).to_pylist():
        cents[row["mes_referencia"]] = cents.get(row["mes_referencia"], 0) + int(row["total_saida_brl"] * 100)
    changes = {each["month"]: int(each["cents"]) for each in shown(aws)["version"]["changes"]}
    assert changes == {month: amount for month, amount in cents.items() if amount}
    assert len(changes) > 3


def test_what_waits_in_the_quarantine_is_told_without_values_and_what_is_gone_is_not_invented(
    aws: Aws, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKE_BUCKET", lake.bucket)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    ran = layer_of_run(lake, "r4", layout.BRONZE, {"type": "synthetic", "orders": 60, "seed": 3})
    publishes("r4", layout.BRONZE)
    (waits,) = shown(aws)["waiting"]
    reported = {each["table"]: each for each in ran.report["tables"]}[waits["table"]]
    assert waits == {
        "table": reported["table"], "layer": "bronze", "rows": reported["quarantined"], "version": 3,
        "reasons": reported["quarantine_reasons"], "days": 0,
    }  # fmt: skip
    aws.s3.delete_object(Bucket=aws.bucket, Key=reported["quarantine_key"])
    assert shown(aws)["waiting"] is None


def test_a_table_is_as_the_version_has_it(aws: Aws, lake: Lake) -> None:
    for number, run, rows in ((None, "r2", 2), (1, "r1", 1)):
        fact = asset(shown(aws, number), FACT_ID)
        assert (fact["rows"], fact["run_id"]) == (rows, run)
        assert fact["location"] == lake.uri(layout.run_prefix(FACT, run))
        assert fact["audits"][0]["run_id"] == run
        assert fact["sample"]["rows"] == 1  # of its first part
    assert asset(shown(aws), FORECAST_ID)["run_id"] == "r1"


def test_the_dashboards_are_of_the_version(aws: Aws, lake: Lake) -> None:
    for number, orders in ((None, 2), (1, 1)):
        dashboards = shown(aws, number)["dashboards"]
        counts = next(each for each in dashboards["cash_flow"]["columns"] if each["name"] == "qtd_pedidos")
        assert sum(counts["values"]) == orders
        assert dashboards["cash_flow"]["from"] == CASH_FLOW_ID
        assert dashboards["volume"]["from"] == FACT_ID
        assert dashboards["forecast"]["from"] == FORECAST_ID


def test_a_table_that_is_not_what_it_was_is_a_problem_and_no_dashboard(aws: Aws, lake: Lake) -> None:
    put(aws, layout.run_key(CASH_FLOW, "r2"), "another")
    found = shown(aws)
    assert found["dashboards"]["cash_flow"] is None
    assert len(found["problems"]) == 1
    assert layout.run_key(CASH_FLOW, "r2") in found["problems"][0]
    assert asset(found, CASH_FLOW_ID)["sample"] is None


def test_a_version_that_cannot_be_read_is_listed_by_its_number(aws: Aws, lake: Lake) -> None:
    put(aws, layout.version_key(1), "")
    listed = shown(aws)["versions"]
    assert [(each["number"], each["made_by"]) for each in listed] == [(2, "silver"), (1, None)]


def test_without_such_a_version_there_is_no_page(aws: Aws, lake: Lake) -> None:
    with pytest.raises(UsageError, match="there is no version 3"):
        shown(aws, 3)


def test_before_anything_was_published_there_is_no_page(aws: Aws) -> None:
    with pytest.raises(CliError, match="nothing was published yet"):
        shown(aws)


def test_the_page_carries_the_workbook_it_is_given_where_that_is_not_too_large(
    aws: Aws, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(aws)["workbook"] is None
    given = document.gather(aws, NOW, workbook=b"PK\0\xff")["workbook"]
    assert given == {"name": "importau-versao-2.xlsx", "bytes": 4, "base64": "UEsA/w=="}
    monkeypatch.setattr(document, "WORKBOOK_BYTES", 3)
    assert document.gather(aws, NOW, workbook=b"PK\0\xff")["workbook"] == given | {"base64": None}


def test_a_page_has_the_workbook_of_its_version(aws: Aws, lake: Lake) -> None:
    for number in (1, 2):
        given = document.whole(aws, NOW, number)["workbook"]
        assert b64decode(given["base64"]) == workbook(opened(aws, number))
    assert document.whole(aws, NOW)["workbook"] == given


def test_today_and_what_is_open_are_of_the_version_and_what_it_does_not_have_is_not_invented(
    aws: Aws, lake: Lake
) -> None:
    found = shown(aws)
    assert found["today"] is None
    assert {name for name, data in found["dashboards"].items() if data is None} == {
        "outlook", "currency_risk", "open", "overdue", "rates",
    }  # fmt: skip
    dated = fact_of([{"pedido_id": "PED001", "data_pedido": date(2024, 3, 1), "status_pagamento": "PENDENTE"}])
    publish(lake, {FACT: dated, CASH_FLOW: cash_flow(dated), FORECAST: forecast(dated)}, "r3")
    found = shown(aws)
    assert found["today"] == "2024-03-01"
    assert found["dashboards"]["open"]["rows"] == 1
    assert found["dashboards"]["overdue"]["rows"] == 0


def test_tables_and_columns_have_their_business_names(aws: Aws, lake: Lake) -> None:
    table = asset(shown(aws), CASH_FLOW_ID)
    assert table["business_name"] == "Fluxo de caixa mensal"
    named = {column["name"]: column["business_name"] for column in table["columns"]}
    assert named["total_saida_brl"] == "Total de saídas (R$)"
