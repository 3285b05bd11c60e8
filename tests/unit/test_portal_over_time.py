"""The past of a table as the page draws it: what runs measured, what is usual, how contract and columns changed."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from lakehouse_tables import TABLES

from cli.portal.over_time import anomalies, past_of
from lakehouse.contract.profile import ColumnProfile
from lakehouse.contract.quality import AuditedFile
from lakehouse.engine.usual import LEAST_RUNS
from lakehouse.lake import layout
from lakehouse.versions.anomalies import judge
from lakehouse.versions.past import Past
from lakehouse.versions.version import Making, TableVersion, Version

TABLE = "pagamentos"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
COLUMNS = (
    ColumnProfile("pagamento_id", "string", 0),
    ColumnProfile("data_pagamento", "date", 30),
    ColumnProfile("valor_pago_brl", "decimal(18,2)", 0, "1000.00"),
)


def made(day: int, rows: int = 300, **other: Any) -> TableVersion:
    files = (AuditedFile(f"bronze/{day}", "etag", 1, rows),)
    table = TableVersion(
        TABLE, f"r{day}", files, rows, 0, None, None, "1.0.0", "text", "report", "", "code", columns=COLUMNS
    )
    return dataclasses.replace(table, **other)


def past(*tables: TableVersion) -> Past:
    versions = {
        number: Version(
            number, number - 1, table.run, Making("pipeline", "arn", (START + timedelta(days=number)).isoformat()),
            {"type": "csv"}, (), {TABLE: table},
        )
        for number, table in enumerate(tables, 1)
    }  # fmt: skip
    return Past.of(versions, len(tables), {"type": "csv"})


def shown(found: Past) -> Any:
    return past_of(found, TABLE)


def test_a_table_that_no_version_has_and_an_unknown_one_have_no_past() -> None:
    found = past(made(1))
    assert past_of(found, TABLES[layout.GOLD][0]) is None
    assert past_of(found, "nobodys") is None


def test_the_runs_come_oldest_first_each_with_its_numbers_and_sixty_at_the_most() -> None:
    found = shown(past(*(made(day, rows=300 + day) for day in range(1, 66))))
    assert len(found["runs"]) == 60
    assert found["runs"][0] == {"run_id": "r6", "version": 6, "at": "2026-03-08T09:00:00+00:00"}
    measures = {(each["measure"], each["column"]): each for each in found["measures"]}
    assert measures["rows", None]["values"] == list(range(306, 366))
    assert measures["total", "valor_pago_brl"]["values"] == [100_000] * 60
    assert measures["total", "valor_pago_brl"]["scale"] == 2
    # The five that are not shown are known all the same: what is usual is, from the first one on.
    assert all(least <= value <= most for value, (least, most) in zip(
        measures["rows", None]["values"], measures["rows", None]["usual"], strict=True))  # fmt: skip
    assert all(len(each["values"]) == len(each["usual"]) == 60 for each in found["measures"])


def test_of_few_runs_nothing_is_usual_yet() -> None:
    found = shown(past(*map(made, range(1, LEAST_RUNS + 1))))
    assert {ends for each in found["measures"] for ends in each["usual"]} == {None}


def test_nulls_are_shown_where_they_change() -> None:
    more = (dataclasses.replace(COLUMNS[1], nulls=90),)
    still = shown(past(made(1), made(2)))
    moved = shown(past(made(1), made(2, columns=(COLUMNS[0], *more, COLUMNS[2]))))
    assert [each["column"] for each in still["measures"] if each["measure"] == "nulls"] == []
    assert [each["values"] for each in moved["measures"] if each["measure"] == "nulls"] == [[100_000, 300_000]]


def test_what_goes_below_nothing_is_usual_of_totals_alone() -> None:
    found = shown(past(*(made(day, rows=day % 2, columns=()) for day in range(1, 20))))
    (rows,) = (each for each in found["measures"] if each["measure"] == "rows")
    assert min(least for least, _ in filter(None, rows["usual"])) == 0


def test_amounts_that_no_javascript_number_holds_are_text() -> None:
    huge = (dataclasses.replace(COLUMNS[2], total="90071992547409.93"),)
    found = shown(past(made(1), made(2, columns=huge)))
    assert found["measures"][-1]["values"] == [100_000, "9007199254740993"]


def test_the_schema_has_a_history_newest_first_of_columns_types_and_contracts() -> None:
    retyped = dataclasses.replace(COLUMNS[1], type="string")
    new = ColumnProfile("canal", "string", 0)
    found = shown(
        past(
            made(1),
            made(2),
            made(3, columns=(*COLUMNS, new), contract="1.1.0", contract_sha256="with canal"),
            made(4, columns=(COLUMNS[0], retyped, new), contract="2.0.0", contract_sha256="without valor"),
            made(5, columns=(COLUMNS[0], retyped, new), contract="2.0.0", contract_sha256="better words"),
        )
    )
    said = [
        (each["version"], each["contract_before"], each["contract"], each["columns"], each["added"], each["removed"],
         [tuple(one.values()) for one in each["retyped"]])
        for each in found["changes"]
    ]  # fmt: skip
    assert said == [
        (5, "2.0.0", "2.0.0", 3, [], [], []),
        (4, "1.1.0", "2.0.0", 3, [], ["valor_pago_brl"], [("data_pagamento", "date", "string")]),
        (3, "1.0.0", "1.1.0", 4, ["canal"], [], []),
        (1, None, "1.0.0", 3, [], [], []),
    ]


def test_of_versions_from_before_columns_were_kept_only_contracts_are_compared() -> None:
    found = shown(past(made(1, columns=()), made(2), made(3, contract="1.1.0", contract_sha256="new")))
    assert [(each["version"], each["columns"], each["added"]) for each in found["changes"]] == [
        (3, 3, []),
        (1, None, []),
    ]


def test_an_anomaly_names_its_asset_and_has_its_numbers() -> None:
    found = past(*map(made, range(1, 12)), made(12, rows=150))
    (rows,) = (each for each in anomalies(judge(found, [made(12)])) if each["measure"] == "rows")
    assert rows == {
        "asset": f"{layout.database_of(layout.BRONZE)}.{TABLE}",
        "measure": "rows", "column": None, "scale": 0, "value": 150, "expected": 300, "least": 294, "most": 306,
        "tenths": 1500, "runs": 11,
    }  # fmt: skip
