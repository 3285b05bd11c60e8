"""What a Glue crawler makes of the files under an S3 target: tables, their types, partition keys and partitions. Pure.

From AWS Glue's guide: "Customizing crawler behavior", "Creating a single schema for each Amazon S3 include path",
"Specifying the table location and partitioning level", "Crawler-defined parameters of tables"; and from what crawlers
have been seen to write. A format that is no Parquet and no CSV is not looked into: its classification is unknown.
"""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

_PARQUET_MARK: Final = b"PAR1"
_CSV_ROWS: Final = 100
# From this share of common columns on, files are of one table where each include path has not one schema anyway.
_SIMILAR: Final = 0.7
_PLAIN: Final = {
    "bool": "boolean", "int8": "tinyint", "int16": "smallint", "int32": "int", "int64": "bigint", "uint8": "smallint",
    "uint16": "int", "uint32": "bigint", "uint64": "decimal(20,0)", "halffloat": "float", "float": "float",
    "double": "double", "date32[day]": "date", "string": "string", "large_string": "string", "binary": "binary",
    "large_binary": "binary",
}  # fmt: skip
_WHOLE: Final = ("tinyint", "smallint", "int", "bigint")
_DECIMAL: Final = re.compile(r"decimal\((\d+),(\d+)\)")
_MOST_DIGITS: Final = 38

Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Content:
    """What a crawler reads in a file.

    Attributes
    ----------
    classification : str
        ``parquet``, ``csv`` or ``UNKNOWN``.
    columns : tuple of pairs of str
        Names, in small letters, and types as Hive has them.
    records : int
        How many rows; 0 where that is not known.
    """

    classification: str
    columns: Columns
    records: int


@dataclass(frozen=True)
class Partition:
    """A leaf folder: its values, one for each partition key, and what its files have."""

    values: tuple[str, ...]
    location: str
    columns: Columns
    objects: int
    bytes: int
    records: int


@dataclass(frozen=True)
class Table:
    """A table that a crawler makes.

    Attributes
    ----------
    name, location, classification : str
    keys : tuple of str
        The partition keys, all of them text.
    columns : tuple of pairs of str
        Those of all its files.
    partitions : tuple of Partition
        A single one without values for a table without partition keys.
    """

    name: str
    location: str
    classification: str
    keys: tuple[str, ...]
    columns: Columns
    partitions: tuple[Partition, ...]


@dataclass(frozen=True)
class _Leaf:
    folder: str
    content: Content
    objects: int
    bytes: int


def tables(
    bucket: str,
    prefix: str,
    sizes: Mapping[str, int],
    read: Callable[[str], bytes],
    *,
    sample: int | None = None,
    level: int | None = None,
    combine: bool = False,
) -> list[Table]:
    """Return the tables that a crawler makes of one S3 target.

    Parameters
    ----------
    bucket, prefix : str
        The target's path.
    sizes : mapping of str to int
        The objects under it, by key.
    read : callable
        Returns an object's content.
    sample : int, optional
        ``SampleSize``: how many files of a leaf folder are read; all by default.
    level : int, optional
        ``TableLevelConfiguration``: how deep the tables' folders lie, the bucket being level 1.
    combine : bool
        ``CombineCompatibleSchemas``: files of one format are one table, however their columns differ.
    """
    # Per table folder, format and structure of the path: what differs in these is never one table.
    groups: dict[tuple[str, str, tuple[str, ...]], list[_Leaf]] = {}
    for folder, keys in _folders(key for key, size in sizes.items() if size):
        root = _root(bucket, prefix, folder, level)
        by_format: dict[str, list[str]] = {}
        contents: dict[str, Content] = {}
        for key in keys[:sample]:
            contents[key] = content_of(read(key))
            by_format.setdefault(contents[key].classification, []).append(key)
        for classification, read_keys in by_format.items():
            seen = [contents[key] for key in read_keys]
            merged = Content(classification, united(each.columns for each in seen), sum(each.records for each in seen))
            leaf = _Leaf(folder, merged, len(keys), sum(sizes[key] for key in keys))
            groups.setdefault((root, classification, _names(root, folder)), []).append(leaf)
    return list(_tables(bucket, groups, by_folder=not combine and level is None))


def content_of(data: bytes) -> Content:
    """Return what a crawler reads in a file."""
    if data[:4] == data[-4:] == _PARQUET_MARK:
        # It takes a moment to load, and a server that crawls nothing does without.
        import pyarrow as pa
        import pyarrow.parquet as pq

        file = pq.ParquetFile(pa.BufferReader(data))
        columns = {field.name.lower(): hive_type(field.type) for field in file.schema_arrow}
        return Content("parquet", tuple(columns.items()), file.metadata.num_rows)
    text = data[: 1 << 20].decode("utf-8", "replace")
    if b"\0" not in data[:4096] and "\n" in text and any(mark in text.partition("\n")[0] for mark in ",;\t|"):
        return _csv(text)
    return Content("UNKNOWN", (), 0)


def hive_type(type_: Any) -> str:
    """Return the type that a crawler writes for a column of an Arrow type."""
    import pyarrow as pa

    if pa.types.is_decimal(type_):
        return f"decimal({type_.precision},{type_.scale})"
    if pa.types.is_timestamp(type_):
        return "timestamp"
    if pa.types.is_dictionary(type_):
        return hive_type(type_.value_type)
    return _nested(type_) or _PLAIN.get(str(type_), "string")


