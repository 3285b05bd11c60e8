"""Every S3 key, database and crawler of the lakehouse, as pure functions of layer, table, run and stage.

docs/architecture.md lists them. No other module builds a key, or parses one.
"""

import re
from datetime import datetime
from typing import Final, NamedTuple

from lakehouse.contract import layers
from lakehouse.contract.layers import layer_of, tables_of
from lakehouse.stage import staged, unstaged

# The contracts define the layers and their tables; every key and name here is built from those.
BRONZE: Final = layers.BRONZE
SILVER: Final = layers.SILVER
GOLD: Final = layers.GOLD
FORECAST: Final = layers.FORECAST
LAYERS: Final = layers.LAYERS

LANDING: Final = "landing"
LANDING_PREFIX: Final = f"{LANDING}/csv_exports/"
# The metadata of an uploaded object that says for which run it is.
UPLOADED_FOR: Final = "importau-run"
# How a compressed export is called on a disk.
COMPRESSED: Final = (".csv.gz", ".csv.zip", ".gz", ".zip")
# How an object ends that has sections (`bronze.ranges.sections`).
SECTIONS: Final = ".sections"
CORRECTIONS_PREFIX: Final = f"{LANDING}/corrections/"
# What a run needs only while it works: the records of parts, and Step Functions' own lists.
STAGING_PREFIX: Final = "staging/"
# The versions of the lake, and what each run was opened with.
LAKE_PREFIX: Final = "lake/"
VERSIONS_PREFIX: Final = f"{LAKE_PREFIX}versions/"
RUNS_PREFIX: Final = f"{LAKE_PREFIX}runs/"
DECISIONS_PREFIX: Final = f"{LAKE_PREFIX}decisions/"
# What the crawlers looked at last (`lakehouse.versions.crawled`).
CRAWLED_KEY: Final = f"{LAKE_PREFIX}crawled.json"
ERASURES_PREFIX: Final = f"{LAKE_PREFIX}erasures/"
QUARANTINE_PREFIX: Final = "quarantine/"
GOVERNANCE_PREFIX: Final = "governance/"
ARTIFACTS_PREFIX: Final = "artifacts/"
# The metadata of the Iceberg tables, where somebody made them (`cli.iceberg`): no table's data are under it.
ICEBERG_PREFIX: Final = "iceberg/"
# Where template.yaml has Athena write the results of its queries.
ATHENA_PREFIX: Final = "athena-results/"
# The whole lakehouse is under these prefixes, also in a bucket that holds other things.
PREFIXES: Final = (
    f"{LANDING}/", *(f"{layer}/" for layer in LAYERS),
    LAKE_PREFIX, STAGING_PREFIX, QUARANTINE_PREFIX, GOVERNANCE_PREFIX, ATHENA_PREFIX, ARTIFACTS_PREFIX,
    ICEBERG_PREFIX,
)  # fmt: skip

_CATALOG_PREFIX: Final = f"{GOVERNANCE_PREFIX}catalog/"
# Where each state machine is a table of its tasks.
MACHINES: Final = "maquinas"
# What governance registered and examined last: what `verify` holds the catalogue and the state machines against.
REGISTERED_KEY: Final = f"{_CATALOG_PREFIX}registered.json"
# Written when the stack was deployed, or when somebody accepts what the state machines are: empty, its time counts.
DEPLOYED_KEY: Final = f"{_CATALOG_PREFIX}deployed"
PORTAL_KEY: Final = f"{GOVERNANCE_PREFIX}portal/index.html"
# The texts of contracts that versions were published under, and changes of contracts that runs propose.
CONTRACTS_PREFIX: Final = f"{GOVERNANCE_PREFIX}contracts/"
PROPOSALS_PREFIX: Final = f"{GOVERNANCE_PREFIX}proposals/"
# The messages about runs that failed, in the order of their time.
ALERTS_PREFIX: Final = f"{GOVERNANCE_PREFIX}alerts/"

