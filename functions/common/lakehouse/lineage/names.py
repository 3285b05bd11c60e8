"""The assets and their OpenLineage names. Pure; `lakehouse.lineage.run_events` makes the events."""

import uuid
from dataclasses import dataclass
from typing import Final

from lakehouse.contract import layers
from lakehouse.contract.model import Contract, load
from lakehouse.errors import LakehouseError
from lakehouse.lake import layout
from lakehouse.lake.layout import LANDING
from lakehouse.stage import NONE

PRODUCER: Final = "https://github.com/importau/lakehouse"
_ARN_FIELDS: Final = 6


@dataclass(frozen=True, order=True)
class Asset:
    """A dataset of the lakehouse by the name people use: ``database.table``, or ``landing.table`` for an exported CSV.

    Attributes
    ----------
    database : str
        ``landing``, ``importau_bronze``, ...
    table : str
    """

    database: str
    table: str

    def __str__(self) -> str:
        """Return ``database.table``."""
        return f"{self.database}.{self.table}"

    @classmethod
    def parse(cls, name: str) -> "Asset":
        """Return the asset called ``database.table``; raise `LakehouseError` where there is none."""
        for asset in cls.all():
            if str(asset) == name:
                return asset
        raise LakehouseError(f"'{name}' is no asset of the lakehouse; write database.table, or landing.table for a CSV")

    @classmethod
    def all(cls) -> "tuple[Asset, ...]":
        """Return every asset: the exported CSVs and the tables."""
        csvs = [cls.of_landing(table) for table in layers.tables_of(layers.BRONZE)]
        return (*csvs, *map(cls.of_table, layers.all_tables()))

    @classmethod
    def is_known(cls, name: str) -> bool:
        """Return whether ``database.table`` names an asset."""
        return name in map(str, cls.all())

    @classmethod
    def of_table(cls, table: str) -> "Asset":
        """Return the asset of a table of the lakehouse."""
        return cls(load(table).database, table)

    @classmethod
    def of_landing(cls, table: str) -> "Asset":
        """Return the asset of a bronze table's exported CSV."""
        return cls(LANDING, table)

    @classmethod
    def of_key(cls, key: str) -> "Asset | None":
        """Return the asset an object belongs to, staged or published; None for reports, quarantine, foreign objects."""
        layer_and_table = layout.table_of_key(key)
        if layer_and_table is None:
            return None
        layer, table = layer_and_table
        return cls.of_landing(table) if layer == LANDING else cls.of_table(table)

    @property
    def contract(self) -> Contract | None:
        """The asset's contract; None for a CSV."""
        return None if self.database == LANDING else load(self.table)


@dataclass(frozen=True)
class Place:
    """Where this lakehouse is, which its OpenLineage names depend on.

    Attributes
    ----------
    region, account, bucket : str
    stage : str
        To lineage's other readers a table is what Glue calls it, so that two stages are two lakehouses there.
    """

    region: str
    account: str
    bucket: str
    stage: str = NONE

    def dataset(self, asset: Asset) -> tuple[str, str]:
        """Return an asset's OpenLineage namespace and name: the Glue table, or the CSV's object."""
        if asset.database == LANDING:
            return f"s3://{self.bucket}", layout.landing_key(asset.table)
        database = layout.glue_database(asset.database, self.stage)
        return f"arn:aws:glue:{self.region}:{self.account}", f"table/{database}/{asset.table}"

    @classmethod
    def of_function(cls, function_arn: str, bucket: str, stage: str = NONE) -> "Place":
        """Return the place with the region and account of ``arn:aws:lambda:REGION:ACCOUNT:function:NAME``."""
        fields = function_arn.split(":")
        if len(fields) < _ARN_FIELDS:
            raise LakehouseError(f"'{function_arn}' is not the ARN of a Lambda function")
        return cls(region=fields[3], account=fields[4], bucket=bucket, stage=stage)

    @property
    def job_namespace(self) -> str:
        """The namespace of every state machine here."""
        return f"arn:aws:states:{self.region}:{self.account}"

    def asset(self, namespace: str, name: str) -> Asset | None:
        """Return the asset of an OpenLineage dataset, the inverse of `dataset`; None for one that is not ours."""
        if namespace == f"s3://{self.bucket}":
            return Asset.of_key(name)
        if namespace == f"arn:aws:glue:{self.region}:{self.account}" and name.count("/") == 2:
            _, stored, table = name.split("/")
            database = layout.database_of_glue(stored, self.stage)
            return None if database is None else Asset(database, table)
        return None


def run_uuid(execution: str) -> str:
    """Return the OpenLineage run id of an execution, the same in each of its Lambdas."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, execution))
