"""The Forecast Lambda: what is expected of the cash flow, and what currencies may cost, out of Gold and quotations."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pyarrow as pa
from aws_lambda_powertools.utilities.typing import LambdaContext

from forecast.outlook import OUTLOOK, outlook
from forecast.reading import Inputs, Readings, Tables
from forecast.risk import RISK, currency_risk
from lakehouse.contract import layers
from lakehouse.lake.s3 import Lake
from lakehouse.lineage.runs import Runs
from lakehouse.runtime import Settings, arn_of, instrumented, run_id_of
from lakehouse.staging import stage, staged_layer
from lakehouse.versions.opening import opened
from lakehouse.versions.view import View

# Each table with how it is made: of what it asks of the inputs, it is made from nothing else.
FORECASTS: Final[Mapping[str, Callable[[Inputs], pa.Table]]] = {
    OUTLOOK: lambda inputs: outlook(inputs.monthly, inputs.loans, inputs.today),
    RISK: lambda inputs: currency_risk(inputs.exposures, inputs.quotations, inputs.today),
}


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Stage both tables of one run; event and result are those of docs/architecture.md."""
    lake, run_id = Lake(Settings.from_environment().bucket), run_id_of(event)
    view = View.of_run(lake, opened(lake, run_id), below=layers.FORECAST)
    runs = Runs.of_event(lake, event, arn_of(context))
    tables, staged = Tables(view), []
    for table, forecast_of in FORECASTS.items():
        with runs.of(table) as run:
            readings = Readings(tables)
            rows = forecast_of(readings.inputs)
            entry = stage(
                lake, run_id, table, rows, None,
                rows_read=readings.rows, source_keys=readings.source_keys,
            )  # fmt: skip
            run.rows, run.bytes = entry["rows"], entry["bytes"]
        staged.append(entry)
    return staged_layer(run_id, layers.FORECAST, staged, runs.summary())


def forecast(inputs: Inputs) -> dict[str, pa.Table]:
    """Return both tables, with their contracts' schemas."""
    return {table: forecast_of(inputs) for table, forecast_of in FORECASTS.items()}