_DECLARED: Final = "declared/"

_DATABASE: Final = "importau_"
GOVERNANCE_DATABASE: Final = f"{_DATABASE}governanca"
# The crawlers' own: what they discover is theirs, what the contracts say is in the databases of the layers.
DISCOVERED_DATABASE: Final = f"{_DATABASE}descoberta"
# The masked views of tables, for whoever is not to know whose data they are (`lakehouse.lake.masked_views`).
MASKED_DATABASE: Final = f"{_DATABASE}mascarado"
# The same tables as Iceberg tables, for readers that speak it.
ICEBERG_DATABASE: Final = f"{_DATABASE}iceberg"
# The partition that a crawler sees in the folders of runs (`run_prefix`), and its type.
RUN_PARTITION: Final = ("run", "string")
# A layer's database is named after it, but for this one, which people know by what it is for.
_DATABASES: Final = {FORECAST: "ml"}

# Phases of a run's lineage events (`run_event_key`): the last one of a run that succeeded, and the first one of any.
COMPLETE: Final = "COMPLETE"
START: Final = "START"

_PART: Final = re.compile(r"-(?P<part>\d{5,})-of-(?P<parts>\d{5,})\.parquet$")
_LANDING_KEY: Final = re.compile(rf"(?:{LANDING_PREFIX}|{CORRECTIONS_PREFIX})(?P<table>[^/]+)\.csv")
_TABLE_KEY: Final = re.compile(rf"(?P<layer>{'|'.join(LAYERS)})/(?P<table>[^/]+)/(?:run=(?P<run>[^/]+)/)?")
# Of a table's run: its folder, what it set aside, its reports, what it was opened with, its work, its lineage.
_RUN: Final = "(?P<run>[^/]+)"
_OF_RUN: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:{'|'.join(LAYERS)})/[^/]+/run={_RUN}/.+",
        rf"{QUARANTINE_PREFIX}[^/]+/[^/]+/(?P<run>[^/]+?)(?:-\d{{5,}}-of-\d{{5,}})?\.parquet",
        rf"{GOVERNANCE_PREFIX}quality/(?:published/)?(?:{'|'.join(LAYERS)})/{_RUN}\.json",
        rf"{GOVERNANCE_PREFIX}catalog/report/{_RUN}\.json",
        rf"{GOVERNANCE_PREFIX}lineage/{_RUN}/.+",
        rf"{PROPOSALS_PREFIX}{_RUN}/.+",
        rf"(?:{RUNS_PREFIX}|{DECISIONS_PREFIX}){_RUN}\.json",
        rf"{STAGING_PREFIX}{_RUN}/.+",
    )
)
# Whatever is of a run is under these prefixes.
OF_RUNS: Final = (
    *(f"{layer}/" for layer in LAYERS),
    QUARANTINE_PREFIX, f"{GOVERNANCE_PREFIX}quality/", f"{GOVERNANCE_PREFIX}catalog/report/",
    f"{GOVERNANCE_PREFIX}lineage/", PROPOSALS_PREFIX, RUNS_PREFIX, DECISIONS_PREFIX, STAGING_PREFIX,
)  # fmt: skip
_TASK_KEY: Final = re.compile(
    rf"{STAGING_PREFIX}(?P<run>[^/]+)/(?P<layer>[^/]+)/tasks/(?P<step>[a-z]+)-(?P<task>\d{{5,}})-of-(?P<tasks>\d{{5,}})\.json"
)
_VERSION_KEY: Final = re.compile(rf"{VERSIONS_PREFIX}(?P<number>\d{{10}})\.json")
_RUN_EVENT_KEY: Final = re.compile(
    rf"{GOVERNANCE_PREFIX}lineage/[^/]+/(?P<job>[^/]+)\.(?P<run>[^./]+)\.(?P<phase>[A-Z]+)\.json"
)


