"""What `importau verify` checks: catalogue and lineage are complete, everything can be found, nothing has drifted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cli.contents.catalogue import PII, Entry, entries, ranked
from cli.errors import CliError
from cli.running.machines import MACHINES
from cli.session import Aws
from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.contract.drift import crawled_drift, footer_drift
from lakehouse.contract.model import load_all
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.lineage.names import Place
from lakehouse.orchestration.pipelines import machine_name


@dataclass(frozen=True)
class Check:
    """One thing that was verified.

    Attributes
    ----------
    id, description : str
    passed : bool
    detail : str
        What was found or, where it did not pass, what is wrong.
    """

    id: str
    description: str
    passed: bool
    detail: str


def verified(aws: Aws) -> Iterator[Check]:
    """Yield every check with its verdict; raise `CliError` where there was no run to check."""
    catalog, lake = Catalog(aws.client("glue")), Lake(aws.bucket, aws.s3)
    tables = {c.table: catalog.get(c.database, c.table) for c in load_all()}
    if not any(tables.values()) and _last_run(lake) is None:
        raise CliError(
            "there is nothing to verify yet: no run was governed, and the catalogue is empty",
            "Run the pipeline first: `./importau run`, or bronze, silver, gold and governance one by one "
            "(scripts/05-run-bronze.sh to scripts/08-governance.sh).",
        )
    yield _check("catalogue", f"the {_counted()} tables are there as their contracts say", lambda: _catalogue(tables))
    yield _check("classification", "personal and confidential columns say so", lambda: _classification(tables))
    catalogue = entries(aws)
    yield _check("pipelines", "the state machines are there with their tasks", lambda: _pipelines(catalogue))
    yield _check("discovery", "terms find what a person expects", lambda: _discovery(catalogue))
    yield _check("lineage-declared", "by its contract every table comes from the CSVs", _declared)
    yield _check("lineage-observed", "so it was seen in the runs that published", lambda: _observed(lake))
    yield _check("drift", "the published Parquet is what the contracts say", lambda: _drift(lake))
    yield _check("quality", "what is published passed its audits, and governance", lambda: _reports(lake))


def _counted() -> str:
    """Return how many tables each layer has, as ``7 + 1 + 2``."""
    return " + ".join(str(len(layers.tables_of(layer))) for layer in layers.LAYERS)


def _check(name: str, description: str, problems: Callable[[], tuple[list[str], str]]) -> Check:
    wrong, summary = problems()
    return Check(name, description, not wrong, "; ".join(wrong) if wrong else summary)


def _catalogue(tables: dict[str, Any]) -> tuple[list[str], str]:
    wrong = []
    for contract in load_all():
        table = tables[contract.table]
        if table is None:
            wrong.append(f"{contract.qualified_name} is missing")
            continue
        wrong += crawled_drift(contract, table)
        wrong += [f"{contract.table} has no {what.lower()}" for what in ("Description", "Owner") if not table.get(what)]
    return wrong, present.count(len(tables), "table")


def _classification(tables: dict[str, Any]) -> tuple[list[str], str]:
    wrong, declared = [], 0
    for contract in load_all():
        columns = (tables[contract.table] or {}).get("StorageDescriptor", {}).get("Columns", ())
        actual = {column["Name"]: column.get("Parameters", {}).get("classification") for column in columns}
        for column in contract.columns:
            if column.classification:
                declared += 1
                if actual.get(column.name) != column.classification:
                    wrong.append(f"{contract.table}.{column.name} is not {column.classification} in the catalogue")
    return wrong, present.count(declared, "column")


def _pipelines(catalogue: list[Entry]) -> tuple[list[str], str]:
    actual = {entry.where for entry in catalogue if entry.kind == "pipeline"}
    expected = set(map(machine_name, MACHINES))
    tasks = sum(entry.kind == "task" for entry in catalogue)
    return [
        f"{name} is missing" for name in sorted(expected - actual)
    ], f"{present.count(len(actual), 'pipeline')}, {present.count(tasks, 'task')}"


def _expected() -> dict[str, tuple[str, ...]]:
    """Return the searches that people make: each term, with the entries that it must find.

    A contract has the terms that must find its table (``foundBy``). A term that finds a gold table must also find the
    pipeline and the task that make it, and a classification must find every column that has it.
    """
    terms: dict[str, tuple[str, ...]] = {}
    for contract in load_all():
        machine = machine_name(contract.layer)
        makers = (machine, f"{machine}.Write{contract.layer.capitalize()}") if contract.layer == layers.GOLD else ()
        for term in layers.head(contract.table).found_by:
            terms[term] = (*terms.get(term, ()), contract.qualified_name, *makers)
    personal = (
        f"{contract.qualified_name}.{column.name}"
        for contract in load_all()
        for column in contract.columns
        if column.classification == PII
    )
    return terms | {PII: tuple(personal)}


def _discovery(catalogue: list[Entry]) -> tuple[list[str], str]:
    wrong, expected = [], _expected()
    for term, places in expected.items():
        answers = {entry.where for entry in ranked(term, catalogue)}
        wrong += [f"'{term}' does not find {where}" for where in places if where not in answers]
    return wrong, present.count(len(expected), "term")


def _declared_edges() -> set[tuple[str, str]]:
    """Return (source, output) pairs of tables, as the contracts declare."""
    return {(source.split(".")[1], contract.table) for contract in load_all() for source in contract.sources}


def _declared() -> tuple[list[str], str]:
    edges = _declared_edges()
    exported = set(layers.tables_of(layers.BRONZE))
    origins = {table: {source for source, output in edges if output == table} for table in layers.all_tables()}
    wrong = [f"{table} does not come from the CSVs" for table in origins if not _reaches(exported, table, origins)]
    return wrong, f"{present.count(len(edges), 'edge')} between tables"


def _reaches(exported: set[str], table: str, origins: dict[str, set[str]]) -> bool:
    """Return whether a table is an exported CSV, or has sources, each of which comes from exported CSVs in turn."""
    if table in exported:
        return True
    return bool(origins[table]) and all(_reaches(exported, each, origins) for each in origins[table])


def _observed(lake: Lake) -> tuple[list[str], str]:
    run_id = _last_run(lake)
    if run_id is None:
        return ["no governed run is kept"], ""
    runs = lake.read_json(layout.governance_report_key(run_id))["runs"]
    edges: set[tuple[str, str]] = set()
    for run in dict.fromkeys(runs.values()):
        for key in lake.list(layout.lineage_prefix(run)):
            event = layout.event_of_key(key)
            if event is not None and event.phase == layout.COMPLETE:
                edges.update(_edges(lake.read_json(key), lake.bucket))
    missing = sorted(_declared_edges() - edges)
    return [f"{output} was not seen to come from {source}" for source, output in missing], _named(runs)


def _edges(event: dict[str, Any], bucket: str) -> Iterator[tuple[str, str]]:
    """Yield (source, output) pairs of the tables of a lineage event."""
    region, account = event["job"]["namespace"].split(":")[3:5]
    place = Place(region, account, bucket)
    for output in event.get("outputs", ()):
        for source in event.get("inputs", ()):
            pair = [place.asset(each["namespace"], each["name"]) for each in (source, output)]
            yield (pair[0].table if pair[0] else "", pair[1].table if pair[1] else "")


def _named(runs: dict[str, str]) -> str:
    """Return the runs of the layers for people to read: one for all, or one per layer."""
    if len(set(runs.values())) == 1:
        return f"run {runs[layout.BRONZE]}"
    return ", ".join(f"{layer} {run}" for layer, run in runs.items())


def _drift(lake: Lake) -> tuple[list[str], str]:
    wrong = []
    for contract in load_all():
        try:
            footers = {lake.parquet(key).schema_arrow for key in lake.published(contract.table)}
        except StorageError as error:
            wrong.append(f"{contract.table} is not published: {error}")
        else:
            for footer in footers:
                wrong += footer_drift(contract, footer)
    return wrong, "no difference"


def _reports(lake: Lake) -> tuple[list[str], str]:
    run_id = _last_run(lake)
    if run_id is None:
        return ["no governed run is kept"], ""
    report = lake.read_json(layout.governance_report_key(run_id))
    wrong = list(report["problems"])
    for layer, run in report["runs"].items():
        try:
            passed = lake.read_json(layout.quality_key(run, layer))["passed"]
        except StorageError:
            passed = False
        if not passed:
            wrong.append(f"the audit of {layer} in run {run} did not pass")
    return wrong, _named(report["runs"])


def _last_run(lake: Lake) -> str | None:
    """Return the run with the newest governance report, which says which runs it examined."""
    newest = lake.newest(layout.governance_report_prefix(), 1)
    return layout.governed_run(newest[0]) if newest else None
