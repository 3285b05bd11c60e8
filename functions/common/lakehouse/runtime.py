"""What every handler shares: structured logs, and the settings it reads from its environment, once, at the edge."""

import os
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from lakehouse.errors import LakehouseError

logger = Logger(service=os.environ.get("POWERTOOLS_SERVICE_NAME", "importau"))


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