class RunEvent(NamedTuple):
    """What the key of a run's lineage event tells about it.

    Attributes
    ----------
    job : str
        ``state machine.state.table``.
    phase : str
        ``START``, ``COMPLETE`` or ``FAIL``.
    """

    job: str
    phase: str


def database_of(layer: str) -> str:
    """Return the database of a layer, as contracts, SQL and people call it in every stage."""
    return f"{_DATABASE}{_DATABASES.get(layer, layer)}"


def layer_of_database(database: str) -> str:
    """Return the layer of a database, the inverse of `database_of`."""
    name = database.removeprefix(_DATABASE)
    return next((layer for layer, its_name in _DATABASES.items() if its_name == name), name)


def databases() -> tuple[str, ...]:
    """Return every database of the lakehouse that people read, layer by layer, governance last.

    What crawlers discovered (`DISCOVERED_DATABASE`) is evidence, and no business table: it is in none of them.
    """
    return (*map(database_of, LAYERS), GOVERNANCE_DATABASE)


def glue_database(database: str, stage: str) -> str:
    """Return what Glue calls a database in a stage: ``importau_gold`` is ``importau_gold_dev``."""
    return staged(database, stage, "_")


def database_of_glue(name: str, stage: str) -> str | None:
    """Return the database that Glue calls so in a stage, the inverse of `glue_database`; None for another stage's."""
    return unstaged(name, stage, "_")


def crawler_of(layer: str, stage: str) -> str:
    """Return the Glue crawler of a layer in a stage."""
    return staged(f"importau-{layer}", stage)


def layer_of_crawler(crawler: str, stage: str) -> str | None:
    """Return the layer of a Glue crawler, the inverse of `crawler_of`; None for a crawler of somebody else."""
    return next((layer for layer in LAYERS if crawler_of(layer, stage) == crawler), None)


def table_level(table: str) -> int:
    """Return how deep a table's folder lies, as a crawler counts: the bucket is level 1."""
    return 1 + table_prefix(table).count("/")


def iceberg_prefix(table: str) -> str:
    """Return where the metadata of a table's Iceberg table are."""
    return f"{ICEBERG_PREFIX}{table}/"


def artifacts_prefix(stack: str) -> str:
    """Return where the code of a stack is uploaded for CloudFormation."""
    return f"{ARTIFACTS_PREFIX}{stack}/"


def file_name(table: str, part: int = 0, parts: int = 1) -> str:
    """Return the name of a table's Parquet file, or of one of its part files (see `lakehouse.parts`).

    It is lower case in Bronze, and upper case in the layers above.
    """
    name = table if layer_of(table) == BRONZE else table.upper()
    return f"{name}.parquet" if parts == 1 else f"{name}-{part:05d}-of-{parts:05d}.parquet"


def landing_key(table: str) -> str:
    """Return where the exported CSV of a bronze table is uploaded, compressed or not: its first bytes tell."""
    return f"{LANDING_PREFIX}{table}.csv"


def compressed_keys(table: str) -> tuple[str, ...]:
    """Return where somebody may have uploaded a table's export instead who knows files by their endings."""
    return tuple(f"{LANDING_PREFIX}{table}{ending}" for ending in COMPRESSED)


def correction_key(table: str) -> str:
    """Return where corrected rows of a bronze table are uploaded, with the columns of its exported CSV."""
    return f"{CORRECTIONS_PREFIX}{table}.csv"


def version_key(number: int) -> str:
    """Return where version ``number`` of the lake is; as text, keys sort as their numbers do."""
    return f"{VERSIONS_PREFIX}{number:010d}.json"


def version_of_key(key: str) -> int | None:
    """Return the number of the version at a key, the inverse of `version_key`; None for any other object."""
    match = _VERSION_KEY.fullmatch(key)
    return None if match is None else int(match["number"])


