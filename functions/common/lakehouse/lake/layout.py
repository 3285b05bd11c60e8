"""Every S3 key, database and crawler of the lakehouse, as pure functions of layer, table and run.

docs/architecture.md lists them. No other module builds a key, or parses one.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from lakehouse.contract import layers
from lakehouse.contract.layers import layer_of, tables_of

# The contracts define the layers and their tables; every key and name here is built from those.
BRONZE: Final = layers.BRONZE
SILVER: Final = layers.SILVER
GOLD: Final = layers.GOLD
LAYERS: Final = layers.LAYERS

LANDING: Final = "landing"
LANDING_PREFIX: Final = f"{LANDING}/csv_exports/"
# Where parts of exported CSVs would be: Bronze reads whole files, so nothing is there.
LANDING_PARTS_PREFIX: Final = f"{LANDING}/parts/"
STAGING_PREFIX: Final = "staging/"
QUARANTINE_PREFIX: Final = "quarantine/"
GOVERNANCE_PREFIX: Final = "governance/"
ARTIFACTS_PREFIX: Final = "artifacts/"
# Where template.yaml has Athena write the results of its queries.
ATHENA_PREFIX: Final = "athena-results/"
# The whole lakehouse is under these prefixes, also in a bucket that holds other things.
PREFIXES: Final = (
    f"{LANDING}/", *(f"{layer}/" for layer in LAYERS),
    STAGING_PREFIX, QUARANTINE_PREFIX, GOVERNANCE_PREFIX, ATHENA_PREFIX, ARTIFACTS_PREFIX,
)  # fmt: skip

PORTAL_KEY: Final = f"{GOVERNANCE_PREFIX}portal/index.html"

_DECLARED: Final = "declared/"

_DATABASE: Final = "importau_"
GOVERNANCE_DATABASE: Final = f"{_DATABASE}governanca"

# Phases of a run's lineage events (`run_event_key`): the last one of a run that succeeded, and the first one of any.
COMPLETE: Final = "COMPLETE"
START: Final = "START"

_PART: Final = re.compile(r"-(?P<part>\d{5,})-of-(?P<parts>\d{5,})\.parquet$")
_LANDING_KEY: Final = re.compile(re.escape(LANDING_PREFIX) + r"(?P<table>[^/]+)\.csv")
_TABLE_KEY: Final = re.compile(rf"(?:{STAGING_PREFIX}[^/]+/)?(?P<layer>{'|'.join(LAYERS)})/(?P<table>[^/]+)/")
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
    """Return the Glue database of a layer."""
    return f"{_DATABASE}{layer}"


def layer_of_database(database: str) -> str:
    """Return the layer of a Glue database, the inverse of `database_of`."""
    return database.removeprefix(_DATABASE)


def databases() -> tuple[str, ...]:
    """Return every Glue database of the lakehouse, layer by layer, governance last."""
    return (*map(database_of, LAYERS), GOVERNANCE_DATABASE)


def crawler_of(layer: str) -> str:
    """Return the Glue crawler of a layer."""
    return f"importau-{layer}"


def artifacts_prefix(stack: str) -> str:
    """Return where the code of a stack is uploaded for CloudFormation."""
    return f"{ARTIFACTS_PREFIX}{stack}/"


def file_name(table: str, part: int = 0, parts: int = 1) -> str:
    """Return the name of a table's Parquet file, or of one of its part files (see `lakehouse.parts`).

    It is lower case in Bronze, and upper case in Silver and Gold.
    """
    name = table if layer_of(table) == BRONZE else table.upper()
    return f"{name}.parquet" if parts == 1 else f"{name}-{part:05d}-of-{parts:05d}.parquet"


def landing_key(table: str) -> str:
    """Return where the exported CSV of a bronze table is uploaded."""
    return f"{LANDING_PREFIX}{table}.csv"


def published_prefix(table: str) -> str:
    """Return the prefix of a published table: every object under it is part of the table."""
    return f"{layer_of(table)}/{table}/"


def published_key(table: str, part: int = 0, parts: int = 1) -> str:
    """Return the key of a published table, or of one of its parts."""
    return f"{published_prefix(table)}{file_name(table, part, parts)}"


def table_of_key(key: str) -> tuple[str, str] | None:
    """Return the layer and the table that an object belongs to; the layer is `LANDING` for an exported CSV.

    Returns
    -------
    tuple of str and str, or None
        For a table, or a part of it, staged or published; None for reports, quarantine and foreign objects.
    """
    if (match := _LANDING_KEY.fullmatch(key)) and match["table"] in tables_of(BRONZE):
        return LANDING, match["table"]
    if (match := _TABLE_KEY.match(key)) and match["table"] in tables_of(match["layer"]):
        return match["layer"], match["table"]
    return None


def staging_prefix(run_id: str, layer: str) -> str:
    """Return where a run's unaudited tables of one layer are."""
    return f"{STAGING_PREFIX}{run_id}/{layer}/"


