"""The Lambda that audits what the forecast staged, or what is published of it."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lakehouse.contract import layers
from lakehouse.runtime import arn_of, instrumented
from tests.audit import audit_layer


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the verdict on the tables of the forecast; event and result are those of docs/architecture.md."""
    return audit_layer(layers.FORECAST, event, arn_of(context))