def opening_key(run_id: str) -> str:
    """Return where it is kept what a run was opened with (`lakehouse.lake.opening`)."""
    return f"{RUNS_PREFIX}{run_id}.json"


def run_of_opening(key: str) -> str:
    """Return the run of an opening's key, the inverse of `opening_key`."""
    return key.removeprefix(RUNS_PREFIX).removesuffix(".json")


def decision_key(run_id: str) -> str:
    """Return where it is kept what was decided of a run: that it is published, or never is."""
    return f"{DECISIONS_PREFIX}{run_id}.json"


def contract_key(table: str, sha256: str) -> str:
    """Return where the text of a table's contract is kept, once a version was published under it."""
    return f"{CONTRACTS_PREFIX}{table}/{sha256}.odcs.yaml"


def proposals_of(run_id: str) -> str:
    """Return where a run keeps the changes of contracts that it proposes."""
    return f"{PROPOSALS_PREFIX}{run_id}/"


def proposal_key(run_id: str, table: str) -> str:
    """Return where a run keeps the change of a table's contract that it proposes."""
    return f"{proposals_of(run_id)}{table}.json"


def proposed(key: str) -> tuple[str, str]:
    """Return the run and the table of a proposal's key, the inverse of `proposal_key`."""
    run_id, _, name = key.removeprefix(PROPOSALS_PREFIX).partition("/")
    return run_id, name.removesuffix(".json")


def erasure_key(name: str) -> str:
    """Return where it is kept that somebody's data were erased, and from which versions."""
    return f"{ERASURES_PREFIX}{name}.json"


def table_prefix(table: str) -> str:
    """Return the prefix under which every run has its files of a table."""
    return f"{layer_of(table)}/{table}/"


def run_prefix(table: str, run_id: str) -> str:
    """Return the folder of a run's files of a table: nobody else writes there, and nothing there is ever replaced."""
    return f"{table_prefix(table)}run={run_id}/"


def run_key(table: str, run_id: str, part: int = 0, parts: int = 1) -> str:
    """Return where a run writes a table, or one of its parts."""
    return f"{run_prefix(table, run_id)}{file_name(table, part, parts)}"


def parts_listed(table: str, run_id: str) -> str:
    """Return the prefix under which S3 lists a run's part files of a table, and nothing else."""
    return f"{run_prefix(table, run_id)}{file_name(table).removesuffix('.parquet')}-"


def run_of_key(key: str) -> str | None:
    """Return the run that wrote a file of a table; None for any other object."""
    match = _TABLE_KEY.match(key)
    return None if match is None else match["run"]


def run_owning(key: str) -> str | None:
    """Return the run that an object is of, whatever it is: a file, a report, lineage; None for any other object."""
    for pattern in _OF_RUN:
        if match := pattern.fullmatch(key):
            return match["run"]
    return None


def table_of_key(key: str) -> tuple[str, str] | None:
    """Return the layer and the table that an object belongs to; the layer is `LANDING` for a CSV, corrections included.

    Returns
    -------
    tuple of str and str, or None
        For a table, or a part of it; None for reports, quarantine and foreign objects.
    """
    if (match := _LANDING_KEY.fullmatch(key)) and match["table"] in tables_of(BRONZE):
        return LANDING, match["table"]
    if (match := _TABLE_KEY.match(key)) and match["table"] in tables_of(match["layer"]):
        return match["layer"], match["table"]
    return None


def work_prefix(run_id: str, layer: str) -> str:
    """Return where a run keeps what one layer needs only while it works."""
    return f"{STAGING_PREFIX}{run_id}/{layer}/"


def part_beside(key: str, table: str, part: int, parts: int) -> str:
    """Return the key of a part of a table, in the folder of another part's key."""
    return f"{key.rpartition('/')[0]}/{file_name(table, part, parts)}"


def is_file_of(table: str, name: str) -> bool:
    """Return whether a file name is that of a table or of one of its parts."""
    match = _PART.search(name)
    return name == (file_name(table) if match is None else file_name(table, int(match["part"]), int(match["parts"])))


