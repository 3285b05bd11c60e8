"""What `importau verify` checks: catalogue and lineage are complete, everything can be found, nothing has drifted."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from cli.contents.authors import Authors
from cli.contents.catalogue import Finder, entries
from cli.contents.checks import CHECKS, Check, check
from cli.contents.deployed_code import code
from cli.contents.files import examined
from cli.contents.governed import Governed
from cli.contents.history import Kept, decided_otherwise, kept, problems
from cli.contents.keeping import retention_of
from cli.contents.lineage_checks import called, declared_to_come, edges_told, seen_to_come
from cli.contents.listing import ListedCatalog, ListedLake
from cli.contents.opening import ErasedError, opened
from cli.contents.outcome import Outcome
from cli.contents.promised import contracts, freshness
from cli.contents.reports import (
    Expired,
    audit_problems,
    governance_reports,
    named,
    quarantine_problems,
)
from cli.contents.table_checks import (
    as_discovered,
    as_published,
    as_registered,
    as_usual,
    classified,
    held,
    left_out,
    looking_personal,
    passed,
    registered,
)
from cli.contents.told_lineage import told
from cli.contents.undeclared import JUDGED, undeclared
from cli.errors import CliError, UsageError
from cli.finding.entries import PII, Entry
from cli.running.machines import MACHINES
from cli.session import Aws
from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.contract.model import load, load_all
from lakehouse.contract.owners import unowned
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.orchestration.pipelines import machine_name
from lakehouse.versions.view import View

# What people search for by its subject, and then want to know who makes.
_MADE: Final = (layers.GOLD, layers.FORECAST)
_MEND_CATALOGUE: Final = "Register them again: `./importau verify --repair`"
_MEND_SCHEMAS: Final = (
    "Delete what nobody knows, register the rest (`verify --repair`), crawl (`run governance --crawl`)"
)
_MEND_GOVERNANCE: Final = "Register it again: `./importau run governance`"
_MEND_DEPLOYED: Final = "Put it back, or make the change in the project and deploy it: `./importau deploy`"
_MEND_UNDECLARED: Final = "Declare it by a contract, or delete it"
_MEND_FRESHNESS: Final = "Upload the new export and run it: `./importau run`"
_MEND_CONTRACTS: Final = "Put the contract back, or deploy it and run: `./importau deploy`, `./importau run`"
_MEND_EVIDENCE: Final = (
    "Put the objects back as they were, from the bucket's own object versions, then govern: `./importau run governance`"
)
_MEND_FILES: Final = (
    "Go back to a version that is whole (`./importau rollback`), or make the tables again (`./importau run --force`)"
)
_MEND_VERSION: Final = "Put the objects back as they were, from the bucket's own object versions"


def verified(aws: Aws, number: int | None = None, *, strict: bool = False) -> Iterator[Check]:
    """Yield every check of a version, by default the newest one, with its verdict.

    The catalogue shows the newest version, and is checked with that one alone.

    Parameters
    ----------
    aws : Aws
    number : int, optional
    strict : bool
        Whether what only warns fails: a column that looks personal or is left out, an anomaly.

    Raises
    ------
    CliError
        Nothing was published yet.
    UsageError
        There is no version of that number.
    ErasedError
        A person's data were erased from it.
    """
    lake = Lake(aws.bucket, aws.s3)
    if number is None:
        lake = ListedLake.of(lake, JUDGED)
    history = kept(lake)
    yield check("versions", lambda: _versions(lake, history), _MEND_VERSION)
    try:
        view = replace(opened(aws, number), lake=lake)
    except (UsageError, ErasedError):
        raise
    except CliError as error:
        if not history:
            raise
        yield Check("files", CHECKS["files"], False, error.message)
        return
    now, tables = datetime.now(UTC), layers.all_tables()
    if number is None:
        authors, catalog = Authors(aws), ListedCatalog.of(_catalog(aws))
        governed = Governed.of(aws, view, authors, catalog)
        yield from _of_catalogue(aws, view, governed)
    old = Expired(lake, retention_of(aws), now)
    found = examined(view)
    if number is None:
        yield check("schemas", lambda: as_discovered(catalog, lake, found), _MEND_SCHEMAS)
        runs = {table.run for each in history if each.version for table in each.version.ordered}
        yield check("undeclared", lambda: undeclared(aws, lake, runs, authors), _MEND_UNDECLARED)
        yield from _promised(view, history, now)
    yield check("files", lambda: Outcome(found.problems, held(found.found)), _MEND_FILES)
    yield check("lineage-declared", lambda: declared_to_come(tables))
    reports = governance_reports(view)
    governing = [str(report["run_id"]) for _, report in reports[:1] if report.get("run_id")]
    events = told(lake, [*view.runs.values(), *governing], aws.stage)
    yield check("lineage-observed", lambda: seen_to_come(view, events, old, aws.stage, tables))
    yield check("lineage-edges", lambda: edges_told(view, events, old, aws.stage))
    if number is None:
        yield check("lineage-s3", lambda: called(aws, view, events, governed.machines, now))
    yield check("drift", lambda: as_published(view, found, tables))
    yield check("quality", lambda: passed(view, reports, old))
    yield looking_personal(view, reports, tables, strict=strict)
    yield left_out(view, strict=strict)
    yield as_usual(view, history, tables, strict=strict)
    if number is None:
        yield check("evidence", lambda: governed.reports(reports, old), _MEND_EVIDENCE)


def lagging(aws: Aws) -> list[str]:
    """Return every place where the catalogue's entries are not what the newest version and the contracts say."""
    return as_registered(opened(aws), registered(_catalog(aws)), Authors(aws), layers.all_tables()).wrong


