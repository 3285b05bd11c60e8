"""Lineage in OpenLineage's words: names of datasets and jobs, and facets from contracts.

Pure: events are made here, and kept or sent elsewhere (`lakehouse.events`).
"""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from openlineage.client.generated.base import InputDataset, OutputDataset
from openlineage.client.generated.column_lineage_dataset import (
    ColumnLineageDatasetFacet,
    Fields,
    InputField,
    Transformation,
)
from openlineage.client.generated.datasource_dataset import DatasourceDatasetFacet
from openlineage.client.generated.documentation_dataset import DocumentationDatasetFacet
from openlineage.client.generated.ownership_dataset import Owner, OwnershipDatasetFacet
from openlineage.client.generated.schema_dataset import SchemaDatasetFacet, SchemaDatasetFacetFields
from openlineage.client.generated.symlinks_dataset import Identifier, SymlinksDatasetFacet
from openlineage.client.generated.tags_dataset import TagsDatasetFacet, TagsDatasetFacetFields

from lakehouse import layout
from lakehouse.contracts import Column, Contract, load
from lakehouse.errors import LakehouseError

PRODUCER: Final = "https://github.com/importau/lakehouse"
LANDING: Final = "landing"
_ARN_PARTS: Final = 6
_TABLE_KEY: Final = re.compile(r"(?:staging/[^/]+/)?(?P<layer>bronze|silver|gold)/(?P<table>[^/]+)/")
_LANDING_KEY: Final = re.compile(re.escape(layout.LANDING_PREFIX) + r"(?P<table>[^/]+)\.csv")


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
        """Read ``database.table``; raise `LakehouseError` for a name of no known asset."""
        for asset in cls.all():
            if str(asset) == name:
                return asset
        raise LakehouseError(f"'{name}' is no asset of the lakehouse; write database.table, or landing.table for a CSV")

    @classmethod
    def all(cls) -> "tuple[Asset, ...]":
        """Return every asset: the seven CSVs and the ten tables."""
        csvs = [cls.of_landing(table) for table in layout.TABLES[layout.BRONZE]]
        return (*csvs, *(cls.of_table(table) for tables in layout.TABLES.values() for table in tables))

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
        """Return the asset an object belongs to, staged or published; None for reports, quarantine and strangers."""
        if (match := _LANDING_KEY.fullmatch(key)) and match["table"] in layout.TABLES[layout.BRONZE]:
            return cls.of_landing(match["table"])
        if (match := _TABLE_KEY.match(key)) and match["table"] in layout.TABLES[match["layer"]]:
            return cls.of_table(match["table"])
        return None

    @property
    def contract(self) -> Contract | None:
        """Return the asset's contract; None for a CSV."""
        return None if self.database == LANDING else load(self.table)


@dataclass(frozen=True)
class Place:
    """Where this lakehouse is, for the parts of names that depend on it.

    Attributes
    ----------
    region, account, bucket : str
    """

    region: str
    account: str
    bucket: str

    def dataset(self, asset: Asset) -> tuple[str, str]:
        """Return an asset's OpenLineage namespace and name: the Glue table, or the CSV's object."""
        if asset.database == LANDING:
            return f"s3://{self.bucket}", layout.landing_key(asset.table)
        return f"arn:aws:glue:{self.region}:{self.account}", f"table/{asset.database}/{asset.table}"

    @classmethod
    def of_function(cls, function_arn: str, bucket: str) -> "Place":
        """Read region and account out of ``arn:aws:lambda:REGION:ACCOUNT:function:NAME``."""
        parts = function_arn.split(":")
        if len(parts) < _ARN_PARTS:
            raise LakehouseError(f"'{function_arn}' is not the ARN of a Lambda function")
        return cls(region=parts[3], account=parts[4], bucket=bucket)

    @property
    def job_namespace(self) -> str:
        """Return the namespace of every state machine here."""
        return f"arn:aws:states:{self.region}:{self.account}"

    def asset(self, namespace: str, name: str) -> Asset | None:
        """Return the asset of an OpenLineage dataset, the inverse of `dataset`; None for one of elsewhere."""
        if namespace == f"s3://{self.bucket}":
            return Asset.of_key(name)
        if namespace == f"arn:aws:glue:{self.region}:{self.account}" and name.count("/") == 2:
            return Asset(*name.split("/")[1:])
        return None