def part_beside(key: str, table: str, part: int, parts: int) -> str:
    """Return the key of a part of a table, staged or published, in the folder of another part's key."""
    return f"{key.rpartition('/')[0]}/{file_name(table, part, parts)}"


def staging_key(run_id: str, table: str, part: int = 0, parts: int = 1) -> str:
    """Return where a run writes a table, or one of its parts, before it is audited."""
    return f"{staging_prefix(run_id, layer_of(table))}{table}/{file_name(table, part, parts)}"


def parts_of(table: str, keys: Iterable[str]) -> int | None:
    """Return how many parts a table has, from the keys under its prefix; None where they are not one whole table."""
    names = {key.removeprefix(published_prefix(table)) for key in keys}
    for parts in {1, *(int(match["parts"]) for name in names if (match := _PART.search(name)))}:
        if names == {file_name(table, part, parts) for part in range(parts)}:
            return parts
    return None


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
    return f"{staging_prefix(run_id, layer)}parts/"


def part_record_key(run_id: str, layer: str, step: str, part: int, parts: int) -> str:
    """Return where the record of one part of a step (``write``, ``audit``) is kept."""
    return f"{parts_prefix(run_id, layer)}{step}-{part:05d}-of-{parts:05d}.json"


def part_table_key(run_id: str, layer: str, name: str, part: int) -> str:
    """Return where a step keeps a table made from one part, for the step that puts the parts together."""
    return f"{parts_prefix(run_id, layer)}{name}-{part:05d}.parquet"


def part_hashes_key(run_id: str, layer: str, table: str, part: int) -> str:
    """Return where the hashes of the keys in one part of a table are kept."""
    return f"{parts_prefix(run_id, layer)}hashes-{table}-{part:05d}.bin"


def publication_key(run_id: str, layer: str, what: str) -> str:
    """Return where the list of objects to ``publish`` or ``retire`` is kept, for a table in parts."""
    return f"{parts_prefix(run_id, layer)}{what}.json"


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
    return f"{GOVERNANCE_PREFIX}catalog/{table}/"


def published_audit_key(run_id: str, layer: str) -> str:
    """Return where the report of an audit of published tables is kept: it belongs to no run, and published nothing."""
    return f"{GOVERNANCE_PREFIX}quality/published/{layer}/{run_id}.json"


def governance_table_key(table: str) -> str:
    """Return the key of a table of the governance database."""
    return f"{governance_prefix(table)}{table}.parquet"


def governance_report_prefix() -> str:
    """Return where the governance reports are kept."""
    return governance_prefix("report")


def governance_report_key(run_id: str) -> str:
    """Return where the governance report of a run is kept."""
    return f"{governance_report_prefix()}{run_id}.json"


def governed_run(report_key: str) -> str:
    """Return the run of a governance report, the inverse of `governance_report_key`."""
    return report_key.removeprefix(governance_report_prefix()).removesuffix(".json")


def lineage_prefix(run_id: str) -> str:
    """Return where a run's lineage events are kept."""
    return f"{GOVERNANCE_PREFIX}lineage/{run_id}/"


def run_event_key(run_id: str, job: str, table_run: str, phase: str) -> str:
    """Return where the lineage event of one phase of a job's run on a table is kept."""
    return f"{lineage_prefix(run_id)}{job}.{table_run}.{phase}.json"


def declared_event_key(run_id: str, job: str) -> str:
    """Return where the lineage event of what a job declares is kept."""
    return f"{lineage_prefix(run_id)}{_DECLARED}{job}.json"


def event_of_key(key: str) -> RunEvent | None:
    """Return the job and phase in a lineage event's key, the inverse of `run_event_key`; None for a declared event."""
    match = _RUN_EVENT_KEY.fullmatch(key)
    return None if match is None else RunEvent(match["job"], match["phase"])
