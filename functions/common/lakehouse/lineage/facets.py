"""Datasets in OpenLineage: what their contracts say of them, as facets. Pure."""

from collections.abc import Collection, Iterable, Mapping
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

from lakehouse.contract import layers
from lakehouse.contract.model import FILTER, Column, Contract, load
from lakehouse.lake import layout
from lakehouse.lineage.names import Asset, Place


def facets(asset: Asset, place: Place) -> dict[str, Any]:
    """Return what a dataset's contract says of it, as OpenLineage dataset facets.

    Returns
    -------
    dict
        Always ``dataSource`` and ``schema``; for a table also ``documentation``, ``ownership``, ``tags``, ``symlinks``.
    """
    data_source = DatasourceDatasetFacet(name=f"s3://{place.bucket}", uri=f"s3://{place.bucket}")
    contract = asset.contract
    if contract is None:
        # Of a CSV all columns are text: those of the table that is made of it.
        texts = [SchemaDatasetFacetFields(name=c.name, type="string") for c in load(asset.table).columns]
        return {"dataSource": data_source, "schema": SchemaDatasetFacet(fields=texts)}
    prefix = layout.table_prefix(asset.table).removesuffix("/")
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


def column_lineage(asset: Asset, place: Place, inputs: Collection[Asset]) -> ColumnLineageDatasetFacet | None:
    """Return a table's declared column lineage, of the inputs of one event; None where it has none of these.

    A source whose value flows into the column is ``DIRECT``, one that only decides it is ``INDIRECT``, in one or more
    ways. The columns that decide which rows there are belong to the whole dataset. A bronze table has the columns of
    its exported CSV.

    Parameters
    ----------
    asset : Asset
    place : Place
    inputs : collection of Asset
        A source of any other table was no input, and is left out: readers would draw an edge to it.
    """
    contract = asset.contract
    if contract is None:
        return None
    if contract.layer == layers.BRONZE:
        return _of_csv(contract, place) if Asset.of_landing(contract.table) in inputs else None
    fields = {}
    for column in contract.columns:
        sources = [source for source in column.sources if _asset_of(source) in inputs]
        if sources:
            described = column.transform_logic or None
            fields[column.name] = Fields(
                inputFields=[
                    _input_field(source, place, _transformations(contract, column, source)) for source in sources
                ],
                transformationDescription=described,
            )
    rows = [
        _input_field(source, place, [Transformation("INDIRECT", way) for way in ways])
        for source, ways in contract.rows_by.items()
        if _asset_of(source) in inputs
    ]
    return ColumnLineageDatasetFacet(fields=fields, dataset=rows) if fields else None


def _of_csv(contract: Contract, place: Place) -> ColumnLineageDatasetFacet:
    """Return the column lineage of a bronze table: each column is the CSV's of the same name.

    A row that has no value of a column's type, breaks a row rule or repeats a key is set aside, by these columns.
    """
    namespace, name = place.dataset(Asset.of_landing(contract.table))
    names = contract.schema.names
    ruled = {column for rule in contract.row_rules for column in rule.columns(names)}
    filtered = [
        column.name for column in contract.columns if _is_parsed(column) or column.name in {*ruled, *contract.key}
    ]
    return ColumnLineageDatasetFacet(
        fields={
            column.name: Fields(
                inputFields=[
                    InputField(
                        namespace,
                        name,
                        column.name,
                        [Transformation("DIRECT", "TRANSFORMATION" if _is_parsed(column) else "IDENTITY")],
                    )
                ]
            )
            for column in contract.columns
        },
        dataset=[InputField(namespace, name, column, [Transformation("INDIRECT", FILTER)]) for column in filtered],
    )


def _is_parsed(column: Column) -> bool:
    """Return whether a column is made of the text of a CSV, and not the text itself."""
    return column.physical_type != "string"


def _asset_of(source: str) -> Asset:
    """Return the table of ``database.table.column``."""
    database, table, _ = source.split(".")
    return Asset(database, table)


def _input_field(source: str, place: Place, transformations: list[Transformation]) -> InputField:
    """Return the input field of ``database.table.column``."""
    namespace, name = place.dataset(_asset_of(source))
    return InputField(namespace, name, source.rpartition(".")[2], transformations)


def _transformations(contract: Contract, column: Column, source: str) -> list[Transformation]:
    """Return how a source becomes a column: a column's only source, of its type, is copied unless it is grouped."""
    masking = True if column.masked else None
    if source in column.decides:
        return [Transformation("INDIRECT", way, masking=masking) for way in column.decides[source]]
    return [Transformation("DIRECT", _directly(contract, column, source), masking=masking)]


def _directly(contract: Contract, column: Column, source: str) -> str:
    if column.is_aggregated and column.name not in contract.key:
        return "AGGREGATION"
    _, table, source_column = source.split(".")
    copied = len(column.sources) == 1 and load(table).column(source_column).physical_type == column.physical_type
    return "IDENTITY" if copied else "TRANSFORMATION"


def input_dataset(asset: Asset, place: Place, **input_facets: Any) -> InputDataset:
    """Return an asset as a run's or a job's input."""
    namespace, name = place.dataset(asset)
    return InputDataset(namespace, name, facets=facets(asset, place), inputFacets=input_facets)


def output_dataset(asset: Asset, place: Place, inputs: Collection[Asset], **output_facets: Any) -> OutputDataset:
    """Return an asset as a run's or a job's output, with its column lineage as far as it is of the inputs."""
    namespace, name = place.dataset(asset)
    described: Mapping[str, Any] = facets(asset, place)
    lineage = column_lineage(asset, place, inputs)
    if lineage is not None:
        described = {**described, "columnLineage": lineage}
    return OutputDataset(namespace, name, facets=dict(described), outputFacets=output_facets)
