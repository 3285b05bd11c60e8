"""The forecast's column lineage by experiment: what is changed in a source changes what its contract says, alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from exports import SAMPLE
from lakehouse_tables import CASH_FLOW, FACT, FORECAST, OUTLOOK, RISK
from layers import above

from forecast.app import forecast
from forecast.reading import COLUMNS, QUOTATIONS, Inputs
from lakehouse.contract.model import load

pytestmark = pytest.mark.once

Frames = Mapping[str, pd.DataFrame]
Made = Mapping[str, pa.Table]
KEYS = {table: load(table).key for table in (OUTLOOK, RISK)}


def more(value: Decimal) -> Decimal:
    return value * 3 + 1000


def nothing(_: Any) -> Decimal:
    return Decimal(0)


# Of each column of a source, other values than those that it has.
OTHERS: Mapping[str, Sequence[Callable[[Any], Any]]] = {
    "mes_referencia": [
        lambda month: "2026-11" if month < "2026-11" else "2026-07",
        lambda _: "2023-01",
        lambda _: "2031-05",
    ],
    "categoria": [lambda _: "Outra"],
    "moeda_origem": [lambda currency: "USD" if currency == "EUR" else "EUR", lambda _: "XXX"],
    "moeda": [lambda currency: "USD" if currency == "EUR" else "EUR", lambda _: "XXX"],
    "origem_recurso": [lambda source: "CONTA_CORRENTE_PJ" if source == "EMPRESTIMO_PJ" else "EMPRESTIMO_PJ"],
    "valor_fluxo_brl": [more, nothing],
    "total_saida_brl": [more, nothing],
    "exposicao_moeda_origem": [more, nothing],
    "taxa_ptax": [lambda rate: (rate * Decimal("1.05")).quantize(Decimal("0.000001"))],
    "data_cotacao": [lambda day: day + timedelta(days=3), lambda _: date(2020, 1, 1)],
}
LONG = ("Industrial", "Tecnologia", "Embalagens")


@pytest.fixture(scope="module")
def inputs() -> tuple[Frames, Any]:
    bronze = {name: read.kept for name, read in SAMPLE.read().items()}
    tables = bronze | above(bronze)
    frames = {name: tables[name].select(COLUMNS[name]).to_pandas(types_mapper=pd.ArrowDtype) for name in COLUMNS}
    return frames, pc.max(tables[FACT]["data_pedido"]).as_py()


@pytest.fixture(scope="module")
def worlds(inputs: tuple[Frames, Any]) -> list[tuple[Frames, Made]]:
    """Return the sample, and what of it is neither too short nor quoted too seldom; each with its forecast."""
    sample, today = inputs
    long = dict(sample)
    long[FORECAST] = sample[FORECAST][sample[FORECAST]["categoria"].isin(LONG)]
    long[CASH_FLOW] = sample[CASH_FLOW][sample[CASH_FLOW]["moeda_origem"].isin(["BRL", "USD", "EUR"])]
    return [(frames, forecast(Inputs.of(frames, today))) for frames in (sample, long)]


def changed(frames: Frames, table: str, column: str) -> Iterator[Frames]:
    """Yield the inputs with other values of one column: of every fourth row, of the last, of all, and rotated."""
    frame = frames[table]

    def having(values: Sequence[Any]) -> Frames:
        return {**frames, table: frame.assign(**{column: pd.Series(values, frame.index, frame[column].dtype)})}

    given = frame[column].tolist()
    places = (slice(0, None, 4), slice(1, None, 4), slice(2, None, 4), slice(3, None, 4), slice(-12, None), slice(None))
    for rows, other in product(places, OTHERS[column]):
        values = list(given)
        values[rows] = [value if value is None or value is pd.NA else other(value) for value in given[rows]]
        yield having(values)
    yield having(given[1:] + given[:1])


def rows_of(table: pa.Table, name: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row[key] for key in KEYS[name]): row for row in table.to_pylist()}


def differences(before: pa.Table, after: pa.Table, name: str) -> tuple[set[str], bool]:
    """Return the columns that differ in rows of the same key, and whether there are other rows."""
    old, new = rows_of(before, name), rows_of(after, name)
    differ = {column for key in {*old} & {*new} for column in old[key] if old[key][column] != new[key][column]}
    return differ, {*old} != {*new}


def sources_of(name: str, table: str, column: str) -> tuple[set[str], bool]:
    """Return the columns that a contract makes from a source, and whether the source decides which rows there are."""
    source = f"{load(table).qualified_name}.{column}"
    contract = load(name)
    return {each.name for each in contract.columns if source in each.sources}, source in contract.row_sources


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in COLUMNS for column in COLUMNS[table]])
def test_what_a_source_changes_is_what_the_contracts_say(
    inputs: tuple[Frames, Any], worlds: list[tuple[Frames, Made]], table: str, column: str
) -> None:
    _, today = inputs
    found: dict[str, set[str]] = {OUTLOOK: set(), RISK: set()}
    moved = {OUTLOOK: False, RISK: False}
    for frames, made in worlds:
        for other in changed(frames, table, column):
            for name, after in forecast(Inputs.of(other, today)).items():
                differ, rows = differences(made[name], after, name)
                found[name] |= differ
                moved[name] |= rows
    for name in (OUTLOOK, RISK):
        declared, decides = sources_of(name, table, column)
        assert (found[name] - {*KEYS[name]}, moved[name]) == (declared - {*KEYS[name]}, decides), name


def test_today_of_the_data_changes_what_the_contracts_say(
    inputs: tuple[Frames, Any], worlds: list[tuple[Frames, Made]]
) -> None:
    _, today = inputs
    found: dict[str, set[str]] = {OUTLOOK: set(), RISK: set()}
    moved = {OUTLOOK: False, RISK: False}
    for frames, made in worlds:
        for days in (-600, -75, -40, -1, 1, 20, 40):
            for name, after in forecast(Inputs.of(frames, today + timedelta(days=days))).items():
                differ, rows = differences(made[name], after, name)
                found[name] |= differ
                moved[name] |= rows
    for name in (OUTLOOK, RISK):
        declared, decides = sources_of(name, FACT, "data_pedido")
        assert (found[name] - {*KEYS[name]}, moved[name]) == (declared - {*KEYS[name]}, decides), name


def test_every_source_that_is_declared_is_read() -> None:
    read = {f"{load(table).qualified_name}.{column}" for table in COLUMNS for column in COLUMNS[table]}
    read |= {f"{load(FACT).qualified_name}.data_pedido"}
    declared = {source for name in (OUTLOOK, RISK) for column in load(name).columns for source in column.sources}
    assert declared == read
    assert {CASH_FLOW, FORECAST, QUOTATIONS} == {*COLUMNS}
