"""Any reader that joins inputs x outputs draws the true edges and no other: declared, observed, column by column.

The whole sample is run, each Lambda called as its state machine calls it; what the events say is put into a graph.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from handlers import AUDIT, WRITE, called, opens, origin
from lakehouse_tables import EVERY_TABLE, EXPORTED
from machines import MACHINES, definition
from simulated_aws import simulated_lake

from governance.declared import job_events
from lakehouse.contract.model import load
from lakehouse.lake import layout
from lakehouse.lineage.edges import ColumnEdge, Edge, column_edges_of, edges_of, outside
from lakehouse.lineage.jobs import sources_of
from lakehouse.lineage.names import Asset, Place
from lakehouse.lineage.run_events import as_json
from lakehouse.orchestration.stepfunctions import StateMachine

BUCKET, RUN = "lake", "r1"
PLACE = Place("us-east-1", "123456789012", BUCKET)
Event = Mapping[str, Any]
# What the tables are made from, written down here as a person reads it in the contracts.
TRUE = {Edge(f"landing.{table}", f"importau_bronze.{table}") for table in EXPORTED} | {
    Edge(str(source), str(Asset.of_table(table)))
    for table in EVERY_TABLE
    if table not in EXPORTED
    for source in sources_of(Asset.of_table(table))
}


@dataclass(frozen=True)
class Told:
    """What was told of one run: the jobs that tasks declare, and the runs that ended well."""

    declared: tuple[Event, ...]
    observed: tuple[Event, ...]


def declared() -> Iterator[Event]:
    """Yield the jobs of every task, as governance declares them."""
    machines = [StateMachine.of(f"StateMachine_DAG_{name}", name, definition(name)) for name in MACHINES]
    for event in job_events(machines, PLACE, datetime.now(UTC)).values():
        yield json.loads(as_json(event))


def ran(source: Mapping[str, Any], csv_dir: Any = None) -> Told:
    with simulated_lake(BUCKET) as lake:
        for table in EXPORTED if csv_dir else ():
            lake.write_bytes((csv_dir / f"{table}.csv").read_bytes(), layout.landing_key(table))
        opens(RUN, source=source)
        for layer in layout.LAYERS:
            named = layer.capitalize()
            staged = called(WRITE[layer], RUN, layer=layer, source=source, origin=origin(layer, f"Write{named}"))
            audit = origin(f"teste_{layer}", f"Audit{named}")
            verdict = called(AUDIT[layer], RUN, layer=layer, tables=staged["tables"], origin=audit)
            assert verdict["passed"], verdict["cause"]
        events = [lake.read_json(key) for key in lake.list(layout.lineage_prefix(RUN))]
    return Told(tuple(declared()), tuple(event for event in events if event["eventType"] == "COMPLETE"))


@pytest.fixture(scope="module")
def told() -> Told:
    from exports import SAMPLE

    return ran({"type": "csv"}, SAMPLE.folder)


def joined(events: Iterable[Event]) -> dict[str, set[Edge]]:
    """Return the edges of each job, as a reader draws them."""
    drawn: dict[str, set[Edge]] = defaultdict(set)
    for event in events:
        drawn[event["job"]["name"]].update(edges_of(event, PLACE))
    return {job: edges for job, edges in drawn.items() if edges}


def columns(events: Iterable[Event]) -> set[ColumnEdge]:
    return {edge for event in events for edge in column_edges_of(event, PLACE)}


def between_columns(events: Iterable[Event]) -> list[tuple[str, str]]:
    """Return the edges between columns by their names; a table's name and a dot stand for all of its rows."""
    edges = columns(events)
    return [(f"{each.source}.{each.source_column}", f"{each.target}.{each.target_column}") for each in edges]


def above(graph: Iterable[tuple[Any, Any]], node: Any) -> set[Any]:
    """Return everything that a node of a graph is made from, directly or not."""
    sources = defaultdict(set)
    for source, target in graph:
        sources[target].add(source)
    found: set[Any] = set()
    waiting = [node]
    while waiting:
        for source in sources[waiting.pop()] - found:
            found.add(source)
            waiting.append(source)
    return found