def verified_table(aws: Aws, table: str, number: int | None = None, *, strict: bool = False) -> Iterator[Check]:
    """Yield every check that is of one table, of a version, by default the newest one.

    Parameters
    ----------
    aws : Aws
    table : str
    number : int, optional
    strict : bool
        Whether what only warns fails.

    Raises
    ------
    CliError
        Nothing was published yet.
    UsageError
        There is no version of that number.
    ErasedError
        A person's data were erased from it.
    """
    lake, only, now = Lake(aws.bucket, aws.s3), (table,), datetime.now(UTC)
    view = replace(opened(aws, number), lake=lake)
    own, history = _narrowed(view, table), kept(lake)
    if number is None:
        authors, catalog = Authors(aws), _catalog(aws)
        entries = registered(catalog)
        described = "the table is there as its contract and the newest version say, field by field"
        yield replace(
            check("catalogue", lambda: as_registered(view, entries, authors, only), _MEND_CATALOGUE),
            description=described,
        )
        yield check("classification", lambda: classified(entries, only))
        yield check("owners", lambda: Outcome(list(unowned([load(table)])), load(table).owner))
    old, found, reports = Expired(lake, retention_of(aws), now), examined(own), governance_reports(view)
    events = told(lake, own.runs.values(), aws.stage)
    if number is None:
        yield check("schemas", lambda: as_discovered(catalog, lake, found, table), _MEND_SCHEMAS)
        yield from _promised(own, history, now)
    yield check("files", lambda: Outcome(found.problems, held(found.found)), _MEND_FILES)
    yield check("lineage-declared", lambda: declared_to_come(only))
    yield check("lineage-observed", lambda: seen_to_come(own, events, old, aws.stage, only))
    yield check("drift", lambda: as_published(own, found, only))
    yield check(
        "quality", lambda: Outcome([*audit_problems(own, old), *quarantine_problems(own, old)], named(own.runs))
    )
    yield looking_personal(view, reports, only, strict=strict)
    yield left_out(own, strict=strict)
    yield as_usual(view, history, only, strict=strict)


def _promised(view: View, history: Sequence[Kept], now: datetime) -> Iterator[Check]:
    """Yield whether what the contracts promise is kept, and they are those of the version; nothing without one."""
    if (version := view.version) is not None:
        yield check("freshness", lambda: freshness(version, history, now), _MEND_FRESHNESS)
        yield check("contracts", lambda: contracts(view.lake, version), _MEND_CONTRACTS)


def _narrowed(view: View, table: str) -> View:
    """Return a view of one table alone; of none where it is not published."""
    tables = {name: each for name, each in view.tables.items() if name == table}
    return replace(view, tables=tables, version=replace(view.version, tables=tables) if view.version else None)


def _catalog(aws: Aws) -> Catalog:
    return Catalog(aws.client("glue"), aws.stage)


def _of_catalogue(aws: Aws, view: View, governed: Governed) -> Iterator[Check]:
    found, tables = registered(governed.catalog), layers.all_tables()
    yield check("catalogue", lambda: as_registered(view, found, governed.authors, tables), _MEND_CATALOGUE)
    yield check("governance", governed.entries, _MEND_GOVERNANCE)
    yield check("tags", governed.tags, _MEND_GOVERNANCE)
    yield check("classification", lambda: classified(found, tables))
    catalogue = entries(governed.catalog)
    yield check("pipelines", lambda: _pipelines(catalogue, aws.stage))
    yield check("definitions", governed.definitions, _MEND_DEPLOYED)
    yield check("databases", governed.deployed.databases, _MEND_DEPLOYED)
    yield check("crawlers", governed.deployed.crawlers, _MEND_DEPLOYED)
    yield check("code", lambda: code(governed.deployed), _MEND_DEPLOYED)
    yield check("owners", governed.owners)
    yield check("discovery", lambda: _discovery(catalogue, aws.stage))


def _versions(lake: Lake, history: Sequence[Kept]) -> Outcome:
    wrong = [*problems(history), *decided_otherwise(lake, history)]
    return Outcome(wrong, present.count(len(history), "version"))


def _pipelines(catalogue: list[Entry], stage: str) -> Outcome:
    actual = {entry.where for entry in catalogue if entry.kind == "pipeline"}
    expected = {machine_name(machine, stage) for machine in MACHINES}
    tasks = sum(entry.kind == "task" for entry in catalogue)
    wrong = [f"{name} is missing" for name in sorted(expected - actual)]
    return Outcome(wrong, f"{present.count(len(actual), 'pipeline')}, {present.count(tasks, 'task')}")


def _expected(stage: str) -> dict[str, tuple[str, ...]]:
    """Return the searches that people make: each term, with the entries that it must find.

    A contract has the terms that must find its table (``foundBy``). A term that finds a table of `_MADE` must also find
    the pipeline and the task that make it, and a classification must find every column that has it.
    """
    terms: dict[str, tuple[str, ...]] = {}
    for contract in load_all():
        machine = machine_name(contract.layer, stage)
        makers = (machine, f"{machine}.Write{contract.layer.capitalize()}") if contract.layer in _MADE else ()
        for term in layers.head(contract.table).found_by:
            terms[term] = (*terms.get(term, ()), contract.qualified_name, *makers)
    personal = (
        f"{contract.qualified_name}.{column.name}"
        for contract in load_all()
        for column in contract.columns
        if column.classification == PII
    )
    return terms | {PII: tuple(personal)}


def _discovery(catalogue: list[Entry], stage: str) -> Outcome:
    wrong, expected, finder = [], _expected(stage), Finder(catalogue)
    for term, places in expected.items():
        answers = {entry.id for entry in finder.ranked(term)}
        wrong += [f"'{term}' does not find {where}" for where in places if where not in answers]
    return Outcome(wrong, present.count(len(expected), "term"))