def part_number(key: str) -> tuple[int, int]:
    """Return which part (from 0) of how many a file is; raise ``ValueError`` for the key of any other object."""
    match = _PART.search(key)
    if match is None:
        raise ValueError(f"{key!r} is no part file")
    return int(match["part"]), int(match["parts"])


def parts_prefix(run_id: str, layer: str) -> str:
    """Return where a run keeps the records of single parts until they are put together."""
    return f"{work_prefix(run_id, layer)}parts/"


def part_records_prefix(run_id: str, layer: str, step: str) -> str:
    """Return the prefix under which the records of a step's parts are kept, and nothing else."""
    return f"{parts_prefix(run_id, layer)}{step}-"


def part_record_key(run_id: str, layer: str, step: str, part: int, parts: int) -> str:
    """Return where the record of one part of a step (``write``, ``audit``) is kept."""
    return f"{part_records_prefix(run_id, layer, step)}{part:05d}-of-{parts:05d}.json"


def tasks_prefix(run_id: str, layer: str, step: str) -> str:
    """Return the prefix under which a run keeps what each call of a step is to do, and nothing else."""
    return f"{work_prefix(run_id, layer)}tasks/{step}-"


def task_key(run_id: str, layer: str, step: str, task: int, tasks: int) -> str:
    """Return where it is kept what one call of a step is to do."""
    return f"{tasks_prefix(run_id, layer, step)}{task:05d}-of-{tasks:05d}.json"


def task_of(key: str) -> tuple[str, str, str, int, int] | None:
    """Return the run, the layer, the step, which task and of how many, the inverse of `task_key`; None for others."""
    match = _TASK_KEY.fullmatch(key)
    if match is None:
        return None
    return match["run"], match["layer"], match["step"], int(match["task"]), int(match["tasks"])


def range_prefix(run_id: str, table: str) -> str:
    """Return where a run keeps what it needs of the CSV of a bronze table only while it reads that in ranges."""
    return f"{work_prefix(run_id, BRONZE)}ranges/{table}/"


def range_key(run_id: str, table: str, number: int) -> str:
    """Return where the sections of a range are kept (`bronze.ranges.sections`)."""
    return f"{range_prefix(run_id, table)}{number:05d}{SECTIONS}"


def gathered_key(run_id: str, table: str, what: str, super_: int, bundle: int) -> str:
    """Return where the sections of a bundle of ranges are kept: its rows, or its keys, for a super-group."""
    return f"{range_prefix(run_id, table)}{what}-{super_:05d}-{bundle:05d}{SECTIONS}"


def range_quarantine_key(run_id: str, table: str, number: int) -> str:
    """Return where the quarantine of a range is kept in which records repeat a key."""
    return f"{range_prefix(run_id, table)}{number:05d}-quarantine.parquet"


def repeats_key(run_id: str, table: str, bucket: int) -> str:
    """Return where the records of a table are kept that repeat a key, of those whose keys are in a bucket."""
    return f"{range_prefix(run_id, table)}repeats-{bucket:05d}.parquet"


def range_shared_key(run_id: str, table: str, name: str) -> str:
    """Return where something is kept that all calls of a step need."""
    return f"{range_prefix(run_id, table)}{name}.json"


def expanded_key(run_id: str, table: str) -> str:
    """Return where the content of a compressed export is kept."""
    return f"{range_prefix(run_id, table)}{table}.csv"


def part_table_key(run_id: str, layer: str, name: str, part: int) -> str:
    """Return where a step keeps a table made from one part, for the step that puts the parts together."""
    return f"{parts_prefix(run_id, layer)}{name}-{part:05d}.parquet"


def part_hashes_key(run_id: str, layer: str, table: str, part: int) -> str:
    """Return where the hashes of the keys in one part of a table are kept."""
    return f"{parts_prefix(run_id, layer)}hashes-{table}-{part:05d}.bin"


