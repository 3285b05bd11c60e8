"""What governance registered last, and state machines as they were deployed: kept, so that changes can be told.

The object is replaced by every run of governance. Its report has the object's ETag, and a version has its report's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Final, Self

from governance.connector import PIPELINE_KIND, SCHEMAS
from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.contract.structure import Unlike, unlike
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.catalogue import GlueColumn, GlueTable, unlike_entry
from lakehouse.lake.s3 import Lake
from lakehouse.orchestration.stepfunctions import StateMachine

TAGS: Final = {"project": "importau", "domain": "importacao"}
_FORMAT: Final = 1


@dataclass(frozen=True)
class Registry:
    """What was registered and examined.

    Attributes
    ----------
    run_id : str
        The run of governance; empty where there was none yet.
    definitions : mapping of str to mapping
        The definition of each state machine, by its name, as it was when it was deployed or accepted last.
    tables : tuple of GlueTable
        The entries of the governance database.
    deployed : str
        Which deployment, or acceptance, the definitions are of (`deployment`); empty where none was told of.
    """

    run_id: str = ""
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tables: tuple[GlueTable, ...] = ()
    deployed: str = ""

    @classmethod
    def of(
        cls,
        run_id: str,
        machines: Iterable[StateMachine],
        tables: Iterable[GlueTable],
        before: "Registry",
        deployed: str,
    ) -> Self:
        """Return what a run of governance registers.

        Of state machines that stays what they were, however they were changed, until they are deployed anew or
        somebody accepts them as they are: what was changed behind the project's back is told by every run until then.
        """
        now = {machine.name: machine.definition for machine in machines}
        stays = bool(before.definitions) and before.deployed == deployed
        return cls(run_id, before.definitions if stays else now, tuple(tables), deployed)

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Return what the lake keeps; raise ``ValueError``, ``KeyError`` or ``TypeError`` for anything else."""
        if content["format"] != _FORMAT:
            raise ValueError(f"format {content['format']!r}")
        tables = tuple(
            GlueTable(**each | {"columns": [GlueColumn(**column) for column in each["columns"]]})
            for each in content["tables"]
        )
        return cls(content["run_id"], content["definitions"], tables, content.get("deployed", ""))

    def as_json(self) -> dict[str, Any]:
        """Return it as the lake keeps it."""
        tables = [
            {**vars(table), "columns": [vars(column) for column in table.columns], "parameters": dict(table.parameters)}
            for table in self.tables
        ]
        return {
            "format": _FORMAT, "run_id": self.run_id, "definitions": dict(self.definitions), "tables": tables,
            "deployed": self.deployed,
        }  # fmt: skip

    def unlike_machines(self, machines: Iterable[StateMachine]) -> list[Unlike]:
        """Return how the definitions of state machines are not those that were examined, place by place.

        Nothing differs from an empty registry.
        """
        if not self.definitions:
            return []
        return list(unlike(self.definitions, {machine.name: machine.definition for machine in machines}))

    def unlike_entries(self, found: Mapping[str, Mapping[str, Any]]) -> list[Unlike]:
        """Return how entries of the governance database, by name, are not those that were registered."""
        differences = []
        for table in self.tables:
            entry = found.get(table.name)
            where = f"{table.database}.{table.name}"
            missing = [Unlike(where, "an entry of the catalogue", None)]
            differences += unlike_entry(table, entry) if entry is not None else missing
        return differences


def read(lake: Lake) -> Registry:
    """Return what governance registered last; an empty registry before its first run, or where it cannot be read."""
    try:
        return Registry.of_json(lake.read_json(layout.REGISTERED_KEY))
    except (StorageError, ValueError, KeyError, TypeError):
        return Registry()


def deployment(lake: Lake) -> str:
    """Return what tells the last deployment, or acceptance, from others; empty where none was told of."""
    told = lake.about(layout.DEPLOYED_KEY)
    return told.modified.isoformat() if told else ""


def written_prefixes() -> list[str]:
    """Return where governance's own tables are."""
    return [layout.governance_prefix(name) for name in (*SCHEMAS, layout.MACHINES)]


def etags(lake: Lake, prefixes: Iterable[str]) -> dict[str, str]:
    """Return the ETag of each object under some prefixes, by its key."""
    listed = together(lambda prefix: list(lake.objects(prefix)), prefixes)
    return {each.key: each.etag for objects in listed for each in objects}


def tags_of(stage: str) -> dict[str, str]:
    """Return the tags that everything of a stage has."""
    return TAGS | ({"stage": stage} if stage else {})


def wanted_tags(region: str, account: str, stage: str, tags: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the tags of the databases and crawlers of the layers, governance's and the crawlers', by ARN."""
    arn = f"arn:aws:glue:{region}:{account}"
    wanted: dict[str, dict[str, str]] = {}
    for layer in layers.LAYERS:
        wanted[f"{arn}:database/{layout.glue_database(layout.database_of(layer), stage)}"] = {**tags, "layer": layer}
        wanted[f"{arn}:crawler/{layout.crawler_of(layer, stage)}"] = {**tags, "layer": layer}
    for database in (layout.GOVERNANCE_DATABASE, layout.DISCOVERED_DATABASE):
        wanted[f"{arn}:database/{layout.glue_database(database, stage)}"] = {**tags, "layer": "governance"}
    return wanted


def known_tables(machines: Iterable[StateMachine]) -> set[str]:
    """Return the names of the tables that there are to be in the governance database."""
    return {*SCHEMAS, *(machine.name.lower() for machine in machines)}


def of_deleted_machines(found: Mapping[str, Mapping[str, Any]], machines: Iterable[StateMachine]) -> list[str]:
    """Return which entries of the governance database are of state machines that are not deployed any more."""
    known = known_tables(machines)
    return [
        name
        for name, entry in found.items()
        if name not in known and (entry.get("Parameters") or {}).get("kind") == PIPELINE_KIND
    ]


def strangers(found: Mapping[str, Mapping[str, Any]], machines: Sequence[StateMachine]) -> list[str]:
    """Return which entries of the governance database are nobody's: neither its own, nor of a state machine."""
    expected = known_tables(machines) | set(of_deleted_machines(found, machines))
    return [name for name in found if name not in expected]


def since(entry: Mapping[str, Any] | None) -> str:
    """Return when an entry of the catalogue was changed last and by whom it was made, as Glue has it, in brackets."""
    updated = (entry or {}).get("UpdateTime") or (entry or {}).get("CreateTime")
    made_by = (entry or {}).get("CreatedBy")
    when = f"alterada em {updated.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if updated else ""
    said = ", ".join(filter(None, [when, f"criada por {made_by}" if made_by else ""]))
    return f" ({said})" if said else ""
