"""Tables of one version for Athena, without a change to the catalogue that others read.

The catalogue's tables show the newest version. For a query of another one, its tables are registered in a database of
the query's own, and that database is dropped when the query has ended, however it ended.
"""

import secrets
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from cli.errors import CliError
from cli.session import Aws
from lakehouse.lake import layout
from lakehouse.lake.catalogue import GlueColumn, GlueTable
from lakehouse.versions.wholeness import differing

if TYPE_CHECKING:
    from lakehouse.versions.view import View

# A database of this prefix is within what docs/permissions.md names, and no layer's.
PREFIX: Final = layout.database_of("consulta")
_NAMED: Final = 5
_WHOLE: Final = "Ask a version that is whole (`./importau versions`); `./importau verify` says more."


def require_whole(view: "View", tables: Iterable[str]) -> None:
    """Raise `CliError` where files of tables are not those that were audited; by listings alone."""
    wrong = differing(view.lake, [view.table(table) for table in tables])
    if wrong:
        more = f" and {len(wrong) - _NAMED:,} more" if len(wrong) > _NAMED else ""
        raise CliError(f"version {view.number} is not what was audited: {'; '.join(wrong[:_NAMED])}{more}", _WHOLE)


@contextmanager
def registered(aws: Aws, view: "View", tables: Sequence[str]) -> Iterator[str]:
    """Yield the name of a database that has tables of a version, for as long as the block lasts.

    Parameters
    ----------
    aws : Aws
    view : View
        The version.
    tables : sequence of str

    Raises
    ------
    CliError
        The version has no such table, or its files are not those that were audited, before the block or after it.
    """
    missing = [table for table in tables if table not in view.tables]
    if missing:
        raise CliError(f"version {view.number} has no {', '.join(missing)}", "`./importau versions` lists them.")
    require_whole(view, tables)
    glue, name = aws.client("glue"), f"{layout.glue_database(PREFIX, aws.stage)}_{secrets.token_hex(6)}"
    try:
        glue.create_database(DatabaseInput={"Name": name, "Description": f"Version {view.number}, for one query."})
        for table in tables:
            glue.create_table(DatabaseName=name, TableInput=_entry(view, table, name).as_input())
        yield name
    finally:
        _drop(glue, name)
    require_whole(view, tables)


def _drop(glue: object, name: str) -> None:
    """Drop the database with its tables; a second Ctrl-C, of an impatient user, would leave it behind."""
    impatience = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        glue.delete_database(Name=name)  # type: ignore[attr-defined]
    except glue.exceptions.EntityNotFoundException:  # type: ignore[attr-defined] # it could not be made
        return
    finally:
        signal.signal(signal.SIGINT, impatience)


def _entry(view: "View", table: str, database: str) -> GlueTable:
    """Return a table as its files are: their footers say the columns, whatever the contract is by now."""
    schema = view.first(table).schema_arrow
    return GlueTable(
        database=database,
        name=table,
        description=f"{table}, version {view.number}",
        owner="importau query",
        location=view.lake.uri(layout.run_prefix(table, view.table(table).run)),
        columns=[GlueColumn(field.name, _glue_type(field.type)) for field in schema],
        parameters={"lake_version": str(view.number)},
    )


def _glue_type(type_: pa.DataType) -> str:
    if pa.types.is_dictionary(type_):
        return _glue_type(type_.value_type)
    if pa.types.is_decimal(type_):
        return f"decimal({type_.precision},{type_.scale})"
    return {"int64": "bigint", "date32[day]": "date", "double": "double"}.get(str(type_), "string")
