"""The changes of contracts that runs propose, as they are in the lake, and as patches of this folder's contracts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cli.errors import CliError
from cli.terminal import present
from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.proposal import Proposal


def proposals(lake: Lake, run: str | None = None) -> list[Proposal]:
    """Return what a run proposes, by default the last one that proposed anything, in the order of the tables."""
    keys = list(lake.list(layout.PROPOSALS_PREFIX if run is None else layout.proposals_of(run)))
    newest = max((layout.proposed(key)[0] for key in keys), default="")
    of_run = [key for key in keys if layout.proposed(key)[0] == newest]
    contents = together(lake.read_json, of_run)
    found = [Proposal.of_json(content, key) for key, content in zip(of_run, contents, strict=True)]
    ordered = layers.all_tables()
    return sorted(found, key=lambda each: ordered.index(each.table) if each.table in ordered else len(ordered))


def patches(found: Sequence[Proposal]) -> Iterator[str]:
    """Yield the patch of each contract of this folder that lacks what is proposed, and say which have it already.

    Raises
    ------
    CliError
        All of it is there already.
    """
    yielded = False
    for each in found:
        there = set(load(each.table).schema.names)
        missing = tuple(column for column in each.columns if column.name not in there)
        if len(missing) < len(each.columns):
            names = ", ".join(column.name for column in each.columns if column.name in there)
            present.say(f"{layers.place_of(each.table)} has {names} already")
        if missing:
            yielded = True
            yield replace(each, columns=missing).patch()
    if not yielded:
        raise CliError(f"the contracts here have all that run {found[0].run_id} proposes")
