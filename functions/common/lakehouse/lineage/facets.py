"""Datasets in OpenLineage: what their contracts say of them, as facets. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

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

from lakehouse.contract.model import Column, Contract, load
from lakehouse.lake import layout
from lakehouse.lineage.names import Asset, Place


def facets(asset: Asset, place: Place) -> dict[str, Any]:
    """Return what a dataset's contract says of it, as OpenLineage dataset facets.

    Returns
    -------
    dict
        Always ``dataSource``; for a table also ``schema``, ``documentation``, ``ownership``, ``tags``, ``symlinks``.
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

    A source whose value flows into the column is ``DIRECT``, one that only decides it is ``INDIRECT``. The columns that
    decide which rows there are belong to the whole dataset.
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
    """Return the input field of ``database.table.column``."""
    database, table, column = source.split(".")
    namespace, name = place.dataset(Asset(database, table))
    return InputField(namespace, name, column, [transformation])


def _transformation(column: Column, source: str) -> Transformation:
    """Return how a source becomes a column: a column's only source, of its type, is copied."""
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
