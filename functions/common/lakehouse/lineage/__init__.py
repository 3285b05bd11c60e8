"""Lineage as OpenLineage has it: names, facets, the events of runs, and their delivery."""
