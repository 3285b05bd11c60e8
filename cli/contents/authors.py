"""Who changed an entry of the catalogue, or a state machine: by CloudTrail where that may be read, else by Glue."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cli.session import Aws

# What changes an entry of the catalogue, and what changes a state machine.
_OF_TABLES: Final = ("UpdateTable", "CreateTable", "DeleteTable")
_OF_MACHINES: Final = ("UpdateStateMachine", "CreateStateMachine", "DeleteStateMachine")
# How many of the newest events of each name are looked at; CloudTrail answers two questions a second.
_MOST: Final = 50


@dataclass
class Authors:
    """Who did what, looked up once and only where something differs.

    Attributes
    ----------
    aws : Aws
    refused : str
        Why CloudTrail did not answer; empty where it did, or was not asked.
    """

    aws: Aws
    refused: str = ""
    _events: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    def of_table(self, name: str, entry: Mapping[str, Any] | None) -> str:
        """Return who changed an entry last, and when, in brackets; what Glue says where CloudTrail says nothing.

        Parameters
        ----------
        name : str
            ``database.table``.
        entry : mapping or None
            As Glue describes it; None where it is gone.
        """
        database, _, table = name.partition(".")
        for event in self._all(_OF_TABLES):
            asked = event["request"]
            if asked.get("databaseName") == database and table in {
                asked.get("name"), (asked.get("tableInput") or {}).get("name"),
            }:  # fmt: skip
                return _said(event)
        written = (entry or {}).get("UpdateTime") or (entry or {}).get("CreateTime")
        words = [f"last changed {written.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if written else ""]
        words.append(f"made by {entry['CreatedBy']}" if entry and entry.get("CreatedBy") else "")
        return _bracketed(", ".join(filter(None, words)))

    def of_machine(self, name: str) -> str:
        """Return who changed a state machine last, and when, in brackets; nothing where CloudTrail does not say."""
        for event in self._all(_OF_MACHINES):
            if name in json.dumps(event["request"]):
                return _said(event)
        return ""

    def _all(self, names: tuple[str, ...]) -> list[Mapping[str, Any]]:
        """Return the newest events of some names, newest first; none where CloudTrail may not be read."""
        for name in names:
            if name not in self._events:
                self._events[name] = [] if self.refused else list(self._looked_up(name))
        events = [event for name in names for event in self._events[name]]
        return sorted(events, key=lambda event: event["at"], reverse=True)

    def _looked_up(self, name: str) -> Iterator[Mapping[str, Any]]:
        try:
            found = self.aws.client("cloudtrail").lookup_events(
                LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}], MaxResults=_MOST
            )["Events"]
        except (ClientError, BotoCoreError, NotImplementedError) as error:
            self.refused = f"who changed it: CloudTrail may not be read ({_code(error)})"
            return
        for each in found:
            told = json.loads(each.get("CloudTrailEvent") or "{}")
            who = (told.get("userIdentity") or {}).get("arn") or each.get("Username", "somebody")
            yield {"name": name, "at": each["EventTime"], "who": who, "request": told.get("requestParameters") or {}}


def _said(event: Mapping[str, Any]) -> str:
    at = event["at"].astimezone(UTC)
    return _bracketed(f"{event['name']} by {event['who']}, {at:%Y-%m-%d %H:%M:%S} UTC")


def _bracketed(words: str) -> str:
    return f" ({words})" if words else ""


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
