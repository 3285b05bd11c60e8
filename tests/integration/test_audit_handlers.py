"""The test Lambdas on S3 (moto): verdict, cause and report of what was staged, good, broken or gone."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from audits import with_value, without
from exports import ON_THE_REAL_ONE, SAMPLE, Export
from lakehouse_tables import CASH_FLOW, FACT, FORECAST, TABLES
from layers import above, correlate
from published import publish
from simulated_aws import simulated_lake

from lakehouse.contract.drift import fingerprint
from lakehouse.contract.layers import place_of
from lakehouse.contract.model import inputs_of, load
from lakehouse.errors import ContractError, LakehouseError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.staging import stage
from tests import teste_bronze, teste_forecast, teste_gold, teste_silver
from tests.audit import audit

BUCKET, RUN, BEFORE = "lake", "r1", "before"
ROOT = Path(__file__).resolve().parents[2]
HANDLERS = {
    layout.BRONZE: teste_bronze.handler,
    layout.SILVER: teste_silver.handler,
    layout.GOLD: teste_gold.handler,
    layout.FORECAST: teste_forecast.handler,
}
SOON = timedelta(minutes=1)


def made_of(export: Export) -> dict[str, tuple[pa.Table, pa.Table | None, int]]:
    """What each layer makes of an export: by table, its rows, what it sets aside and how much it read."""
    read = export.read()
    tables: dict[str, Any] = {name: (rows.kept, rows.quarantine, rows.rows_read) for name, rows in read.items()}
    fact, aside = correlate({name: rows.kept for name, rows in read.items()})
    tables[FACT] = (fact, aside, sum(len(rows.kept) for rows in read.values()))
    made = above({name: rows.kept for name, rows in read.items()})
    return tables | {name: (rows, None, len(fact)) for name, rows in made.items() if name != FACT}


@pytest.fixture(scope="module")
def made():
    return made_of(SAMPLE)


@pytest.fixture
def lake(empty_lake: Lake, made: Any) -> Lake:
    """A lake with the sample in landing and every table published, as version 1."""
    return filled(empty_lake, SAMPLE, made)


def filled(lake: Lake, export: Export, made: Any) -> Lake:
    for table in TABLES[layout.BRONZE]:
        lake.write_bytes((export.folder / f"{table}.csv").read_bytes(), layout.landing_key(table))
    publish(lake, {table: rows for table, (rows, _, _) in made.items()}, BEFORE, {"type": "csv"})
    return lake


@pytest.fixture
def empty_lake() -> Iterator[Lake]:
    """An empty lake, and the environment of a Lambda."""
    with simulated_lake(BUCKET) as lake:
        yield lake


def sources(table: str) -> list[str]:
    """What a table is made from."""
    return {
        layout.BRONZE: [layout.landing_key(table)],
        layout.SILVER: [layout.run_key(name, BEFORE) for name in TABLES[layout.BRONZE]],
        layout.GOLD: [layout.run_key(FACT, BEFORE)],
        layout.FORECAST: [layout.run_key(name, BEFORE) for name in inputs_of(layout.FORECAST)],
    }[layout.layer_of(table)]


def staged(lake: Lake, made: Any, layer: str, run: str = RUN, **changed: pa.Table) -> dict[str, Any]:
    """Stage a layer as its write Lambda would, some tables changed behind its back; return its message."""
    entries = []
    for name in TABLES[layer]:
        rows, aside, read = made[name]
        entries.append(stage(lake, run, name, rows, aside, rows_read=read, source_keys=sources(name)))
        if name in changed:
            lake.write_table(changed[name], entries[-1]["staged_key"])
    return {"run_id": run, "layer": layer, "tables": entries}


def judged(event: dict[str, Any]) -> dict[str, Any]:
    """Call the layer's Lambda."""
    name = f"importau-teste-{event['layer']}"
    context = SimpleNamespace(
        function_name=name, memory_limit_in_mb=1024, aws_request_id="1",
        invoked_function_arn=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
    )  # fmt: skip
    verdict: dict[str, Any] = HANDLERS[event["layer"]](event, context)
    assert len(json.dumps(verdict).encode()) < 32_000
    return verdict