def run_uuid(execution: str) -> str:
    """Return the one run id of an execution, the same in every Lambda that belongs to it."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, execution))


def facets(asset: Asset, place: Place) -> dict[str, Any]:
    """Return what the contract knows of a dataset, as OpenLineage dataset facets.

    Returns
    -------
    dict
        ``dataSource`` always; for a table also ``schema``, ``documentation``, ``ownership``, ``tags``, ``symlinks``.
    """
    data_source = DatasourceDatasetFacet(name=f"s3://{place.bucket}", uri=f"s3://{place.bucket}")
    contract = asset.contract
    if contract is None:
        return {"dataSource": data_source}
    prefix = layout.published_prefix(asset.table).removesuffix("/")
    return {
        "dataSource": data_source,
        "schema": SchemaDatasetFacet(
            fields=[
                SchemaDatasetFacetFields(name=c.name, type=c.physical_type, description=c.description)
                for c in contract.columns
            ]
        ),
        "documentation": DocumentationDatasetFacet(description=contract.description),
        "ownership": OwnershipDatasetFacet(owners=[Owner(name=contract.owner, type="OWNER")]),
        "tags": TagsDatasetFacet(tags=[*_table_tags(contract), *_column_tags(contract)]),
        "symlinks": SymlinksDatasetFacet(identifiers=[Identifier(f"s3://{place.bucket}", prefix, "TABLE")]),
    }


def _table_tags(contract: Contract) -> Iterable[TagsDatasetFacetFields]:
    for tag in contract.tags:
        yield TagsDatasetFacetFields(key="business", value=tag, source="CONTRACT")


def _column_tags(contract: Contract) -> Iterable[TagsDatasetFacetFields]:
    for column in contract.columns:
        if column.classification:
            yield TagsDatasetFacetFields("classification", column.classification, "CONTRACT", column.name)


def column_lineage(asset: Asset, place: Place) -> ColumnLineageDatasetFacet | None:
    """Return a table's declared column lineage; None where its contract declares none (Bronze: the CSV as it is).

    What flows into a value is ``DIRECT``, what only decides it ``INDIRECT``; the columns that decide which rows there
    are belong to the whole dataset.
    """
    contract = asset.contract
    if contract is None:
        return None
    fields = {
        column.name: Fields(
            inputFields=[_input_field(source, place, _transformation(column, source)) for source in column.sources],
            transformationDescription=column.transform_logic or None,
        )
        for column in contract.columns
        if column.sources
    }
    rows = [_input_field(source, place, Transformation("INDIRECT")) for source in contract.row_sources]
    return ColumnLineageDatasetFacet(fields=fields, dataset=rows) if fields else None


def _input_field(source: str, place: Place, transformation: Transformation) -> InputField:
    """Read ``database.table.column``."""
    database, table, column = source.split(".")
    namespace, name = place.dataset(Asset(database, table))
    return InputField(namespace, name, column, [transformation])


def _transformation(column: Column, source: str) -> Transformation:
    """Return how a source becomes a column: the only source of a column of the same type is copied."""
    masking = True if column.masked else None
    if source in column.indirect:
        return Transformation("INDIRECT", masking=masking)
    _, table, source_column = source.split(".")
    copied = len(column.sources) == 1 and load(table).column(source_column).physical_type == column.physical_type
    return Transformation("DIRECT", "IDENTITY" if copied else "TRANSFORMATION", masking=masking)


def input_dataset(asset: Asset, place: Place, **input_facets: Any) -> InputDataset:
    """Return an asset as a run's or a job's input."""
    namespace, name = place.dataset(asset)
    return InputDataset(namespace, name, facets=facets(asset, place), inputFacets=input_facets)


def output_dataset(asset: Asset, place: Place, **output_facets: Any) -> OutputDataset:
    """Return an asset as a run's or a job's output, with its column lineage."""
    namespace, name = place.dataset(asset)
    described: Mapping[str, Any] = facets(asset, place)
    lineage = column_lineage(asset, place)
    if lineage is not None:
        described = {**described, "columnLineage": lineage}
    return OutputDataset(namespace, name, facets=dict(described), outputFacets=output_facets)
