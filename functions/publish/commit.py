"""The commit: the next version of the lake, of audited files alone, on top of the newest one; and the way back."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.contract.drift import footer_drift
from lakehouse.contract.model import load
from lakehouse.errors import InputError, LakehouseError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain, contracts
from lakehouse.versions.candidate import candidate, inputs, report_of
from lakehouse.versions.code import contract_sha256
from lakehouse.versions.decision import decide_to_publish
from lakehouse.versions.erasure import erasures, note
from lakehouse.versions.opening import Opening
from lakehouse.versions.version import Making, TableVersion, Version
from lakehouse.versions.view import View
from lakehouse.versions.wholeness import differing

PIPELINE: Final = "pipeline"
# Each failure is another run's success: in the end everybody's turn comes.
_ATTEMPTS: Final = 1000
_NAMED: Final = 3


def commit(lake: Lake, opening: Opening, wanted: Sequence[str], making: Making) -> Version:
    """Publish what a run has made and audited.

    A whole pipeline goes on top of whatever is the newest version. A layer that was run by itself keeps the other
    layers' tables as the newest version has them, so that has to be what it was made from. The same run published
    twice is one version.

    Parameters
    ----------
    lake : Lake
    opening : Opening
    wanted : sequence of str
        The layers to publish.
    making : Making
        By ``pipeline``, or the layer that was run by itself.

    Raises
    ------
    LakehouseError
        A layer of the run has not passed its audit, or governance; a file is not the one that was audited; the run was
        discarded; or another version came between.
    """
    for _ in range(_ATTEMPTS):
        between = list(chain.after(lake, opening.base))
        for version in between:
            if (version.run, version.made.by) == (opening.run_id, making.by):
                return version
        tables = _audited(lake, opening, wanted)
        governed = _governed(lake, opening, making.by)
        _as_audited(lake, tables.values())
        base = chain.read(lake, opening.base) if opening.base else None
        if making.by != PIPELINE:
            _still_current(opening, tables, base, between)
        version = _next(lake, opening, between[-1] if between else base, tables, making, governed)
        contracts.keep(lake, version)
        decide_to_publish(lake, opening.run_id, version.number, making)
        if chain.committed(lake, version):
            return version
    raise LakehouseError(f"run {opening.run_id} was overtaken {_ATTEMPTS} times and is not published; try again")


def roll_back(lake: Lake, run_id: str, to: int, base: int, making: Making) -> Version:
    """Make a version with the tables of an earlier one; no file is copied.

    Parameters
    ----------
    lake : Lake
    run_id : str
        Of the rollback itself.
    to : int
        The version to go back to; 0 for the one before the newest.
    base : int
        What was the newest version for whoever asked; 0 where that does not matter.
    making : Making

    Raises
    ------
    InputError
        There is nothing to go back to.
    LakehouseError
        Another version came between; a file of the version is gone or replaced; a person's data were erased from it;
        its contracts were others.
    """
    newest = chain.newest(lake)
    if newest is None:
        raise InputError(["nothing was published yet, so there is nothing to go back to"])
    if newest.run == run_id:
        return newest
    if base and newest.number != base:
        raise LakehouseError(
            f"version {newest.number}, of run {newest.run}, came between: nothing was rolled back. Look at it "
            "(`./importau versions`), and say again what to go back to"
        )
    target = to or _before(newest)
    if target >= newest.number:
        raise InputError([f"version {target} is the newest one or later; go back to one before {newest.number}"])
    old = chain.read(lake, target)
    _not_erased(lake, target)
    _as_audited(lake, old.tables.values())
    _under_contract(lake, old)
    version = replace(
        old,
        number=newest.number + 1,
        parent=newest.number,
        run=run_id,
        made=making,
        restores=old.restores or old.number,
    )
    if not chain.committed(lake, version):
        raise LakehouseError(
            f"version {newest.number + 1} came between: nothing was rolled back. Look at it, try again"
        )
    return version


def _not_erased(lake: Lake, number: int) -> None:
    told = note(erasures(lake), number)
    if told:
        raise LakehouseError(f"version {number} was {told}: nobody goes back to it. Name another one")


def _before(newest: Version) -> int:
    if newest.before < 1:
        raise InputError([f"version {newest.number} is the first state of the lake: there is none before it"])
    return newest.before


def _audited(lake: Lake, opening: Opening, wanted: Sequence[str]) -> dict[str, TableVersion]:
    tables: dict[str, TableVersion] = {}
    for layer, passed in zip(wanted, together(lambda layer: candidate(lake, opening, layer), wanted), strict=True):
        missing = [name for name in layers.tables_of(layer) if name not in passed or not passed[name].files]
        if missing:
            raise LakehouseError(
                f"run {opening.run_id} has no passed audit of {', '.join(missing)}, so {layer} is not published"
            )
        tables |= {name: passed[name] for name in layers.tables_of(layer)}
    return tables


def _governed(lake: Lake, opening: Opening, made_by: str) -> tuple[str, str]:
    """Return the report of governance on a pipeline's run, key and ETag; nothing for a layer that was run by itself.

    Refuse a run that governance did not pass: its lineage, classification or footers do not agree.
    """
    if made_by != PIPELINE:
        return "", ""
    key = layout.governance_report_key(opening.run_id)
    try:
        content, etag = lake.get(key)
        passed = json.loads(content)["passed"]
    except StorageError:
        passed, etag = False, ""
    if not passed:
        raise LakehouseError(f"governance did not pass run {opening.run_id}, so it is not published")
    return key, etag


def _as_audited(lake: Lake, tables: Iterable[TableVersion]) -> None:
    """Refuse files that are not those which were audited, and folders with anything else in them."""
    wrong = differing(lake, tables)
    if wrong:
        more = f", and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise LakehouseError(
            f"not what was audited, so nothing is published: {'; '.join(wrong[:_NAMED])}{more}. Run again"
        )


def _still_current(
    opening: Opening, tables: Mapping[str, TableVersion], base: Version | None, between: Sequence[Version]
) -> None:
    """Refuse a layer that was made from tables, or takes the place of tables, that another run replaced meanwhile."""
    newest = between[-1] if between else base
    if newest is None:
        return
    sources = {name: run for table in tables.values() for name, run in table.made_from.items()}
    replaced = [name for name, run in sources.items() if newest.run_of(name) != run]
    replaced += [name for name in tables if _run_of(base, name) != newest.run_of(name)]
    if not replaced:
        return
    (layer,) = {table.layer for table in tables.values()}
    for version in between:
        if any(_run_of(base, name) != version.run_of(name) for name in replaced):
            raise LakehouseError(
                f"version {version.number}, of run {version.run}, came between and replaced {', '.join(replaced)}: "
                f"{layer} of run {opening.run_id} was made on version {opening.base}, so nothing is published. Run "
                f"{layer} again"
            )
    raise LakehouseError(
        f"{layer} of run {opening.run_id} was made from {', '.join(replaced)} as no version has it, so nothing is "
        "published. Publish the layers below first"
    )


def _run_of(version: Version | None, table: str) -> str | None:
    return None if version is None else version.run_of(table)


def _next(
    lake: Lake,
    opening: Opening,
    newest: Version | None,
    tables: Mapping[str, TableVersion],
    making: Making,
    governed: tuple[str, str],
) -> Version:
    kept = {} if newest is None else {table.table: table for table in newest.ordered}
    reads_files = any(layers.layer_of(name) == layers.BRONZE for name in tables)
    bronze = report_of(lake, opening.run_id, layers.BRONZE) if reads_files else None
    number = newest.number if newest else chain.NONE
    return Version(
        number=number + 1,
        parent=number,
        run=opening.run_id,
        made=making,
        source=opening.source if reads_files else newest.source if newest else {},
        inputs=inputs(bronze, opening) if bronze else newest.inputs if newest else (),
        tables={**kept, **tables},
        governance=governed[0],
        governance_etag=governed[1],
    )


def _under_contract(lake: Lake, version: Version) -> None:
    """Refuse a version whose files are not what the contracts say today: readers would not understand them."""
    wrong = []
    others = [table for table in version.ordered if table.contract_sha256 != contract_sha256(table.table)]
    view = View(lake, version, version.tables)
    footers = together(lambda table: view.first(table.table).schema_arrow, others)
    for table, footer in zip(others, footers, strict=True):
        contract = load(table.table)
        wrong += footer_drift(contract, footer)
    unknown = sorted(set(version.tables) - set(layers.all_tables()))
    wrong += [f"{name} has no contract any more" for name in unknown]
    if wrong:
        raise LakehouseError(
            f"version {version.number} was written under other contracts ({'; '.join(wrong[:_NAMED])}): deploy the "
            "code of that time first, then roll back"
        )