def test_declared_edges_are_the_observed_ones_job_by_job_and_none_is_false(told: Told) -> None:
    assert joined(told.declared) == joined(told.observed)
    assert {edge for edges in joined(told.observed).values() for edge in edges} == TRUE
    assert sum(map(len, joined(told.declared).values())) == len(TRUE) == 22


def test_each_edge_is_drawn_by_one_job_alone_and_leads_to_no_table_itself(told: Told) -> None:
    for events in (told.declared, told.observed):
        drawn = [edge for edges in joined(events).values() for edge in edges]
        assert len(drawn) == len(set(drawn))
        assert not [edge for edge in drawn if edge.source == edge.target]


def test_every_job_that_ran_is_declared_with_the_inputs_that_it_read(told: Told) -> None:
    def inputs(events: Iterable[Event]) -> dict[str, set[str]]:
        return {
            event["job"]["name"]: {str(PLACE.asset(each["namespace"], each["name"])) for each in event["inputs"]}
            for event in events
            if event.get("inputs")
        }

    by_declaration = inputs(told.declared)
    assert inputs(told.observed) == {job: by_declaration[job] for job in inputs(told.observed)}
    # What the pipeline itself does is not called here.
    own = {f"StateMachine_DAG_pipeline.{task}" for task in ("Govern", "Discover", "NoteCrawled")}
    assert by_declaration.keys() - inputs(told.observed).keys() == own


def test_columns_are_of_the_inputs_of_their_event_and_are_those_that_the_contracts_say(told: Told) -> None:
    for event in (*told.declared, *told.observed):
        assert outside(event, PLACE) == [], event["job"]["name"]
    assert columns(told.declared) == columns(told.observed)
    drawn = {
        (f"{edge.source}.{edge.source_column}", f"{edge.target}.{edge.target_column}")
        for edge in columns(told.observed)
    }
    for table in EVERY_TABLE:
        contract = load(table)
        of_columns = {
            (source, f"{contract.qualified_name}.{column.name}")
            for column in contract.columns
            for source in column.sources or (f"landing.{table}.{column.name}",)
        }
        rows = {(source, f"{contract.qualified_name}.") for source in contract.row_sources}
        own = {edge for edge in drawn if edge[1].startswith(f"{contract.qualified_name}.")}
        if table in EXPORTED:
            assert {edge for edge in own if not edge[1].endswith(".")} == of_columns
        else:
            assert own == of_columns | rows


def test_every_column_leads_back_to_the_csvs_by_the_columns_edges_alone(told: Told) -> None:
    graph = between_columns(told.observed)
    for table in EVERY_TABLE:
        for column in load(table).columns:
            origins = above(graph, f"{load(table).qualified_name}.{column.name}")
            assert any(origin.startswith("landing.") for origin in origins), f"{table}.{column.name}"


def test_an_indirect_source_says_how_it_decides_in_the_standards_words(told: Told) -> None:
    ways = {way for edge in columns(told.observed) for way in edge.ways}
    indirect = {f"INDIRECT {how}" for how in ("JOIN", "GROUP_BY", "FILTER", "SORT", "WINDOW", "CONDITIONAL")}
    assert ways == indirect | {"DIRECT IDENTITY", "DIRECT TRANSFORMATION", "DIRECT AGGREGATION"}


def test_of_synthetic_data_no_edge_comes_from_a_csv_neither_of_tables_nor_of_columns() -> None:
    events = ran({"type": "synthetic", "orders": 20, "seed": 1}).observed
    drawn = {edge for edges in joined(events).values() for edge in edges}
    assert drawn == {edge for edge in TRUE if not edge.source.startswith("landing.")}
    assert all(outside(event, PLACE) == [] for event in events)
    assert not [edge for edge in columns(events) if edge.source.startswith("landing.")]


@pytest.mark.parametrize("job", ["StateMachine_DAG_bronze.WriteBronze.cambio"])
def test_an_event_with_one_input_too_many_would_be_noticed(told: Told, job: str) -> None:
    [event] = [each for each in told.observed if each["job"]["name"] == job]
    other = next(each for each in told.observed if each["job"]["name"].endswith("WriteBronze.pedidos"))["inputs"]
    wrong = joined([{**event, "inputs": [*event["inputs"], *other]}])[job]
    assert wrong - TRUE == {Edge("landing.pedidos", "importau_bronze.cambio")}
    assert outside({**event, "inputs": other}, PLACE)