def quarantine_key(run_id: str, layer: str, table: str, part: int = 0, parts: int = 1) -> str:
    """Return where a run keeps the rows of ``table``, or of one of its parts, that ``layer`` set aside."""
    suffix = "" if parts == 1 else f"-{part:05d}-of-{parts:05d}"
    return f"{QUARANTINE_PREFIX}{layer}/{table}/{run_id}{suffix}.parquet"


def quality_prefix(layer: str) -> str:
    """Return where the audit reports of a layer are kept."""
    return f"{GOVERNANCE_PREFIX}quality/{layer}/"


def quality_key(run_id: str, layer: str) -> str:
    """Return where the audit report of a run's layer is kept."""
    return f"{quality_prefix(layer)}{run_id}.json"


def governance_prefix(table: str) -> str:
    """Return the prefix of a table of the governance database."""
    return f"{_CATALOG_PREFIX}{table}/"


def published_audit_key(run_id: str, layer: str) -> str:
    """Return where the report of an audit of published tables is kept: it belongs to no run, and published nothing."""
    return f"{GOVERNANCE_PREFIX}quality/published/{layer}/{run_id}.json"


def governance_table_key(table: str) -> str:
    """Return the key of a table of the governance database."""
    return f"{governance_prefix(table)}{table}.parquet"


def machine_prefix(machine: str) -> str:
    """Return where the tasks of one state machine are kept, as the table that it is in the catalogue."""
    return f"{governance_prefix(MACHINES)}{machine.lower()}/"


def machine_key(machine: str) -> str:
    """Return the key of the tasks of one state machine."""
    return f"{machine_prefix(machine)}{machine.lower()}.parquet"


def governance_report_prefix() -> str:
    """Return where the governance reports are kept."""
    return governance_prefix("report")


def governance_report_key(run_id: str) -> str:
    """Return where the governance report of a run is kept."""
    return f"{governance_report_prefix()}{run_id}.json"


def governed_run(report_key: str) -> str:
    """Return the run of a governance report, the inverse of `governance_report_key`."""
    return report_key.removeprefix(governance_report_prefix()).removesuffix(".json")


def alert_key(at: datetime, machine: str, execution: str) -> str:
    """Return where the message about an execution of a machine is kept that ended at a moment, UTC."""
    return f"{ALERTS_PREFIX}{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03}{_alert_ending(machine, execution)}"


def is_alert_of(key: str, machine: str, execution: str) -> bool:
    """Return whether a message is about an execution of a machine, whenever that ended."""
    return key.startswith(ALERTS_PREFIX) and key.endswith(_alert_ending(machine, execution))


def _alert_ending(machine: str, execution: str) -> str:
    return f"-{machine}-{execution}.json"


def lineage_prefix(run_id: str) -> str:
    """Return where a run's lineage events are kept."""
    return f"{GOVERNANCE_PREFIX}lineage/{run_id}/"


def run_event_key(run_id: str, job: str, table_run: str, phase: str) -> str:
    """Return where the lineage event of one phase of a job's run on a table is kept."""
    return f"{lineage_prefix(run_id)}{job}.{table_run}.{phase}.json"


def declared_event_key(run_id: str, job: str) -> str:
    """Return where the lineage event of what a job declares is kept."""
    return f"{lineage_prefix(run_id)}{_DECLARED}{job}.json"


def declared_job(key: str) -> str:
    """Return the job of a declared event's key, the inverse of `declared_event_key`."""
    return key.rpartition("/")[2].removesuffix(".json")


def event_of_key(key: str) -> RunEvent | None:
    """Return the job and phase in a lineage event's key, the inverse of `run_event_key`; None for a declared event."""
    match = _RUN_EVENT_KEY.fullmatch(key)
    return None if match is None else RunEvent(match["job"], match["phase"])
