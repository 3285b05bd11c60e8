"""Lineage in OpenLineage's words: names, facets, the events of runs, and where they are sent."""
