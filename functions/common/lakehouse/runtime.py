"""What every handler shares: structured logs, metrics and traces, and the settings it reads from its environment.

A handler logs each table when it is done with it (`log_table`): one line of JSON for people and `./importau logs`. What
the dashboard shows besides AWS's own metrics (`METRICS`) is printed in CloudWatch's embedded metric format, without a
call to any service: by function alone, for each further series has a price. Of a part of a table nothing is said but
that it failed: however many parts a run has, it logs the same lines.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from time import perf_counter
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lakehouse.errors import InputError, LakehouseError
from lakehouse.personal.quoting import cleanse
from lakehouse.process import leave_pandas_out
from lakehouse.stage import NONE, Stage, staged

NAMESPACE: Final = "ImportauLakehouse"
# The counts that are metrics; all others are only logged. template.yaml's dashboard shows these, and docs/operating.md
# says what they cost.
METRICS: Final = frozenset({"rows_quarantined", "rules_warned"})
# In place of an execution of Step Functions, for a handler that was called by hand.
BY_HAND: Final = "by-hand"
# Not "." and "..", which programs that handle paths resolve.
_RUN_ID: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,80}")
_ORIGIN: Final = {"execution": "execution_id", "state_machine": "state_machine", "state": "state"}

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


leave_pandas_out()
logger = Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME", "importau"))


def instrumented(handler: Handler) -> Handler:
    """Decorate a handler: its logs carry run and execution, and its failures are logged.

    Every line has the keys ``run_id`` and ``execution_id``. How often a function is called, fails and how long it takes
    are metrics that Lambda has by itself.
    """

    @wraps(handler)
    def measured(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        began = perf_counter()
        try:
            logger.append_keys(**_log_keys(event))
            result = handler(event, context)
        except BaseException as error:
            # Lambda and Step Functions repeat what it says, as the log does.
            cleanse(error)
            logger.exception("failed", error=type(error).__name__)
            raise
        finished = logger.debug if event.get("part_key") else logger.info
        finished("finished", duration_ms=round((perf_counter() - began) * 1000, 1))
        return result

    logged: Handler = logger.inject_lambda_context(measured, clear_state=True)
    return _traced(logged)


def arn_of(context: LambdaContext) -> str:
    """Return the ARN of the function that was called.

    In the container of ``sam local invoke`` the region and account in ``invoked_function_arn`` are invented: there they
    are AWS_REGION and LAKE_ACCOUNT (template.yaml).
    """
    arn: str = context.invoked_function_arn
    if os.environ.get("AWS_SAM_LOCAL") != "true":
        return arn
    *start, _, _, kind, name = arn.split(":")
    return ":".join([*start, os.environ["AWS_REGION"], os.environ["LAKE_ACCOUNT"], kind, name])


def log_table(
    message: str,
    table: str,
    rows: int,
    *,
    failed: bool = False,
    counts: Mapping[str, int] | None = None,
    **more: Any,
) -> None:
    """Log what was done with a table; of its counts those that are `METRICS` become metrics.

    Parameters
    ----------
    message : str
        What was done: ``staged``, ``audited``, ``registered``.
    table : str
    rows : int
        How many rows the table has.
    failed : bool
        Whether that is an error.
    counts : mapping of str to int, optional
    **more
        Further keys of the log line.
    """
    counts = dict(counts or {})
    log = logger.error if failed else logger.info
    log(message, extra={"table": table, "rows": rows, **counts, **more}, stacklevel=3)
    _emit({name: count for name, count in counts.items() if name in METRICS})


def stage_in_use() -> str:
    """Return the stage of the lakehouse that this process is of, from ``LAKE_STAGE``; `NONE` where that is unset.

    Raises
    ------
    LakehouseError
        There is no such stage: what it would write might be another one's.
    """
    stage = os.environ.get("LAKE_STAGE", NONE)
    if stage not in {NONE, *Stage}:
        raise LakehouseError(f"LAKE_STAGE is '{stage}', and there is no such stage: {', '.join(Stage)}, or nothing")
    return stage


def _log_keys(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of every log line, with None for those that the event lacks.

    Raise `InputError` where ``origin`` is not what a state machine says of itself.
    """
    origin = event.get("origin", {})
    if not isinstance(origin, dict) or not all(isinstance(value, str) for value in origin.values()):
        raise InputError(["origin is not an object of texts; leave it out, as only a state machine knows it"])
    run_id = event.get("run_id")
    keys = {key: origin.get(name) for name, key in _ORIGIN.items()}
    return {"run_id": run_id} | keys | {"execution_id": keys["execution_id"] or f"{BY_HAND}/{run_id}"}


def _emit(counts: Mapping[str, int]) -> None:
    """Print counts as one line of the embedded metric format; run and execution are metadata, no dimensions."""
    if not counts:
        return
    emf = EphemeralMetrics(namespace=staged(NAMESPACE, stage_in_use(), "/"), service=logger.service)
    for name, amount in counts.items():
        emf.add_metric(name, MetricUnit.Count, amount)
    for name in ("run_id", "execution_id"):
        emf.add_metadata(name, str(logger.get_current_keys().get(name)))
    emf.flush_metrics()


def _traced(handler: Handler) -> Handler:
    """Trace a handler with X-Ray where the template enables it; otherwise the SDK is not even imported (0.1 s)."""
    if os.environ.get("POWERTOOLS_TRACE_DISABLED", "true") != "false":
        return handler
    from aws_lambda_powertools import Tracer  # noqa: PLC0415 - see above

    tracer = Tracer(service=logger.service, patch_modules=("botocore",))

    @wraps(handler)
    def annotated(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        tracer.put_annotation("run_id", str(event.get("run_id")))
        return handler(event, context)

    traced: Handler = tracer.capture_lambda_handler(annotated, capture_response=False)
    return traced


@dataclass(frozen=True)
class Settings:
    """A handler's configuration.

    Attributes
    ----------
    bucket : str
        The lakehouse's bucket, from ``LAKE_BUCKET``.
    """

    bucket: str

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the settings; raise `LakehouseError` naming the variable that is missing."""
        bucket = os.environ.get("LAKE_BUCKET", "")
        if not bucket:
            raise LakehouseError(
                "the environment variable LAKE_BUCKET is not set; template.yaml sets it to the lake's bucket"
            )
        return cls(bucket)


def run_id_of(event: Mapping[str, Any]) -> str:
    """Return the event's run id; raise `InputError` for one that cannot be in a key or in the source of a copy."""
    run_id = event.get("run_id")
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise InputError(
            [f"run_id is {run_id!r}; use 1 to 80 letters, digits, dots, hyphens or underscores, and not dots alone"]
        )
    return run_id
