"""What lies under the lakehouse's prefixes, or reads its tables, and nobody declared: objects, tables, machines."""

import base64
import binascii
import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from cli.contents.authors import Authors
from cli.contents.outcome import Outcome, permitted
from cli.running.machines import MACHINES
from cli.session import Aws
from cli.terminal import present
from governance.connector import SCHEMAS
from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake, Stored
from lakehouse.orchestration.pipelines import machine_name
from lakehouse.stage import NONE

# Of more state machines of others than these the rest is said to be unchecked: each costs a request.
_MACHINES: Final = 200
# What others than runs write there: Athena its answers, CloudFormation code, runs what they need while they work.
_UNJUDGED: Final = (layout.ATHENA_PREFIX, layout.ARTIFACTS_PREFIX)
JUDGED: Final = tuple(prefix for prefix in layout.PREFIXES if prefix not in _UNJUDGED)
_NAME: Final = r"[^/]+"
# Whose prefixes hold what is told apart by its name alone.
_OWN: Final = re.compile(
    "|".join(
        (
            rf"{layout.VERSIONS_PREFIX}\d{{10}}\.json",
            rf"(?:{layout.RUNS_PREFIX}|{layout.DECISIONS_PREFIX}|{layout.ERASURES_PREFIX}){_NAME}\.json",
            re.escape(layout.CRAWLED_KEY),
            re.escape(layout.REGISTERED_KEY),
            re.escape(layout.DEPLOYED_KEY),
            re.escape(layout.PORTAL_KEY),
            rf"{layout.ICEBERG_PREFIX}(?:{'|'.join(layers.all_tables())})/metadata/{_NAME}\.(?:metadata\.json|avro)",
            rf"{layout.ALERTS_PREFIX}{_NAME}\.json",
            rf"{layout.CONTRACTS_PREFIX}\w+/[0-9a-f]{{64}}\.odcs\.yaml",
            rf"{layout.governance_report_prefix()}{_NAME}\.json",
            rf"{layout.GOVERNANCE_PREFIX}quality/published/(?:{'|'.join(layers.LAYERS)})/{_NAME}\.json",
            rf"{layout.GOVERNANCE_PREFIX}lineage/{_NAME}/(?:declared/)?{_NAME}\.json",
        )
    )
)


def undeclared(aws: Aws, lake: Lake, runs: Collection[str], authors: Authors) -> Outcome:
    """Name what nobody declared.

    Parameters
    ----------
    aws : Aws
    lake : Lake
    runs : collection of str
        Those that versions name; those that were opened are looked up.
    authors : Authors
    """
    objects = [each for prefix in JUDGED for each in lake.objects(prefix)]
    opened = {layout.run_of_opening(each.key) for each in objects if each.key.startswith(layout.RUNS_PREFIX)}
    strange = [each for each in objects if not is_declared(each.key, {*runs, *opened}, aws.stage)]
    wrong = [f"{_of(each)}: nobody declared this object" for each in strange]
    tables, no_tables = permitted("tables of other databases", lambda: list(_tables(aws, lake, authors)), list[str]())
    machines, no_machines = permitted("other state machines", lambda: _machines(aws, lake, authors), (list[str](), ""))
    unchecked = [no_tables, no_machines, machines[1], f"what lies under {' and '.join(_UNJUDGED)}"]
    return Outcome(
        [*wrong, *tables, *machines[0]],
        f"{present.count(len(objects), 'object')}, every one declared",
        tuple(filter(None, unchecked)),
    )


def is_declared(key: str, runs: Collection[str], stage: str = NONE) -> bool:
    """Return whether an object under the lakehouse's prefixes is what the lakehouse itself keeps there.

    Parameters
    ----------
    key : str
    runs : collection of str
        The runs that there are: what is of a run has to be of one of them.
    stage : str
        Of the lakehouse.
    """
    if key.endswith("/") or _OWN.fullmatch(key) or key in _of_governance(stage):
        return True
    run = layout.run_owning(key)
    if run is None:
        return layout.table_of_key(key) is not None and key.startswith(f"{layout.LANDING}/")
    return run in runs and _is_of_a_table(key)


def _is_of_a_table(key: str) -> bool:
    """Return whether what is of a run is of a table that there is: its file, or rows set aside, or else a report."""
    folder, _, name = key.rpartition("/")
    if key.startswith(layout.QUARANTINE_PREFIX):
        layer, table = key.split("/")[1:3]
        return layer in layers.LAYERS and table in layers.tables_of(layer)
    if not key.startswith(tuple(f"{layer}/" for layer in layers.LAYERS)):
        return True
    found = layout.table_of_key(key)
    return (
        found is not None
        and f"{folder}/" == layout.run_prefix(found[1], layout.run_of_key(key) or "")
        and (layout.is_file_of(found[1], name))
    )


