"""The opening of a run: what it builds on, fixed once before the first file is read, for all of its functions."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.contract.model import load
from lakehouse.errors import InputError, StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.code import code
from lakehouse.versions.version import CSV, Input

# What a run's input may say of its source besides, which is no part of what the data is.
_CHOICES: Final = ("accept_volume", "corrections", "inputs")


@dataclass(frozen=True)
class Opening:
    """What a run was opened with.

    Attributes
    ----------
    run_id : str
    base : int
        The version that was the newest one; 0 where there was none.
    code : str
        The fingerprint of the code (`lakehouse.versions.code`).
    source : mapping
        Of Bronze: ``{"type": "csv"}``, or synthetic data with orders and seed. For CSVs it may say under
        ``new_columns`` what is done with columns that no contract has, whatever contracts say.
    inputs : tuple of Input
        The exported CSVs and corrections, each pinned to what it was when the run began.
    accept_volume : tuple of str
        The tables whose volume is said to be right, however much it changed.
    at : str
        When, ISO 8601 in UTC.
    """

    run_id: str
    base: int
    code: str
    source: Mapping[str, Any]
    inputs: tuple[Input, ...]
    accept_volume: tuple[str, ...]
    at: str

    def input_of(self, table: str) -> Input | None:
        """Return the exported CSV of a table, as it was pinned; None where there was none."""
        return self._pinned(layout.landing_key(table))

    def correction_of(self, table: str) -> Input | None:
        """Return the corrections of a table, as they were pinned; None where there were none."""
        return self._pinned(layout.correction_key(table))

    def new_columns_of(self, table: str) -> str:
        """Return what the run does with a column of a table's CSV that its contract does not have."""
        return str(self.source.get("new_columns") or load(table).new_columns)

    def _pinned(self, key: str) -> Input | None:
        return next((each for each in self.inputs if each.key == key), None)

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Return the opening that the lake keeps."""
        inputs = tuple(Input(**each) for each in content["inputs"])
        return cls(**{**content, "inputs": inputs, "accept_volume": tuple(content["accept_volume"])})


def read_opening(lake: Lake, run_id: str) -> Opening:
    """Return what a run was opened with; raise `StorageError` where nobody opened it, or it was not kept."""
    return Opening.of_json(lake.read_json(layout.opening_key(run_id)))


def opened(lake: Lake, run_id: str, source: Mapping[str, Any] | None = None, *, anew: bool = False) -> Opening:
    """Return what a run was opened with; open it now where nobody did yet.

    Whoever comes first decides, for all functions of the run and for every attempt. As long as an exported file is
    missing nothing is kept: the run cannot go on, and may begin again when the file is there.

    Parameters
    ----------
    lake : Lake
    run_id : str
    source : mapping, optional
        As the input of a run of Bronze says: it may name ``inputs`` (table to object version), ``corrections`` (the
        same; where it is given, even empty, no other corrections are read), and tables under ``accept_volume``. None
        for a run of layers above Bronze, which reads no exported file.
    anew : bool
        Whether what was kept before does not count: for calls by hand, which have one run id for every attempt.

    Raises
    ------
    InputError
        The source names a table that Bronze does not have.
    """
    if not anew:
        try:
            return read_opening(lake, run_id)
        except StorageError:
            pass  # nobody did yet
    opening = _open(lake, run_id, dict(source or {}))
    if opening.source.get("type") == CSV and None in map(opening.input_of, layers.tables_of(layers.BRONZE)):
        return opening
    key = layout.opening_key(run_id)
    if anew:
        lake.write_json(asdict(opening), key)
        return opening
    lake.put_new(lake.json_of(asdict(opening)), key, "application/json")
    # Another function may have been first: what is kept counts.
    return read_opening(lake, run_id)


def _open(lake: Lake, run_id: str, source: dict[str, Any]) -> Opening:
    accepted = tuple(source.get("accept_volume") or ())
    _only_tables("source.accept_volume", accepted)
    return Opening(
        run_id=run_id,
        base=chain.newest_number(lake),
        code=code(),
        source={name: value for name, value in source.items() if name not in _CHOICES},
        inputs=_pinned(lake, source) if source.get("type") == CSV else (),
        accept_volume=accepted,
        at=datetime.now(UTC).isoformat(),
    )


def _pinned(lake: Lake, source: Mapping[str, Any]) -> tuple[Input, ...]:
    """Return the inputs that are there; a file that is missing is found when Bronze reads it."""
    tables = layers.tables_of(layers.BRONZE)
    exported = _named(source, "inputs") or {}
    corrections = _named(source, "corrections")
    corrected = tables if corrections is None else [table for table in tables if table in corrections]
    wanted = [(table, layout.landing_key(table), exported.get(table)) for table in tables]
    wanted += [(table, layout.correction_key(table), (corrections or {}).get(table)) for table in corrected]
    found = together(lambda each: lake.about(each[1], each[2]), wanted)
    return tuple(
        Input(table, each.key, each.etag, each.bytes, each.version_id, each.modified.isoformat())
        for (table, _, _), each in zip(wanted, found, strict=True)
        if each is not None
    )


def _named(source: Mapping[str, Any], what: str) -> Mapping[str, str] | None:
    """Return the object versions that a source names by table; None where it says nothing of them."""
    named: Mapping[str, str] | None = source.get(what)
    _only_tables(f"source.{what}", named or ())
    return named


def _only_tables(what: str, names: Iterable[str]) -> None:
    """Raise `InputError` where something names a table that Bronze does not have."""
    tables = layers.tables_of(layers.BRONZE)
    unknown = sorted(set(names) - set(tables))
    if unknown:
        raise InputError([f"{what} names {', '.join(unknown)}; use {', '.join(tables)}"])
