"""The program that `EmbeddedAws` starts: MiniStack, with what it does otherwise than AWS mended.

What is mended is in `cli.embedded.standins`. This program is run by its path, in a process whose modules are
MiniStack's: nothing else of the project is to be found there, neither by MiniStack nor by a Lambda.
"""

import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

_ROOT: Final = Path(__file__).resolve().parents[2]


def _standins() -> tuple[ModuleType, ...]:
    """Return the stand-ins; the places where modules are found stay what they were."""
    places = list(sys.path)
    sys.path.insert(0, str(_ROOT))
    try:
        from cli.embedded.standins import (
            athena,
            cloudformation,
            crawler,
            data_events,
            door,
            execution_roles,
            executions,
            lambda_failures,
            map_concurrency,
            ranged_reads,
            rights,
            schedules,
        )
    finally:
        sys.path[:] = places
    return (
        *(athena, crawler, data_events, executions, lambda_failures, map_concurrency, ranged_reads, schedules),
        *(rights, execution_roles, cloudformation),  # they ask before whatever is above answers
        door,  # and nothing of it is reached by who is not let in
    )


def install() -> None:
    """Put every stand-in into the MiniStack of this process."""
    for each in _standins():
        each.install()


def main() -> None:
    """Run MiniStack."""
    install()
    runpy.run_module("ministack", run_name="__main__")


if __name__ == "__main__":
    main()
