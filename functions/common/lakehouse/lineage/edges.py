"""The edges that a reader of OpenLineage events draws: from each input of an event to each of its outputs. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from lakehouse.lineage.names import Place


class Edge(NamedTuple):
    """An edge from one table to another.

    Attributes
    ----------
    source, target : str
        ``database.table``; of a dataset that is not the lakehouse's, ``namespace/name``.
    """

    source: str
    target: str


class ColumnEdge(NamedTuple):
    """An edge from one column to another, or to all of a table's rows.

    Attributes
    ----------
    source, source_column, target : str
    target_column : str
        Empty where the source decides which rows there are.
    ways : tuple of str
        ``DIRECT IDENTITY``, ``INDIRECT JOIN``, ...
    """

    source: str
    source_column: str
    target: str
    target_column: str
    ways: tuple[str, ...]


def edges_of(event: Mapping[str, Any], place: Place) -> Iterator[Edge]:
    """Yield an event's edges between tables: inputs x outputs, as backends draw them."""
    inputs, outputs = datasets(event.get("inputs", ()), place), datasets(event.get("outputs", ()), place)
    yield from (Edge(source, target) for source, target in product(inputs, outputs))


def column_edges_of(event: Mapping[str, Any], place: Place) -> Iterator[ColumnEdge]:
    """Yield the edges between columns that an event's outputs tell of."""
    for output in event.get("outputs", ()):
        facet = output.get("facets", {}).get("columnLineage", {})
        fields = {name: field["inputFields"] for name, field in facet.get("fields", {}).items()}
        target = named(output, place)
        for column, sources in {**fields, "": facet.get("dataset", ())}.items():
            for source in sources:
                told = source.get("transformations", ())
                ways = tuple(" ".join(filter(None, (each["type"], each.get("subtype")))) for each in told)
                yield ColumnEdge(named(source, place), source["field"], target, column, ways)


def outside(event: Mapping[str, Any], place: Place) -> list[ColumnEdge]:
    """Return an event's edges between columns that none of its edges between tables holds."""
    tables = set(edges_of(event, place))
    return [each for each in column_edges_of(event, place) if Edge(each.source, each.target) not in tables]


def datasets(given: Iterable[Mapping[str, Any]], place: Place) -> list[str]:
    """Return the names of datasets, each once, in order."""
    return list(dict.fromkeys(named(each, place) for each in given))


def named(dataset: Mapping[str, Any], place: Place) -> str:
    """Return the name that people use of a dataset: ``database.table``, or ``namespace/name`` where it is not ours."""
    asset = place.asset(dataset["namespace"], dataset["name"])
    return str(asset) if asset else f"{dataset['namespace']}/{dataset['name']}"
