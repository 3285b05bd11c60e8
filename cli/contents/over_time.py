"""What a version measured beside the runs before it, by the versions that there are."""

from collections.abc import Sequence

from cli.contents.history import Kept
from cli.terminal import present
from lakehouse.engine.usual import LEAST_RUNS
from lakehouse.versions.anomalies import Judgement, judge
from lakehouse.versions.past import LOOKED_AT, Past
from lakehouse.versions.version import Version
from lakehouse.versions.view import View


def past_of(version: Version, history: Sequence[Kept]) -> Past:
    """Return the past of a version, itself included.

    Parameters
    ----------
    version : Version
    history : sequence of Kept
        The versions that there are; of those before it `LOOKED_AT` at most are looked at.
    """
    first = version.number - LOOKED_AT
    before = {each.number: each.version for each in history if each.version and first < each.number < version.number}
    return Past.of({**before, version.number: version}, version.number, version.source)


def over_time(view: View, history: Sequence[Kept], tables: Sequence[str]) -> Judgement:
    """Hold some tables of a version against the runs before those that made them."""
    if view.version is None:
        return Judgement()
    return judge(past_of(view.version, history), [each for each in view.version.ordered if each.table in tables])


def unjudged(judgement: Judgement) -> tuple[str, ...]:
    """Return of how many tables nothing could be said, as a check says what it did not look at."""
    few = judgement.unjudged
    if not few:
        return ()
    known = sorted(set(few.values()))
    runs = f"{known[0]} to {known[-1]}" if len(known) > 1 else f"{known[0]}"
    return (f"{present.count(len(few), 'table')}: of {runs} runs before is known, and {LEAST_RUNS} are needed",)
