"""What `importau verify` checks of lineage: as contracts declare it, as runs were observed, as S3 was asked."""

from collections.abc import Sequence
from datetime import datetime

from cli.contents.outcome import Outcome
from cli.contents.reports import Expired, named
from cli.contents.told_lineage import Told, by_s3, edges
from cli.session import Aws
from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.lineage.edges import edges_of
from lakehouse.lineage.names import Place
from lakehouse.orchestration.stepfunctions import StateMachine
from lakehouse.versions.view import View


def _declared_edges(tables: Sequence[str]) -> set[tuple[str, str]]:
    """Return (source, output) pairs of some tables, as their contracts declare."""
    return {(source.split(".")[1], table) for table in tables for source in load(table).sources}


def declared_to_come(tables: Sequence[str]) -> Outcome:
    """Say which of some tables do not come from the CSVs, by the contracts."""
    edges, own = _declared_edges(layers.all_tables()), _declared_edges(tables)
    exported = set(layers.tables_of(layers.BRONZE))
    origins = {table: {source for source, output in edges if output == table} for table in layers.all_tables()}
    wrong = [f"{table} does not come from the CSVs" for table in tables if not _reaches(exported, table, origins)]
    return Outcome(wrong, f"{present.count(len(own), 'edge')} between tables")


def _reaches(exported: set[str], table: str, origins: dict[str, set[str]]) -> bool:
    """Return whether a table is an exported CSV, or has sources, each of which comes from exported CSVs in turn."""
    if table in exported:
        return True
    return bool(origins[table]) and all(_reaches(exported, each, origins) for each in origins[table])


def seen_to_come(view: View, events: Told, old: Expired, stage: str, tables: Sequence[str]) -> Outcome:
    """Say which of some tables were not seen to come from what their contracts declare."""
    place = _place(view, events, stage)
    pairs = {edge for event in events.observed if place for edge in edges_of(event, place)}
    seen = {(source.partition(".")[2], target.partition(".")[2]) for source, target in pairs}
    wrong = [f"{key} cannot be read: it was emptied or changed" for key in events.unreadable]
    if not seen and not wrong and view.version is not None and all(map(old.reports, view.version.ordered)):
        return Outcome([], f"{named(view.runs)}, whose events were kept as long as they are to be")
    missing = sorted(_declared_edges(tables) - seen)
    wrong += [f"{output} was not seen to come from {source}" for source, output in missing]
    return Outcome(wrong, named(view.runs))


def _place(view: View, events: Told, stage: str) -> Place | None:
    """Return where the events of some runs are; None where there are none."""
    every = (*events.declared, *events.observed)
    if not every:
        return None
    region, account = every[0]["job"]["namespace"].split(":")[3:5]
    return Place(region, account, view.lake.bucket, stage)


def edges_told(view: View, events: Told, old: Expired, stage: str) -> Outcome:
    """Say which edges were declared and not observed, or observed and not declared, job by job."""
    place, version = _place(view, events, stage), view.version
    if place is None:
        kept = version is not None and all(map(old.reports, version.ordered))
        return Outcome([], "not compared", ("events were kept as long as they are to be" if kept else "no event",))
    return edges(events, place, from_csv=version is None or version.is_from_csv)


def called(aws: Aws, view: View, events: Told, machines: Sequence[StateMachine], now: datetime) -> Outcome:
    """Say which calls of S3 lineage does not tell of, by what S3 itself recorded."""
    place = _place(view, events, aws.stage)
    if place is None:
        return Outcome([], "not compared", ("what S3 was asked for: no run is observed",))
    return by_s3(aws, view.lake, events, machines, place, now)
