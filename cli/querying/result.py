"""The rows of an answer, as Arrow: exact, by the types that Athena names, read from the file that it left in S3."""

import re
from collections.abc import Iterator
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import urlparse

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from cli.errors import CliError
from cli.querying.athena import Answer, Column, text_rows
from cli.session import Aws

if TYPE_CHECKING:
    from botocore.response import StreamingBody

# Read of a result at once, in bytes.
_PIECE: Final = 1 << 20
_DECIMAL: Final = re.compile(r"decimal\((\d+),(\d+)\)")
# What has no place here, arrays and maps for example, stays the text that Athena writes.
_TYPES: Final = {
    "tinyint": pa.int64(), "smallint": pa.int64(), "integer": pa.int64(), "int": pa.int64(), "bigint": pa.int64(),
    "float": pa.float64(), "real": pa.float64(), "double": pa.float64(), "boolean": pa.bool_(), "date": pa.date32(),
    "timestamp": pa.timestamp("ms"),
}  # fmt: skip


def arrow_type(athena_type: str) -> pa.DataType:
    """Return the type that a column has here."""
    found = _DECIMAL.fullmatch(athena_type)
    return pa.decimal128(int(found[1]), int(found[2])) if found else _TYPES.get(athena_type, pa.string())


def schema_of(columns: tuple[Column, ...]) -> pa.Schema:
    """Return the names and types of an answer's columns."""
    return pa.schema([pa.field(each.name, arrow_type(each.type)) for each in columns])


def batches(aws: Aws, answer: Answer, *, is_query: bool, most: int | None = None) -> Iterator[pa.RecordBatch]:
    """Yield the rows of an answer, piece by piece, in their order.

    Parameters
    ----------
    aws : Aws
    answer : Answer
    is_query : bool
        Whether it is of SELECT, and its result a CSV.
    most : int, optional
        No more rows than that; the rest of the file is not read.
    """
    schema = schema_of(answer.columns)
    left = most
    for batch in _of_csv(aws, answer, schema, most) if is_query else _of_text(aws, answer, schema):
        piece = batch if left is None else batch.slice(0, left)
        yield piece
        left = None if left is None else left - len(piece)
        if left == 0:
            return


def _of_text(aws: Aws, answer: Answer, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    rows = text_rows(aws, answer)
    arrays = [pa.array([row[n] for row in rows], pa.string()) for n in range(len(schema))]
    yield pa.record_batch(arrays, schema=pa.schema([pa.field(each.name, pa.string()) for each in schema]))


def _of_csv(aws: Aws, answer: Answer, schema: pa.Schema, most: int | None) -> Iterator[pa.RecordBatch]:
    place = urlparse(answer.location)
    # Two columns may have one name, so here they have numbers.
    numbers = [str(n) for n in range(len(schema))]
    # Arrow reads ahead in threads of its own: those must not be in Python's hands while it ends, so they read a file.
    with NamedTemporaryFile(suffix=".csv") as file:
        with aws.s3.get_object(Bucket=place.netloc, Key=place.path[1:])["Body"] as body:
            _keep(body, file, most)
        file.flush()
        try:
            reader = pc.open_csv(
                file.name,
                pc.ReadOptions(column_names=numbers, skip_rows_after_names=1),
                pc.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
                pc.ConvertOptions(
                    column_types=dict(zip(numbers, schema.types, strict=True)),
                    null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
                ),
            )  # fmt: skip
            with reader:
                for batch in reader:
                    yield pa.record_batch(batch.columns, schema=schema)
        except pa.ArrowInvalid as error:
            raise CliError(f"the result in {answer.location} cannot be read: {error}") from error


def _keep(body: "StreamingBody", file: IO[bytes], most: int | None) -> None:
    """Copy a CSV: all of it, or its head and so many records."""
    ended = quotes = 0
    while piece := body.read(_PIECE):
        bytes_ = np.frombuffer(piece, np.uint8)
        quoted = np.cumsum(bytes_ == ord('"')) + quotes
        ends = np.flatnonzero((bytes_ == ord("\n")) & (quoted % 2 == 0))
        if most is not None and ended + len(ends) > most:
            file.write(piece[: ends[most - ended] + 1])
            return
        file.write(piece)
        ended, quotes = ended + len(ends), int(quoted[-1])