def _nested(type_: Any) -> str:
    """Return the type of a column whose values consist of others; nothing for any other type."""
    import pyarrow as pa

    if pa.types.is_map(type_):
        return f"map<{hive_type(type_.key_type)},{hive_type(type_.item_type)}>"
    if pa.types.is_struct(type_):
        return f"struct<{','.join(f'{field.name.lower()}:{hive_type(field.type)}' for field in type_)}>"
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return f"array<{hive_type(type_.value_type)}>"
    return ""


def united(schemas: Iterable[Columns]) -> Columns:
    """Return the columns of all of some schemas; of a column with two types the wider one."""
    columns: dict[str, str] = {}
    for schema in schemas:
        for name, type_ in schema:
            columns[name] = wider(columns[name], type_) if name in columns else type_
    return tuple(columns.items())


def wider(one: str, other: str) -> str:
    """Return a type that holds the values of both; text where there is no other."""
    if one == other:
        return one
    if one in _WHOLE and other in _WHOLE:
        return max(one, other, key=_WHOLE.index)
    numbers = {*_WHOLE, "float", "double"}
    if one in numbers and other in numbers:
        return "double"
    first, second = _DECIMAL.fullmatch(one), _DECIMAL.fullmatch(other)
    if first and second:
        scale = max(int(first[2]), int(second[2]))
        whole = max(int(each[1]) - int(each[2]) for each in (first, second))
        if whole + scale <= _MOST_DIGITS:
            return f"decimal({whole + scale},{scale})"
    return "string"


def table_name(folder: str) -> str:
    """Return the name of a table that lies in a folder: small letters, figures and underscores."""
    return re.sub(r"[^a-z0-9_]", "_", folder.rstrip("/").rpartition("/")[2].lower())


def beside(name: str, location: str) -> str:
    """Return the name of a table that would have a name which is taken: with 32 hexadecimal digits of its place."""
    return f"{name}_{hashlib.md5(location.encode(), usedforsecurity=False).hexdigest()}"


def _folders(keys: Iterable[str]) -> list[tuple[str, list[str]]]:
    folders: dict[str, list[str]] = {}
    for key in sorted(keys):
        folders.setdefault(key.rpartition("/")[0], []).append(key)
    return sorted(folders.items())


def _root(bucket: str, prefix: str, folder: str, level: int | None) -> str:
    """Return the folder of the table that a leaf folder is of: at the level, or else the target's own."""
    if level is None:
        return prefix.rstrip("/")
    return "/".join([bucket, *folder.split("/")][:level][1:])


def _names(root: str, folder: str) -> tuple[str, ...]:
    """Return the partition keys that the folders below a table's are: ``name=value``, or else by their number."""
    below = [part for part in folder.removeprefix(root).split("/") if part]
    return tuple(
        part.partition("=")[0].lower() if "=" in part else f"partition_{place}" for place, part in enumerate(below)
    )


def _tables(
    bucket: str, groups: Mapping[tuple[str, str, tuple[str, ...]], Sequence[_Leaf]], *, by_folder: bool
) -> Iterable[Table]:
    taken: set[str] = set()
    # Of several in one folder the one with most files has its name.
    for (root, classification, keys), leaves in sorted(
        groups.items(), key=lambda group: (group[0][0], -sum(leaf.objects for leaf in group[1]), group[0])
    ):
        if by_folder and not _similar(leaves):
            for leaf in leaves:
                yield _table(bucket, leaf.folder, table_name(leaf.folder), classification, (), [leaf])
            continue
        name = table_name(root)
        if name in taken:
            name = beside(name, f"{bucket}/{root}/{classification}/{keys}")
        taken.add(name)
        yield _table(bucket, root, name, classification, keys, leaves)


def _similar(leaves: Sequence[_Leaf]) -> bool:
    first = set(leaves[0].content.columns)
    for leaf in leaves[1:]:
        other = set(leaf.content.columns)
        if len(first & other) < _SIMILAR * len(first | other):
            return False
    return True


def _table(
    bucket: str, root: str, name: str, classification: str, keys: tuple[str, ...], leaves: Sequence[_Leaf]
) -> Table:
    partitions = [
        Partition(
            tuple(part.partition("=")[2] if "=" in part else part for part in _below(root, leaf.folder))
            if keys
            else (),
            f"s3://{bucket}/{leaf.folder}/",
            leaf.content.columns,
            leaf.objects,
            leaf.bytes,
            leaf.content.records,
        )
        for leaf in leaves
    ]
    columns = united(leaf.content.columns for leaf in leaves)
    return Table(name, f"s3://{bucket}/{root}/", classification, keys, columns, tuple(partitions))


def _below(root: str, folder: str) -> list[str]:
    return [part for part in folder.removeprefix(root).split("/") if part]


def _csv(text: str) -> Content:
    head = text.partition("\n")[0]
    delimiter = max(",;\t|", key=head.count)
    header, *rows = islice(csv.reader(io.StringIO(text), delimiter=delimiter), _CSV_ROWS)
    types = [_type_of([row[place] for row in rows if place < len(row)]) for place in range(len(header))]
    names = [name.strip().lower() or f"col{place}" for place, name in enumerate(header)]
    return Content("csv", tuple(dict(zip(names, types, strict=True)).items()), max(text.count("\n") - 1, 0))


def _type_of(values: Sequence[str]) -> str:
    """Return the type of a column of a CSV, by the values that it has."""
    given = [value.strip() for value in values if value.strip()]
    for type_, pattern in (("bigint", r"[+-]?\d{1,18}"), ("double", r"[+-]?\d+\.\d+(?:[eE][+-]?\d+)?|[+-]?\d{1,18}")):
        if given and all(re.fullmatch(pattern, value) for value in given):
            return type_
    return "string"
