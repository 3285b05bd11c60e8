"""Delivery of lineage events to an OpenLineage backend, where one is configured; it never fails or delays a run.

The backend is configured as openlineage-python documents: by ``OPENLINEAGE_URL`` (Marquez, OpenMetadata), by the JSON
of any of its transports in ``OPENLINEAGE__TRANSPORT``, or by a file in ``OPENLINEAGE_CONFIG``.
"""

import os
import time
from typing import Final

import boto3
from botocore.config import Config
from openlineage.client import OpenLineageClient
from openlineage.client.generated.base import JobEvent, RunEvent
from openlineage.client.transport.amazon_datazone import AmazonDataZoneTransport
from openlineage.client.transport.http import HttpTransport

# Without any of these there is no backend, and the client would print the events.
_CONFIGURED: Final = (
    "OPENLINEAGE_URL",
    "OPENLINEAGE_CONFIG",
    "OPENLINEAGE__TRANSPORT",
    "OPENLINEAGE__TRANSPORT__TYPE",
)
# With the client's own limits (5 s, 5 retries with pauses) a Lambda would wait minutes for a backend that is down.
TIMEOUT: Final = 2.0
RETRIES: Final = 1
# How many seconds one invocation waits, in all, for a backend that does not accept its events.
PATIENCE: Final = 5.0
_REASON: Final = 300
_RUN_EVENTS_ONLY: Final = AmazonDataZoneTransport.kind


class Delivery:
    """The delivery of one Lambda invocation's events, to a backend or to none.

    Attributes
    ----------
    undelivered : int
        Events that the backend did not accept.
    problems : list of str
        The reasons, each once.
    """

    def __init__(self) -> None:
        self.undelivered = 0
        self.problems: list[str] = []
        self._waited = 0.0
        self._client: OpenLineageClient | None = None
        self._configured = any(os.environ.get(name) for name in _CONFIGURED)
        if self._configured:
            try:
                self._client = _client()
            except Exception as error:  # noqa: BLE001 - any transport may be configured, each with errors of its own
                self._note(f"the OpenLineage backend is not configured well: {_reason(error)}")

    def send(self, event: RunEvent | JobEvent) -> None:
        """Send an event; one that is not accepted is counted, with the reason."""
        if not self._configured:
            return
        if self._client is None:
            self.undelivered += 1
            return
        if isinstance(event, JobEvent) and self._client.transport.kind == _RUN_EVENTS_ONLY:
            return
        if self._waited > PATIENCE:
            self.undelivered += 1
            self._note(f"not tried: {self._waited:.0f} s had gone by on a backend that takes no events")
            return
        began = time.monotonic()
        try:
            self._client.emit(event)
        except Exception as error:  # noqa: BLE001 - any transport may be configured, each with errors of its own
            self._waited += time.monotonic() - began
            self.undelivered += 1
            self._note(_reason(error))

    def _note(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _client() -> OpenLineageClient:
    """Return a client that gives up soon; it sends exactly what the lake keeps, without a Git repository's address."""
    client = OpenLineageClient(config={"facets": {"source_code_location": {"disabled": True}}})
    transport = client.transport
    if isinstance(transport, HttpTransport):
        transport.timeout = min(transport.timeout, TIMEOUT)
        transport.config.retry = {**transport.config.retry, "total": RETRIES, "connect": RETRIES, "read": RETRIES}
    elif isinstance(transport, AmazonDataZoneTransport):
        limits = Config(connect_timeout=TIMEOUT, read_timeout=TIMEOUT, retries={"total_max_attempts": 1 + RETRIES})
        transport.datazone = boto3.session.Session().client(
            "datazone",
            region_name=transport.config.region,
            endpoint_url=transport.config.endpoint_override,
            config=limits,
        )
    return client


def _reason(error: Exception) -> str:
    """Return what went wrong in one line; the DataZone transport's own message begins with the whole event."""
    cause = error.__cause__ or error
    return " ".join(f"{type(cause).__name__}: {cause}".split())[:_REASON]
