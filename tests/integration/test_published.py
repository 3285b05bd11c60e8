"""The tests' own way to publish: what it leaves in a lake is what the project's readers find there."""

import pyarrow as pa
import pytest
from facts import fact_of
from lakehouse_tables import CASH_FLOW, FACT, FORECAST
from layers import cash_flow, forecast
from published import publish
from simulated_aws import simulated_lake

from lakehouse.versions import chain
from lakehouse.versions.view import View


@pytest.fixture
def lake():
    with simulated_lake("importau-published") as lake:
        yield lake


def test_what_is_published_is_read(lake):
    fact = fact_of([{"pedido_id": "PED001"}, {"pedido_id": "PED002"}])
    version = publish(lake, {FACT: [fact.slice(0, 1), fact.slice(1)], CASH_FLOW: cash_flow(fact)}, "um")
    view = View.of_version(lake)
    assert view.version == version
    assert view.read_all(FACT).equals(fact)
    assert view.read(FACT, 1).equals(fact.slice(1))
    assert view.table(CASH_FLOW).made_from == {FACT: "um"}
    assert version.outdated == {}


def test_other_tables_stay_as_they_are(lake):
    fact = fact_of([{}])
    first = publish(lake, {FACT: fact}, "um")
    second = publish(lake, {FORECAST: forecast(fact)}, "dois")
    assert chain.numbers(lake) == [1, 2]
    assert second.tables[FACT] == first.tables[FACT]
    assert second.runs == {"silver": "um", "gold": "dois"}
    assert isinstance(View.of_version(lake, 2).read_all(FORECAST), pa.Table)
