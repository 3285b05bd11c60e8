"""The Lambda that audits what Bronze staged."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lakehouse import layout
from lakehouse.runtime import arn_of, instrumented
from tests.audit import audit_layer


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the verdict on one run's Bronze tables; event and result are those of docs/architecture.md."""
    return audit_layer(layout.BRONZE, event, arn_of(context))
