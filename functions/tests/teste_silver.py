"""The Lambda that audits what Silver staged."""

from typing import Any

from lakehouse import layout
from lakehouse.runtime import Settings, logger
from lakehouse.s3 import Lake
from tests.audit import audit_layer


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return the verdict on one run's Silver tables; event and result are those of docs/architecture.md."""
    return audit_layer(layout.SILVER, event, Lake(Settings.from_environment().bucket))
