"""Columns added to the text of a contract, as a change ready to review: layout and comments stay as they are. Pure."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple, Self

from lakehouse.contract.odcs import read
from lakehouse.contract.semver import Level, raised
from lakehouse.errors import ContractError
from lakehouse.personal.masking import DROP

# What a person has to write before the contract can be used: nobody but the exporting system's people knows it.
TO_FILL_IN: Final = "PREENCHER"
_LOGICAL: Final = {"string": "string", "bigint": "integer", "date": "date"}
_STEP: Final = 2


@dataclass(frozen=True)
class Addition:
    """A column that a contract lacks, as its values are.

    Attributes
    ----------
    name, physical_type : str
    required : bool
        Whether every value is there.
    values, missing : int
        How many values were read, and how many of them are missing.
    classification : str or None
        What the values look like: ``PII``, ``confidential``, or None.
    kinds : tuple of str
        The kinds of personal values that were found, with how many of how many values; none of the values.
    """

    name: str
    physical_type: str
    required: bool
    values: int
    missing: int
    classification: str | None = None
    kinds: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as the lake keeps it."""
        return asdict(self)

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Return what the lake keeps."""
        return cls(**{**content, "kinds": tuple(content["kinds"])})


def with_columns(text: str, additions: Sequence[Addition]) -> str:
    """Return a contract's text with columns behind those that it has, and the next minor version.

    Raises
    ------
    ContractError
        The contract has one of them, or is no contract with columns.
    """
    places = _Places.of(text)
    there = [each.name for each in additions if each.name in places.columns]
    if there:
        raise ContractError(f"the contract has {', '.join(there)} already")
    lines = text.splitlines(keepends=True)
    added = [f"{' ' * places.indent}{line}\n" for each in additions for line in _lines(each)]
    if lines[places.end - 1][-1:] != "\n":
        lines[places.end - 1] += "\n"
    lines[places.end : places.end] = added
    head = lines[places.version_line]
    version = raised(places.version, Level.MINOR)
    lines[places.version_line] = head.replace(places.version, version, 1)
    return "".join(lines)


def patch(before: str, after: str, path: str) -> str:
    """Return the difference of two texts of a file as a patch that ``git apply`` takes.

    Parameters
    ----------
    before, after : str
    path : str
        Of the file, from the root of the repository.
    """
    one, other = (text.splitlines(keepends=True) for text in (before, after))
    body = "".join(_whole(line) for line in difflib.unified_diff(one, other, f"a/{path}", f"b/{path}"))
    return f"diff --git a/{path} b/{path}\n{body}" if body else ""


def unfinished(text: str) -> list[str]:
    """Return which columns of a contract have a description, or a business name, that is still to be written."""
    schema = read(text).nodes("schema")[0]
    return [
        node.text("name")
        for node in schema.nodes("properties")
        if any(str(node.mapping.get(key, "")).startswith(TO_FILL_IN) for key in ("description", "businessName"))
    ]


class _Places(NamedTuple):
    """Where a contract's text has what is changed: lines are numbered from 0."""

    version: str
    version_line: int
    columns: tuple[str, ...]
    end: int
    indent: int

    @classmethod
    def of(cls, text: str) -> "_Places":
        import yaml  # noqa: PLC0415 - only where a contract is changed

        try:
            root = yaml.compose(text, yaml.SafeLoader)
            version, schemas = _at(root, "version"), _at(root, "schema")
            properties = _at(schemas.value[0], "properties")
            names = tuple(_at(each, "name").value for each in properties.value)
            last = properties.value[-1]
        except (yaml.YAMLError, KeyError, IndexError, AttributeError, TypeError) as error:
            raise ContractError("it is no contract with a version and one schema with columns") from error
        lines = text.splitlines()
        end = len(lines) if last.end_mark.index >= len(text) else last.end_mark.line
        # The last entry ends where the next thing begins: blank lines and comments before that are not the column's.
        while end > last.start_mark.line + 1 and (
            not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")
        ):
            end -= 1
        return cls(version.value, version.start_mark.line, names, end, last.start_mark.column - _STEP)


def _at(node: Any, key: str) -> Any:
    return {name.value: value for name, value in node.value}[key]


def _lines(column: Addition) -> Iterator[str]:
    yield f"- name: {column.name}"
    yield f"  businessName: {TO_FILL_IN} como as pessoas a chamam"
    yield f"  logicalType: {_LOGICAL.get(column.physical_type, 'number')}"
    yield f"  physicalType: {column.physical_type}"
    yield f"  description: {TO_FILL_IN} o que a coluna diz."
    if column.required:
        yield "  required: true"
    if column.classification:
        yield f"  # Parece ser: {'; '.join(column.kinds)}."
        yield f"  classification: {column.classification}"
        yield "  customProperties:"
        yield "    - property: masking"
        yield f"      value: {DROP}"
        yield "      description: Como a coluna é entregue a quem não pode saber de quem é (export --masked)."


def _whole(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
