"""Whether a run would make what is published already: of the same inputs, by the same code and contracts."""

from collections.abc import Sequence

from lakehouse.contract import layers
from lakehouse.contract.model import inputs_of
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.code import contract_sha256
from lakehouse.versions.opening import Opening
from lakehouse.versions.version import Version


def reason(lake: Lake, opening: Opening, wanted: Sequence[str]) -> str:
    """Return why some layers need not be run, or nothing where they have to be.

    Parameters
    ----------
    lake : Lake
    opening : Opening
    wanted : sequence of str
        The layers that the run would make.
    """
    if not opening.base:
        return ""
    version = chain.read(lake, opening.base)
    if not all(_is_current(version, opening, layer) for layer in wanted):
        return ""
    if layers.BRONZE in wanted and not _same_inputs(version, opening):
        return ""
    made_of = "these inputs" if layers.BRONZE in wanted else "these tables"
    return f"version {version.number} was made of {made_of}, by this code and under these contracts"


def _is_current(version: Version, opening: Opening, layer: str) -> bool:
    """Return whether a layer of a version was made by the run's code, of what the version has below it."""
    tables = [version.tables.get(name) for name in layers.tables_of(layer)]
    sources = {name: version.run_of(name) for name in inputs_of(layer)}
    return all(
        table is not None
        and table.code == opening.code
        and table.contract_sha256 == contract_sha256(table.table)
        and dict(table.made_from) == sources
        for table in tables
    )


def _same_inputs(version: Version, opening: Opening) -> bool:
    ours, theirs = ({each.identity for each in inputs} for inputs in (opening.inputs, version.inputs))
    return ours == theirs and dict(version.source) == dict(opening.source)
