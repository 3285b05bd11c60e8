"""Work part by part: an invocation a part where the state machine fans it out, else all of it here, in threads.

What is left of a part is a record in the staging folder. Who puts the parts together takes the records that are
there, and does itself what no other invocation has done: so the same Lambda works alone as well, and what is run
again after a fault does only what was not done.
"""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from lakehouse.errors import InputError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

WRITE: Final = "write"
AUDIT: Final = "audit"

Record = dict[str, Any]


@dataclass(frozen=True)
class FanOut:
    """One step of a layer, on so many parts.

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
        """Do one part, and keep its record; return the message of the invocation."""
        self._done(part)
        return {"run_id": self.run_id, "layer": self.layer, "part": part, "parts": self.parts}

    def all(self) -> list[Record]:
        """Return the records of all parts, in their order, of which those are made that are not there yet."""
        if self.parts == 1:
            return [self.work(0)]
        done = set(self.lake.list(layout.parts_prefix(self.run_id, self.layer)))
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
            return list(threads.map(lambda part: self._record(part, done), range(self.parts)))

    def _record(self, part: int, done: set[str]) -> Record:
        key = self._key(part)
        return dict(self.lake.read_json(key)) if key in done else self._done(part)

    def _done(self, part: int) -> Record:
        record = self.work(part)
        self.lake.write_json(record, self._key(part))
        return record

    def _key(self, part: int) -> str:
        return layout.part_record_key(self.run_id, self.layer, self.step, part, self.parts)


def part_of_event(event: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return which part of how many an invocation is for; None for one that puts all of them together.

    A Distributed Map hands on the key of a part file, as S3 lists it.

    Raises
    ------
    InputError
        The key is none of a part file.
    """
    key = event.get("part_key")
    if key is None:
        return None
    try:
        return layout.part_number(key)
    except ValueError as error:
        raise InputError([f"part_key: {error}"]) from error
