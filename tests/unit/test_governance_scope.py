"""What governance looks at: the run of its pipeline, or the newest version of the lake."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from generated_company import company
from lakehouse_tables import FACT, TABLES
from published import SOURCE, publish
from simulated_aws import simulated_lake

from governance.scope import Scope, scope_of_published, scope_of_run
from lakehouse.engine.usual import LEAST_RUNS
from lakehouse.errors import LakehouseError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.opening import opened
from lakehouse.versions.past import Measure
from lakehouse.versions.view import View


@pytest.fixture
def lake() -> Iterator[Lake]:
    with simulated_lake("lake") as lake:
        yield lake


def test_in_a_pipeline_every_layer_is_of_its_run(lake: Lake) -> None:
    publish(lake, company(), "r1")
    scope = scope_of_run(lake, opened(lake, "r1"))
    assert scope.runs == {"bronze": "r1", "silver": "r1", "gold": "r1", "forecast": "r1"}
    assert not scope.from_csv
    assert scope.has("StateMachine_DAG_silver.WriteSilver.fato", "r1", "")
    assert scope.has("a.machine.of.someone.else", "r1", "")


def test_by_itself_it_looks_at_the_newest_version_whose_layers_may_be_of_several_runs(lake: Lake) -> None:
    tables = company()
    publish(lake, tables, "p1", {"type": "csv"})
    publish(lake, {FACT: tables[FACT]}, "s2", by="silver")
    scope = scope_of_published(lake)
    assert scope.runs == {"bronze": "p1", "silver": "s2", "gold": "p1", "forecast": "p1"}
    assert scope.view.number == 2


def test_a_layers_events_count_in_the_run_that_published_it_and_in_no_other(lake: Lake) -> None:
    scope = Scope(View(lake, None, {}), {"bronze": "b2", "silver": "p1", "gold": "p1"}, True, 0, {}, ())
    assert scope.has("StateMachine_DAG_bronze.WriteBronze.pedidos", "b2", "")
    assert not scope.has("StateMachine_DAG_bronze.WriteBronze.pedidos", "p1", "")
    assert scope.has("StateMachine_DAG_gold.WriteGold.agregado", "p1", "")
    assert scope.has("StateMachine_DAG_teste_bronze.AuditBronze.pedidos", "b2", "")
    assert not scope.has("StateMachine_DAG_teste_bronze.AuditBronze.pedidos", "p1", "")


def test_where_nothing_was_published_there_is_nothing_to_look_at(lake: Lake) -> None:
    with pytest.raises(LakehouseError, match="nothing was published yet: run the pipeline first"):
        scope_of_published(lake)


def test_a_layer_that_was_never_published_has_no_run(lake: Lake) -> None:
    tables = company()
    publish(lake, {name: tables[name] for name in TABLES[layout.BRONZE]}, "b1", by="bronze")
    assert scope_of_published(lake).runs == {"bronze": "b1"}


def test_what_a_run_made_is_held_against_the_versions_before_it_whether_it_is_published_or_not(lake: Lake) -> None:
    orders = company()["pedidos"]
    for run in range(LEAST_RUNS):
        publish(lake, {"pedidos": orders}, f"r{run}", by="bronze")
    run = opened(lake, "odd", SOURCE)
    publish(lake, {"pedidos": orders.slice(0, 1)}, "odd", by="bronze")
    now = datetime.now(UTC)
    for scope in (scope_of_run(lake, run), scope_of_published(lake)):
        found = scope.judged(now)
        assert next(each.measured for each in found.anomalies if each.table == "pedidos") == (Measure.rows, "")
        assert found.runs == {"pedidos": LEAST_RUNS}
    assert run.base == LEAST_RUNS
