"""Work part by part: one invocation per part where the state machine fans out, otherwise all parts here, in threads.

Each part leaves a record in the staging folder. The invocation that puts the parts together reads the records and does
the parts that have none itself. So the same Lambda also works alone, and a retry does only what is not done yet.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakehouse.clients import together
from lakehouse.errors import InputError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

WRITE: Final = "write"
AUDIT: Final = "audit"

Record = dict[str, Any]


@dataclass(frozen=True)
class FanOut:
    """One step of a layer, on a number of parts.

    Attributes
    ----------
    lake : Lake
    run_id, layer, step : str
    parts : int
    work : callable
        Does one part and returns its record, which is JSON.
    """

    lake: Lake
    run_id: str
    layer: str
    step: str
    parts: int
    work: Callable[[int], Record]

    def one(self, part: int) -> dict[str, Any]:
        """Do one part and write its record; return the invocation's result."""
        self._do(part)
        return {"run_id": self.run_id, "layer": self.layer, "part": part, "parts": self.parts}

    def all(self) -> list[Record]:
        """Return the records of all parts, in their order, after doing the parts that have none yet."""
        if self.parts == 1:
            return [self.work(0)]
        there = set(self.lake.list(layout.part_records_prefix(self.run_id, self.layer, self.step)))
        # To do a part keeps a core busy; to read its record, nothing but the network.
        to_do = [part for part in range(self.parts) if self._key(part) not in there]
        made = dict(zip(to_do, together(self._do, to_do, os.cpu_count() or 1), strict=True))
        kept = [part for part in range(self.parts) if part not in made]
        made |= zip(kept, together(lambda part: dict(self.lake.read_json(self._key(part))), kept), strict=True)
        return [made[part] for part in range(self.parts)]

    def _do(self, part: int) -> Record:
        record = self.work(part)
        self.lake.write_json(record, self._key(part))
        return record

    def _key(self, part: int) -> str:
        return layout.part_record_key(self.run_id, self.layer, self.step, part, self.parts)


def part_of_event(event: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return which part of how many an invocation is for; None for the one that puts all parts together.

    A Distributed Map passes the key of a part file, as S3 lists it.

    Raises
    ------
    InputError
        The key is not that of a part file.
    """
    key = event.get("part_key")
    if key is None:
        return None
    if not isinstance(key, str):
        raise InputError([f"part_key is {key!r}; it is the key of a part file"])
    try:
        return layout.part_number(key)
    except ValueError as error:
        raise InputError([f"part_key: {error}"]) from error
