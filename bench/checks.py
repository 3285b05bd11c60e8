"""Every value of every engine compared with this project's, on small inputs that are full of traps."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench import compare, inputs, process
from bench.engines import END_TO_END, OUR_ENGINE, SHAPES_END_TO_END, SILVER_GOLD, Engine
from bench.measure import source
from bench.process import Limits, UnfinishedError
from bronze.csv import source as csv_source
from bronze.csv.text import write_csv
from bronze.synthetic.company import accepted, generate
from lakehouse.contract.layers import BRONZE, tables_of
from lakehouse.contract.model import load
from lakehouse.errors import InputError

ORDERS: Final = 2_000
World = Mapping[str, pa.Table]


def worlds(csv_dir: Path | None) -> dict[str, World]:
    """Return the bronze tables to compare on, by name: synthetic, with traps, and the real export where there is one.

    Raises
    ------
    InputError
        The export cannot be read.
    """
    synthetic = {name: accepted(name, table).kept for name, table in generate(ORDERS, inputs.SEED).items()}
    worlds: dict[str, World] = {"synthetic": synthetic, "traps": with_traps(synthetic)}
    if csv_dir:
        files = {name: csv_dir / f"{name}.csv" for name in tables_of(BRONZE)}
        if missing := [f"{path} does not exist" for path in files.values() if not path.exists()]:
            raise InputError(missing)
        csv_source.check(files)
        worlds["real export"] = {name: csv_source.normalise(name, path).kept for name, path in files.items()}
    return worlds


def with_traps(tables: World) -> World:
    """Return the tables with every oddity that the synthetic source never makes, each in a few rows of hundreds.

    Orders without items, items and payments of unknown orders, payments without an order or a day, orders and items
    of value 0, equal items (so that remainders tie), unknown products, suppliers and currencies.
    """
    traps = dict(tables)
    orders, items, payments = (traps[name] for name in ("pedidos", "itens_pedido", "pagamentos"))
    lost = orders["pedido_id"].take(pa.array(np.arange(7, len(orders), 97)))
    traps["pedidos"] = _replaced(
        orders.filter(pc.invert(pc.is_in(orders["pedido_id"], lost))),
        {"valor_total_brl": (83, Decimal(0)), "fornecedor_id": (29, "FORN999")},
    )
    bare = orders["pedido_id"].take(pa.array(np.arange(11, len(orders), 61)))
    alike = orders["pedido_id"].take(pa.array(np.arange(5, len(orders), 7)))
    nothing = orders["pedido_id"].take(pa.array(np.arange(4, len(orders), 41)))
    items = items.filter(pc.invert(pc.is_in(items["pedido_id"], bare)))
    for of, value in ((alike, Decimal("12345.67")), (nothing, Decimal(0))):
        same = pc.is_in(items["pedido_id"], of)
        items = _set(items, "valor_total_item", same, _typed("itens_pedido", "valor_total_item", value))
    traps["itens_pedido"] = _replaced(items, {"produto_id": (67, "PROD9999"), "quantidade": (37, 0)})
    traps["pagamentos"] = _replaced(
        payments,
        {
            "pedido_id": (53, None),
            "fornecedor_id": (59, None),
            "data_pagamento": (43, None),
            "valor_pago_brl": (47, Decimal(0)),
            "moeda_origem": (71, "CNY"),
            "valor_moeda_origem": (31, Decimal(0)),
        },
    )
    quoted = traps["cambio"]
    traps["cambio"] = quoted.filter(pc.greater(quoted["data_cotacao"], pa.scalar(date(2023, 3, 1))))
    return traps


def problems(world: World, engines: Sequence[Engine], limits: Limits, say: Callable[[str], None]) -> Iterator[str]:
    """Yield how the engines' results differ from this project's engine, value by value, from Parquet and from CSVs."""
    with tempfile.TemporaryDirectory(prefix="importau-bench-") as scratch:
        home = Path(scratch)
        write(world, home)
        say(OUR_ENGINE.name)
        expected = compare.tables(written(OUR_ENGINE, SILVER_GOLD, home, limits))
        for engine in engines:
            for job in (SILVER_GOLD, END_TO_END, SHAPES_END_TO_END):
                # From CSVs, our engine would set aside some rows of the traps.
                if job not in engine.does or engine.is_floor or (engine.ours and job != SILVER_GOLD):
                    continue
                say(f"{engine.name}, {job}")
                if why := process.available(engine):
                    yield f"{engine.name}: not run: {why}"
                    break
                try:
                    differences = compare.problems(expected, written(engine, job, home, limits))
                except UnfinishedError as reason:
                    differences = [str(reason)]
                yield from (f"{engine.name}, {job}: {problem}" for problem in differences)


def write(world: World, home: Path) -> None:
    """Write bronze tables as the jobs read them: ``bronze/`` and ``csv/``."""
    for folder in ("bronze", "csv"):
        (home / folder).mkdir()
    inputs.write_bronze(world, home / "bronze")
    write_csv(world, home / "csv")


def written(engine: Engine, job: str, home: Path, limits: Limits) -> Path:
    """Return the folder with an engine's results for the inputs in ``home``.

    Raises
    ------
    UnfinishedError
        It failed, or exceeded a limit.
    """
    target = home / "out" / engine.name
    place = source(engine, job, home)
    if engine.prepares and job == SILVER_GOLD:
        process.run(engine, engine.module, "prepare", home / "bronze", place, limits)
    process.run(engine, engine.module_of(job), engine.function_of(job), place, target, limits)
    return target


def _replaced(table: pa.Table, changes: Mapping[str, tuple[int, Any]]) -> pa.Table:
    """Return a table with a value in every n-th row of some columns."""
    name = next(name for name in tables_of(BRONZE) if load(name).schema == table.schema)
    for column, (every, value) in changes.items():
        mask = pa.array(np.arange(len(table)) % every == every - 1)
        table = _set(table, column, mask, _typed(name, column, value))
    return table


def _typed(table: str, column: str, value: Any) -> pa.Scalar:
    return pa.scalar(value, load(table).schema.field(column).type)


def _set(table: pa.Table, column: str, where: Any, value: pa.Scalar) -> pa.Table:
    return table.set_column(
        table.schema.get_field_index(column), table.schema.field(column), pc.if_else(where, value, table[column])
    )
