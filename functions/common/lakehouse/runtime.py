"""What every handler shares: structured logs, and the settings it reads from its environment, once, at the edge."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from lakehouse.errors import InputError, LakehouseError

_RUN_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")

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


def run_id_of(event: Mapping[str, Any]) -> str:
    """Return the event's run; raise `InputError` for one that could not be part of a key or of a copy's source."""
    run_id = event.get("run_id")
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise InputError([f"run_id is {run_id!r}; use 1 to 80 letters, digits, dots, hyphens or underscores"])
    return run_id
