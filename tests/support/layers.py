"""The layers above Bronze from table to table, for tests: with plain text, and with the quarantine."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from lakehouse_tables import CASH_FLOW, FACT, FORECAST

from forecast import app
from forecast.reading import COLUMNS, QUOTATIONS, Inputs
from gold import cash_flow as bi
from gold import forecast as ml
from gold.partial import aggregated
from lakehouse.contract.model import load
from silver import correlation


class Silver(NamedTuple):
    """The fact, with its contract's schema, and the items set aside."""

    fact: pa.Table
    quarantine: pa.Table


def correlate(bronze: Mapping[str, pa.Table]) -> Silver:
    result = correlation.correlate(bronze)
    return Silver(result.fact.cast(load(FACT).schema), correlation.set_aside(bronze["itens_pedido"], result.unknown))


def cash_flow(fact: pa.Table) -> pa.Table:
    return bi.cash_flow(aggregated(fact))


def forecast(fact: pa.Table) -> pa.Table:
    return ml.forecast(aggregated(fact))


def above(bronze: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return the tables of every layer above Bronze."""
    fact = correlate(bronze).fact
    gold = {CASH_FLOW: cash_flow(fact), FORECAST: forecast(fact)}
    read = {**gold, QUOTATIONS: bronze[QUOTATIONS]}
    frames = {name: read[name].select(COLUMNS[name]).to_pandas(types_mapper=pd.ArrowDtype) for name in COLUMNS}
    today = pc.max(fact["data_pedido"]).as_py()
    return {FACT: fact, **gold, **app.forecast(Inputs.of(frames, today))}
