"""The state of a lakehouse: what is published and whether whole, what runs, what waits, what failed, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cli.contents.history import Kept, kept, problems
from cli.session import Aws
from cli.versioning import executions
from cli.versioning.executions import Execution
from cli.versioning.held import Held, waiting
from cli.versioning.shown import lagging
from lakehouse.contract import layers
from lakehouse.lake.s3 import Lake
from lakehouse.versions.erasure import erasures
from lakehouse.versions.version import Version
from lakehouse.versions.wholeness import differing

# How many of the last versions are looked at; `verify` looks at all.
_LOOKED_AT = 20


@dataclass(frozen=True)
class State:
    """The state of a lakehouse.

    Attributes
    ----------
    number : int
        Of the newest version; 0 where nothing was published yet.
    version : Version or None
        The newest one; None where there is none, or where it cannot be read.
    wrong : list of str
        What differs between its files and those that were audited; empty where it is whole.
    history : list of str
        What is wrong with the last versions themselves: one is gone, cannot be read, or does not follow.
    lagging : dict of str to int
        The tables of which the catalogue shows another version, and which; 0: none.
    running : list of Execution
    held : list of Held
    failed : list of Execution
        Those since the newest version, newest first.
    whole_before : int
        Where it is not whole, the newest version before it that is; 0: none was found.
    erasing : str
        When an erasure was begun that is not done; empty where none is.
    """

    number: int
    version: Version | None
    wrong: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    lagging: dict[str, int] = field(default_factory=dict)
    running: list[Execution] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    failed: list[Execution] = field(default_factory=list)
    whole_before: int = 0
    erasing: str = ""

    @property
    def outdated(self) -> dict[str, tuple[str, ...]]:
        """The newest version's tables that were made from other files than it has."""
        return self.version.outdated if self.version else {}

    @property
    def at_work(self) -> bool:
        """Whether something runs that may publish: then the catalogue may be on its way."""
        return bool(self.running)

    @property
    def needs_attention(self) -> bool:
        """Whether somebody has to do something."""
        behind = bool(self.lagging) and not self.at_work
        return bool(self.version is None or self.wrong or self.history or behind or self.outdated or self.failed) or (
            bool(self.erasing)
        )

    @property
    def next_steps(self) -> list[str]:
        """What to do next: sentences with a command in each, the most urgent first."""
        steps: list[str] = []
        if not self.number and not self.at_work:
            steps.append("Publish something: `./importau run`.")
        if self.wrong:
            steps.append("See every file that is wrong: `./importau verify`.")
            steps.append(
                f"Go back to the newest whole version: `./importau rollback {self.whole_before}`."
                if self.whole_before
                else "Make it again: `./importau run --force`."
            )
        if self.history:
            steps.append(
                "Restore what is wrong in lake/versions/, of the older versions that the bucket keeps of its objects; "
                "all that is wrong: `./importau verify`."
            )
        if self.lagging and not self.at_work:
            steps.append("Complete the catalogue: `./importau verify --repair`.")
        if self.erasing:
            steps.append(
                "Bring the erasure to its end, with the value that it was begun with: `./importau person --erase`."
            )
        if self.failed:
            steps.append(f"See why it failed: `./importau logs --run {self.failed[0].run}`; then run again.")
        if self.outdated and not self.at_work:
            steps.append(f"Bring it up to date: `./importau run {_first_layer(self.outdated)}`.")
        if self.held:
            run = self.held[0].run
            steps.append(f"Decide about what waits: `./importau publish {run}` or `./importau discard {run}`.")
        return steps

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` has of it."""
        made = self.version
        return {
            "version": self.number or None,
            "run": None if made is None else made.run,
            "at": None if made is None else made.made.at,
            "made_by": None if made is None else made.made.by,
            "whole": made is not None and not self.wrong and not self.history,
            "wrong": self.wrong,
            "history": self.history,
            "catalogue_behind": self.lagging,
            "outdated": {table: list(sources) for table, sources in self.outdated.items()},
            "running": [each.as_json() for each in self.running],
            "waiting": [each.as_json() for each in self.held],
            "failed": [each.as_json() for each in self.failed],
            "needs_attention": self.needs_attention,
            "next": self.next_steps,
            **({"erasing_since": self.erasing} if self.erasing else {}),
        }


def state_of(aws: Aws, lake: Lake) -> State:
    """Return the state of a lakehouse as it is now."""
    # What runs is read first: what was published meanwhile is then no surprise.
    running = executions.running(aws)
    busy = {each.run for each in running}
    held = [each for each in waiting(lake) if each.run not in busy]
    history = kept(lake, _LOOKED_AT)
    version = history[0].version if history else None
    if version is None:
        number = history[0].number if history else 0
        failed = executions.failed(aws, history[0].written if history else None)
        return State(
            number, None, history=list(problems(history)), running=running, held=held, failed=failed,
            whole_before=whole_before(lake, history),
        )  # fmt: skip
    wrong = differing(lake, version.tables.values())
    return State(
        version.number,
        version,
        wrong,
        list(problems(history)),
        lagging(aws, version),
        running,
        held,
        executions.failed(aws, datetime.fromisoformat(version.made.at)),
        whole_before(lake, history) if wrong else 0,
        next((each.begun for each in erasures(lake) if not each.is_whole), ""),
    )


def whole_before(lake: Lake, history: Sequence[Kept]) -> int:
    """Return the newest version before the first of some, newest first, whose files are all there; 0 where none is."""
    for each in history[1:]:
        if each.version is not None and not differing(lake, each.version.tables.values()):
            return each.number
    return 0


def _first_layer(outdated: dict[str, tuple[str, ...]]) -> str:
    return next(layer for layer in layers.LAYERS if any(layers.layer_of(table) == layer for table in outdated))
