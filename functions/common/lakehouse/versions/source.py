"""The source of a run: the exported CSVs, or synthetic data of a size."""

from collections.abc import Mapping
from typing import Any

from lakehouse.contract.choices import NEW_COLUMNS
from lakehouse.errors import InputError
from lakehouse.part_size import MOST_PARTS
from lakehouse.versions.version import CSV


def kind_of(source: Mapping[str, Any]) -> tuple[str, int | None]:
    """Return what runs have in common that can be compared: a synthetic company is as large as its run asks."""
    return source.get("type", CSV), source.get("orders")


def checked(source: Any) -> Mapping[str, Any]:
    """Return the source that a run's input asks for; raise `InputError` with everything that is wrong with it."""
    match source:
        case {"type": "csv"}:
            least = {"parts": 1, "ranges": 1}
        case {"type": "synthetic"}:
            least = {"orders": 1, "seed": 0, "parts": 1}
        case _:
            raise InputError(
                [f'source is {source!r}; use {{"type": "csv"}} or {{"type": "synthetic", "orders": 1000, "seed": 42}}']
            )
    problems = [
        f"source.{name} is {value!r}; use a whole number from {at_least} up"
        for name, at_least in least.items()
        if name in source
        and (not isinstance(value := source[name], int) or isinstance(value, bool) or value < at_least)
    ]
    if source.get("parts") and isinstance(source["parts"], int) and source["parts"] > MOST_PARTS:
        problems.append(f"source.parts is {source['parts']}; a table has up to {MOST_PARTS} parts")
    choice = source.get("new_columns")
    if choice is not None and source["type"] != "csv":
        problems.append("source.new_columns is for exported CSVs; leave it out")
    elif choice is not None and choice not in NEW_COLUMNS:
        problems.append(f"source.new_columns is {choice!r}; use {', '.join(NEW_COLUMNS)}")
    if problems:
        raise InputError(problems)
    return dict(source)