def rules(lake: Lake, verdict: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The rules of a report by table and name."""
    report = lake.read_json(verdict["report_key"])
    return {(table["table"], rule["rule"]): rule for table in report["tables"] for rule in table["rules"]}


def not_passed(lake: Lake, verdict: dict[str, Any], status: str) -> dict[str, tuple[int, int]]:
    return {
        rule: (found["failed"], found["examined"])
        for (_, rule), found in rules(lake, verdict).items()
        if found["status"] == status
    }


def passes_with_oddities(lake: Lake, export: Export, made: Any, layer: str) -> None:
    verdict = judged(staged(lake, made, layer))
    assert (verdict["passed"], verdict["cause"]) == (True, "")
    assert not_passed(lake, verdict, "fail") == {}
    assert not_passed(lake, verdict, "warn") == export.warnings(layer)
    assert {entry["table"]: entry["rows"] for entry in verdict["tables"]} == {
        table: export.of_table.get(table, len(made[table][0])) for table in TABLES[layer]
    }


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_the_sample_passes_with_its_oddities_as_warnings(lake, made, layer):
    passes_with_oddities(lake, SAMPLE, made, layer)


@pytest.mark.parametrize("layer", layout.LAYERS)
@pytest.mark.parametrize("export", [ON_THE_REAL_ONE])
def test_the_real_export_passes_with_its_oddities_as_warnings(empty_lake, export, layer):
    made = made_of(export)
    passes_with_oddities(filled(empty_lake, export, made), export, made, layer)


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_a_report_holds_every_rule_of_every_contract_and_the_schema(lake, made, layer):
    event = staged(lake, made, layer)
    staged_entries = event["tables"]
    verdict = judged(event)
    report = lake.read_json(layout.quality_key(RUN, layer))
    assert verdict["report_key"] == layout.quality_key(RUN, layer)
    assert {"run_id", "layer", "evaluated_at", "passed", "made_from", "tables"} == set(report)
    assert report["made_from"] == dict.fromkeys(inputs_of(layer), BEFORE)
    assert datetime.fromisoformat(report["evaluated_at"]).utcoffset() == timedelta(0)
    for table in report["tables"]:
        key = layout.run_key(table["table"], RUN)
        found = lake.about(key)
        (entry,) = [each for each in staged_entries if each["table"] == table["table"]]
        schema = fingerprint(lake.parquet(key).schema_arrow)
        file = {"key": key, "etag": found.etag, "bytes": found.bytes, "rows": entry["rows"], "schema": schema}
        assert table["files"] == [file]
        aside = lake.about(entry["quarantine_key"]) if entry["quarantine_key"] else None
        assert table["quarantine_etag"] == (aside and aside.etag)
        told = ("rows", "rows_read", "quarantined", "superseded", "quarantine_key", "inputs")
        assert {name: table[name] for name in told} == {name: entry[name] for name in told}
        text = (ROOT / place_of(table["table"])).read_bytes()
        assert (table["contract"], table["contract_sha256"]) == (load(table["table"]).version, sha256(text).hexdigest())
        asked = ["esquema_confere", *(rule.name for rule in load(table["table"]).rules)]
        assert [rule["rule"] for rule in table["rules"]] == asked


def test_the_reasons_of_what_was_set_aside_are_counted(lake, made):
    judged(staged(lake, made, layout.BRONZE))
    report = lake.read_json(layout.quality_key(RUN, layout.BRONZE))
    by_table = {table["table"]: (table["quarantined"], table["quarantine_reasons"]) for table in report["tables"]}
    quarantined, reasons = by_table.pop("emprestimos")
    assert (quarantined, list(reasons.values())) == (1, [1])
    assert "pagas_ate_o_prazo" in next(iter(reasons))
    assert set(map(str, by_table.values())) == {"(0, {})"}


def test_reasons_that_differ_only_in_what_they_quote_are_one(lake, made):
    event = staged(lake, made, layout.BRONZE)
    texts = [
        [f"pedido_id: a chave P{k} repete a da linha {k}", f"data_pedido: '2024-99-{k}' não existe"] for k in range(20)
    ]
    aside = pa.table(
        [["pedidos.csv"] * 20, list(range(20)), ["..."] * 20, texts], schema=made["pedidos"][1].schema
    )  # fmt: skip
    (orders,) = (entry for entry in event["tables"] if entry["table"] == "pedidos")
    orders |= {"quarantine_key": "quarantine/x.parquet", "quarantined": 20, "rows_read": 260}
    lake.write_table(aside, orders["quarantine_key"])
    assert judged(event)["passed"]
    report = lake.read_json(layout.quality_key(RUN, layout.BRONZE))
    assert report["tables"][0]["quarantine_reasons"] == {
        "data_pedido: '...' não existe": 20,
        "pedido_id: a chave repete a de outra linha": 20,
    }


# One value of a table changed, the rule that says so, and what it says.
BROKEN = {
    "pedidos": (lambda rows: with_value(rows, "status", 3, "PERDIDO"), "status_no_dominio", "1 of 240"),
    "cambio": (lambda rows: with_value(rows, "taxa_ptax", 0, None), "taxa_ptax_preenchido", "1 of 1734"),
    "emprestimos": (lambda rows: without(rows, 0), "contabilidade_de_linhas", "1 of 12"),
    FACT: (lambda rows: with_value(rows, "quantidade", 0, lambda n: n + 1), "conserva_quantidade", "1 of 375"),
    CASH_FLOW: (
        lambda rows: with_value(rows, "saida_paga_brl", 0, lambda value: value + 1),
        "conserva_fluxo_de_caixa",
        "1 of 247",
    ),
    FORECAST: (
        lambda rows: with_value(rows, "alvo_valor_fluxo_proximo_mes_brl", 0, 7),
        "alvo_confere",
        "1 of 207",
    ),
}


@pytest.mark.parametrize("table", BROKEN)
def test_a_broken_table_fails_by_name_and_the_cause_says_where_to_look(lake, made, table):
    change, rule, count = BROKEN[table]
    layer = layout.layer_of(table)
    verdict = judged(staged(lake, made, layer, **{table: change(made[table][0])}))
    assert not verdict["passed"]
    for said in (
        table,
        rule,
        f"failed {count}",
        lake.uri(verdict["report_key"]),
    ):
        assert said in verdict["cause"]
    assert {entry["table"] for entry in verdict["tables"] if entry["verdict"] == "fail"} == {table}
    assert rules(lake, verdict)[table, rule]["status"] == "fail"


def test_what_is_published_is_left_alone(lake, made):
    before = {table: lake.read_bytes(layout.run_key(table, BEFORE)) for table in made}
    judged(staged(lake, made, layout.SILVER, **{FACT: BROKEN[FACT][0](made[FACT][0])}))
    assert {table: lake.read_bytes(layout.run_key(table, BEFORE)) for table in made} == before
    assert list(lake.list(layout.VERSIONS_PREFIX)) == [layout.version_key(1)]


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def flipped(content: bytes) -> bytes:
    """The same file with its data pages damaged, its footer whole."""
    return content[:4] + bytes(200) + content[204:]


@pytest.mark.parametrize("table", ["itens_pedido", FACT, FORECAST])
@pytest.mark.parametrize("content", ["absent", "text", "empty", "cut off", "damaged"])
def test_a_staged_file_that_is_gone_or_unreadable_is_a_failed_rule(lake, made, table, content):
    event = staged(lake, made, layout.layer_of(table))
    key = layout.run_key(table, RUN)
    whole = lake.read_bytes(key)
    if content == "absent":
        lake.client.delete_object(Bucket=BUCKET, Key=key)
    else:
        bytes_ = {"text": b"not Parquet", "empty": b"", "cut off": whole[: len(whole) // 2], "damaged": flipped(whole)}
        lake.write_bytes(bytes_[content], key)
    verdict = judged(event)
    assert not verdict["passed"]
    assert "'esquema_confere' failed 1 of 1" in verdict["cause"]
    assert table in verdict["cause"]
    assert key in rules(lake, verdict)[table, "esquema_confere"]["examples"][0]


def test_a_table_the_write_step_forgot_is_a_failed_rule(lake, made):
    event = staged(lake, made, layout.BRONZE)
    event["tables"] = [entry for entry in event["tables"] if entry["table"] != "cambio"]
    verdict = judged(event)
    assert "cambio: rule 'esquema_confere' failed" in verdict["cause"]
    assert len(verdict["tables"]) == 7


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_of_nothing_staged_every_table_fails_its_audit(lake, layer):
    verdict = judged({"run_id": RUN, "layer": layer, "tables": []})
    nothing = {"verdict": "fail", "rows": 0, "quarantined": 0, "errors": 1, "warnings": 0}
    assert not verdict["passed"]
    assert verdict["tables"] == [{"table": table} | nothing for table in TABLES[layer]]
    for table in TABLES[layer]:
        assert rules(lake, verdict)[table, "esquema_confere"]["examples"] == ["the write step did not stage it"]
    assert f"{TABLES[layer][0]}: rule 'esquema_confere' failed 1 of 1" in verdict["cause"]


def as_float(table: pa.Table) -> pa.Table:
    place = table.column_names.index("valor_total_brl")
    return table.set_column(place, "valor_total_brl", table["valor_total_brl"].cast(pa.float64()))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (as_float, "valor_total_brl: double instead of decimal128(18, 2)"),
        (lambda table: table.drop_columns(["prazo_dias"]), "prazo_dias: missing instead of int64"),
        (lambda table: table.append_column("extra", table["status"]), "extra: string instead of nothing"),
        (lambda table: table.select(table.column_names[::-1]), "another order"),
    ],
)
def test_a_schema_that_is_not_the_contracts_is_a_failed_rule(lake, made, change, said):
    verdict = judged(staged(lake, made, layout.BRONZE, pedidos=change(made["pedidos"][0])))
    assert not verdict["passed"]
    found = rules(lake, verdict)["pedidos", "esquema_confere"]
    assert said in found["examples"][0]
    assert found["failed"] == 1


def test_one_unreadable_aggregate_does_not_keep_the_other_from_being_audited(lake, made):
    event = staged(lake, made, layout.GOLD, **{FORECAST: BROKEN[FORECAST][0](made[FORECAST][0])})
    lake.write_bytes(b"", layout.run_key(CASH_FLOW, RUN))
    verdict = judged(event)
    assert set(not_passed(lake, verdict, "fail")) == {"esquema_confere", "alvo_confere"}


@pytest.mark.parametrize("content", [None, b"", parquet(pa.table({"x": [1]}))])
def test_a_quarantine_that_is_gone_or_unreadable_fails_the_accounting(lake, made, content):
    event = staged(lake, made, layout.BRONZE)
    key = layout.quarantine_key(RUN, layout.BRONZE, "emprestimos")
    lake.client.delete_object(Bucket=BUCKET, Key=key)
    if content is not None:
        lake.write_bytes(content, key)
    verdict = judged(event)
    assert not_passed(lake, verdict, "fail") == {"contabilidade_de_linhas": (1, 12)}


def test_a_table_that_nobody_would_audit_is_refused(lake, made):
    event = staged(lake, made, layout.BRONZE)
    stranger = event["tables"][0] | {"table": "clientes"}
    for extra in (stranger, event["tables"][0]):
        with pytest.raises(LakehouseError, match="not of the layer, or twice"):
            judged(event | {"tables": [*event["tables"], extra]})


def test_another_layers_event_is_refused(lake, made):
    event = staged(lake, made, layout.BRONZE)
    with pytest.raises(ContractError, match="audits gold"):
        teste_gold.handler(
            event,
            SimpleNamespace(function_name="f", memory_limit_in_mb=1, aws_request_id="1", invoked_function_arn="a"),
        )


def test_a_published_table_that_is_gone_is_a_fault_and_no_verdict(lake, made):
    event = staged(lake, made, layout.SILVER)
    lake.client.delete_object(Bucket=BUCKET, Key=layout.run_key("emprestimos", BEFORE))
    with pytest.raises(StorageError, match="emprestimos"):
        judged(event)


@pytest.mark.parametrize("layer", layout.LAYERS)
def test_sources_older_than_the_contract_allows_are_a_warning(lake, made, layer):
    event, now = staged(lake, made, layer), datetime.now(UTC)
    for hours, late in ((23, 0), (25, 1)):
        verdict = audit(event, lake, now + timedelta(hours=hours) + SOON)
        assert verdict["passed"]
        found = [rule for (_, name), rule in rules(lake, verdict).items() if name == "atualidade"]
        assert [(rule["failed"], rule["examined"]) for rule in found] == [(late, 1)] * len(TABLES[layer])


def test_the_oldest_source_counts(lake, made):
    event = staged(lake, made, layout.SILVER)
    event["tables"][0]["source_keys"] = ["bronze/a", "bronze/b"]
    moments = {"bronze/a": datetime(2024, 11, 1, tzinfo=UTC), "bronze/b": datetime(2024, 11, 3, tzinfo=UTC)}
    lake.last_modified = moments.get  # type: ignore[method-assign]
    verdict = audit(event, lake, datetime(2024, 11, 3, 1, tzinfo=UTC))
    assert rules(lake, verdict)[FACT, "atualidade"]["examples"] == ["49 h"]


def test_synthetic_data_has_no_age(lake, made):
    event = staged(lake, made, layout.BRONZE)
    for entry in event["tables"]:
        entry["source_keys"] = []
    verdict = audit(event, lake, datetime.now(UTC) + timedelta(days=900))
    assert "atualidade" not in not_passed(lake, verdict, "warn")
    assert {rule["examined"] for (_, name), rule in rules(lake, verdict).items() if name == "atualidade"} == {0}


def test_every_runs_report_is_kept(lake, made):
    for run in ("r1", "r2"):
        judged(staged(lake, made, layout.GOLD, run))
    reports = [layout.quality_key(run, layout.GOLD) for run in (BEFORE, "r1", "r2")]
    assert list(lake.list("governance/quality/gold/")) == reports


def test_no_personal_or_confidential_value_reaches_report_or_message(lake, made):
    secret = {
        str(value)
        for table in TABLES[layout.BRONZE]
        for column in load(table).columns
        if column.classification
        for value in made[table][0][column.name].to_pylist()
        if value is not None
    }
    everything_wrong = {table: made[table][0].slice(0, 3) for table in TABLES[layout.BRONZE]}
    verdict = judged(staged(lake, made, layout.BRONZE, **everything_wrong))
    text = lake.read_bytes(verdict["report_key"]).decode() + json.dumps(verdict, ensure_ascii=False)
    assert not verdict["passed"]
    assert [value for value in secret if value in text] == []


def test_tables_wrong_in_every_row_give_a_bounded_report(lake, made):
    nothing = {
        table: pa.table(
            [pa.nulls(20_000, column.arrow_type) for column in load(table).columns], schema=load(table).schema
        )
        for table in TABLES[layout.BRONZE]
    }
    verdict = judged(staged(lake, made, layout.BRONZE, **nothing))
    assert not verdict["passed"]
    assert len(lake.read_bytes(verdict["report_key"])) < 150_000
    for layer, tables in ((layout.SILVER, (FACT,)), (layout.GOLD, TABLES[layout.GOLD])):
        nulls = {
            table: pa.table([pa.nulls(50, c.arrow_type) for c in load(table).columns], schema=load(table).schema)
            for table in tables
        }
        assert not judged(staged(lake, made, layer, **nulls))["passed"]