def _of_governance(stage: str) -> set[str]:
    """Return the keys of governance's own tables."""
    machines = (layout.machine_key(machine_name(name, stage)) for name in MACHINES)
    return {*map(layout.governance_table_key, SCHEMAS), *machines}


def _of(found: Stored) -> str:
    return f"{found.key} ({found.bytes:,} bytes, written {found.modified:%Y-%m-%d %H:%M} UTC)"


def _tables(aws: Aws, lake: Lake, authors: Authors) -> Iterator[str]:
    """Yield the tables of other databases that lie in the lakehouse's folders, and the views that read its tables."""
    glue = aws.client("glue")
    own = {layout.glue_database(name, aws.stage) for name in (*layout.databases(), layout.DISCOVERED_DATABASE)}
    pages = glue.get_paginator("get_databases").paginate()
    names = [each["Name"] for page in pages for each in page["DatabaseList"]]
    # An older version's tables, for as long as somebody asks it (docs/versions.md).
    others = [name for name in names if name not in own and not name.startswith(f"{layout.database_of('consulta')}_")]
    iceberg = layout.glue_database(layout.ICEBERG_DATABASE, aws.stage)
    inside = tuple(lake.uri(prefix) for prefix in JUDGED)
    read = re.compile(rf"\b(?:{'|'.join(layout.glue_database(name, aws.stage) for name in layout.databases())})\b")
    # As Glue names them.
    there = together(lambda name: list(Catalog(glue, NONE).tables(name)), others)
    for database, tables in zip(others, there, strict=True):
        for table in tables:
            where, name = _location(table), f"{database}.{table['Name']}"
            if database == iceberg and f"{where}/" == lake.uri(layout.iceberg_prefix(table["Name"])):
                continue
            if where.startswith(inside):
                yield f"{name}: nobody declared this table, which reads {where}{authors.of_table(name, table)}"
            elif read.search(_view(table)):
                yield f"{name}: nobody declared this view of the lakehouse's tables{authors.of_table(name, table)}"


def _location(table: Mapping[str, Any]) -> str:
    return str((table.get("StorageDescriptor") or {}).get("Location") or "")


def _view(table: Mapping[str, Any]) -> str:
    """Return the SQL of a view: Athena keeps it in a comment, as Base64; empty for a table."""
    text = f"{table.get('ViewOriginalText') or ''} {table.get('ViewExpandedText') or ''}"
    for coded in re.findall(r"[A-Za-z0-9+/=]{20,}", text):
        try:
            text += base64.b64decode(coded, validate=True).decode("utf-8", "replace")
        except binascii.Error:
            continue
    return text


def _machines(aws: Aws, lake: Lake, authors: Authors) -> tuple[list[str], str]:
    """Return which state machines of others name the lakehouse's bucket, databases or machines; what was left out."""
    pages = aws.states.get_paginator("list_state_machines").paginate()
    own = {machine_name(name, aws.stage) for name in MACHINES}
    others = [each for page in pages for each in page["stateMachines"] if each["name"] not in own]
    asked, left = others[:_MACHINES], len(others) - _MACHINES
    described = together(lambda each: aws.states.describe_state_machine(stateMachineArn=each["stateMachineArn"]), asked)
    names = (
        re.escape(lake.bucket),
        *(layout.glue_database(name, aws.stage) for name in layout.databases()),
        *own,
        rf"function:{re.escape(aws.stack)}-\w+",
    )
    reads = re.compile(rf"(?<![\w.-])(?:{'|'.join(names)})(?![\w-])")
    wrong = []
    for each, found in zip(asked, described, strict=True):
        named = dict.fromkeys(match[0] for match in reads.finditer(_without_comments(found["definition"])))
        if named:
            who = authors.of_machine(each["name"])
            wrong.append(f"{each['name']}: nobody declared this state machine, which names {', '.join(named)}{who}")
    return wrong, present.count(left, "other state machine") if left > 0 else ""


def _without_comments(definition: str) -> str:
    """Return a definition without its comments: they read nothing, and another stage's call tables as all stages do."""

    def without(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {name: value for name, value in pairs if name != "Comment"}

    return json.dumps(json.loads(definition, object_pairs_hook=without), ensure_ascii=False)
