"""Silver and Gold from table to table, for tests: with plain text, and with the quarantine."""

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa
from lakehouse_tables import FACT

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
