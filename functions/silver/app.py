"""The Silver Lambda: correlates the bronze tables, or one part of them, into the fact, and stages it."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, cast

import pyarrow as pa
from aws_lambda_powertools.utilities.typing import LambdaContext

from lakehouse.contract import layers
from lakehouse.contract.model import inputs_of
from lakehouse.fanout import WRITE, FanOut, Record, part_of_event
from lakehouse.lake.s3 import Lake, Traffic
from lakehouse.lineage.runs import Runs
from lakehouse.parts import read_by_part
from lakehouse.process import reuse_memory
from lakehouse.runtime import Settings, arn_of, instrumented, run_id_of
from lakehouse.staging import StagedTable, merged, stage, staged_layer
from lakehouse.versions.opening import opened
from lakehouse.versions.view import View
from silver.correlation import ENCODED, FACT, READ, correlate, set_aside

_INPUTS: Final = inputs_of(layers.SILVER)
_CUT: Final = tuple(table for table in _INPUTS if layers.is_cut(table))
# Tables that are not cut are read once, however many parts an invocation does.
_BROADCAST: Final = tuple(table for table in _INPUTS if table not in _CUT)

reuse_memory()


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Stage the fact of one run, or one part of it; event and result are those of docs/architecture.md."""
    lake, run_id, part = Lake(Settings.from_environment().bucket), run_id_of(event), part_of_event(event)
    view = View.of_run(lake, opened(lake, run_id), below=layers.SILVER)
    if part is not None:
        return _parted(view, run_id).one(part[0])
    runs = Runs.of_event(lake, event, arn_of(context))
    with runs.of(FACT) as run:
        fact = merged(lake, run_id, [cast("StagedTable", record) for record in _parted(view, run_id).all()])
        run.add_traffic(Traffic(dict.fromkeys(fact["source_keys"]), {fact["staged_key"]: None}))
        run.rows, run.bytes = fact["rows"], fact["bytes"]
    return staged_layer(run_id, layers.SILVER, [fact], runs.summary())


def _parted(view: View, run_id: str) -> FanOut:
    parts = view.parts(_CUT)
    broadcast = cache(lambda: view.read_together(0, dict.fromkeys(_BROADCAST)))

    def work(part: int) -> Record:
        return dict(_staged(view, run_id, part, parts, broadcast()))

    return FanOut(view.lake, run_id, layers.SILVER, WRITE, parts, work)


def _staged(view: View, run_id: str, part: int, parts: int, broadcast: Mapping[str, pa.Table]) -> StagedTable:
    """Correlate and stage one part."""
    own = view.read_together(part, {table: READ[table] for table in _CUT}, ENCODED)
    bronze = read_by_part(broadcast, part) | own
    fact, unknown = correlate(bronze)
    # The other columns of the items are read only where there is an item to set aside.
    aside = set_aside(view.read("itens_pedido", part), unknown) if len(unknown) else None
    rows_read = sum(len(table) for table in bronze.values())
    return stage(
        view.lake, run_id, FACT, fact, aside,
        rows_read=rows_read, source_keys=[view.file(table, part).key for table in _INPUTS], part=part, parts=parts,
    )  # fmt: skip
