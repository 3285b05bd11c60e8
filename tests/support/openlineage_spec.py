"""The published JSON schemas of OpenLineage, read from outside the project, and events validated against them."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema
from elsewhere import OPENLINEAGE
from referencing import Registry, Resource

CORE = "https://openlineage.io/spec/2-0-2/OpenLineage.json"
# Where in an event facets are, and the kind of facet each place takes.
PLACES = {
    ("run", "facets"): "RunFacet",
    ("job", "facets"): "JobFacet",
    ("inputs", "facets"): "DatasetFacet",
    ("inputs", "inputFacets"): "InputDatasetFacet",
    ("outputs", "facets"): "DatasetFacet",
    ("outputs", "outputFacets"): "OutputDatasetFacet",
}


@cache
def spec() -> tuple[Registry, dict[str, str]]:
    """Return every published schema, and the key of each facet by what ``_schemaURL`` may say; skip without them."""
    folder = OPENLINEAGE.there()
    files = [folder / "OpenLineage.json", *sorted((folder / "facets").glob("*.json"))]
    documents = [json.loads(file.read_text("utf-8")) for file in files]
    registry = Registry().with_resources((d["$id"], Resource.from_contents(d)) for d in documents)
    facets = {
        f"{document['$id']}#/$defs/{body['$ref'].rsplit('/', 1)[1]}": key
        for document in documents[1:]
        for key, body in document.get("properties", {}).items()
        if "$ref" in body
    }
    return registry, facets


def problems(event: Mapping[str, Any]) -> list[str]:
    """Return where an event violates the standard: as a whole, and each facet by its own schema."""
    kind = "RunEvent" if "run" in event else "JobEvent"
    violations = [] if event["schemaURL"] == f"{CORE}#/$defs/{kind}" else [f"schemaURL: {event['schemaURL']}"]
    violations += _against(f"{CORE}#/$defs/{kind}", event, kind)
    for where, key, facet, of in _facets(event):
        url = facet.get("_schemaURL", "")
        if spec()[1].get(url) != key:
            violations.append(f"{where}.{key}: _schemaURL is {url}, which is no published schema of {key}")
            continue
        violations += _against(url, facet, f"{where}.{key}") + _against(f"{CORE}#/$defs/{of}", facet, f"{where}.{key}")
    return violations


def _facets(event: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    for (part, place), of in PLACES.items():
        holders = event.get(part, [])
        for holder in [holders] if isinstance(holders, dict) else holders:
            for key, facet in holder.get(place, {}).items():
                yield f"{part}.{holder.get('name', '')}", key, facet, of


def _against(url: str, document: Any, where: str) -> list[str]:
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    validator = jsonschema.Draft202012Validator({"$ref": url}, registry=spec()[0], format_checker=checker)
    return [f"{where}/{'/'.join(map(str, e.path))}: {e.message[:200]}" for e in validator.iter_errors(document)]
