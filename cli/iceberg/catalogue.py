"""Where the Iceberg tables are: their entries in the Glue Data Catalog, and their metadata in the lake's bucket.

The entries are in a database of their own. A table's metadata lie under ``iceberg/<table>/``, its data where the
version has them: nothing here reads or writes a file of a table.
"""

import io
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchPropertyException, NoSuchTableError
from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile, OutputStream
from pyiceberg.table import Table

from cli.errors import CliError
from cli.session import Aws
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

# The most that S3 deletes at a time.
_BATCH: Final = 1000
_DESCRIPTION: Final = "As tabelas publicadas também como tabelas Iceberg, sobre os mesmos arquivos."


class _Stored(InputFile, OutputFile):
    """An object of the lake as pyiceberg reads and writes one: whole, and never over another."""

    def __init__(self, lake: Lake, location: str) -> None:
        super().__init__(location)
        self._lake = lake
        self._key = location.removeprefix(lake.uri(""))

    def __len__(self) -> int:
        return self._lake.found(self._key).bytes

    def exists(self) -> bool:
        return self._lake.about(self._key) is not None

    def open(self, seekable: bool = True) -> InputStream:
        del seekable
        try:
            return io.BytesIO(self._lake.read_bytes(self._key))
        except StorageError as error:
            raise FileNotFoundError(str(error)) from error

    def create(self, overwrite: bool = False) -> OutputStream:
        del overwrite  # every name has a random part
        return _Sink(self._lake, self._key)

    def to_input_file(self) -> InputFile:
        return self


class _Sink(io.BytesIO):
    """What is written to it is an object once it is closed."""

    def __init__(self, lake: Lake, key: str) -> None:
        super().__init__()
        self._lake, self._key = lake, key

    def __exit__(self, kind: Any, *error: object) -> None:
        if kind is not None:
            super().close()  # half of an object is none
        self.close()

    def close(self) -> None:
        if not self.closed:
            content = self.getvalue()
            super().close()
            if not self._lake.put_new(content, self._key, "application/octet-stream"):
                raise FileExistsError(self._key)


class Objects(FileIO):
    """The lake's bucket as pyiceberg's file system, by the project's own client of S3: profile and endpoint are its."""

    def __init__(self, lake: Lake) -> None:
        super().__init__()
        self._lake = lake

    def new_input(self, location: str) -> InputFile:
        """Return an object to read."""
        return _Stored(self._lake, location)

    def new_output(self, location: str) -> OutputFile:
        """Return an object to write."""
        return _Stored(self._lake, location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Leave it: what no metadata name any more is deleted later, by `delete_objects`."""


class Tables(GlueCatalog):
    """The Iceberg tables of a lakehouse.

    Parameters
    ----------
    aws : Aws
    lake : Lake
    """

    def __init__(self, aws: Aws, lake: Lake) -> None:
        super().__init__("glue", client=aws.client("glue"))
        self.database = layout.glue_database(layout.ICEBERG_DATABASE, aws.stage)
        self.lake = lake
        self._objects = Objects(lake)

    def _load_file_io(self, properties: Any = None, location: str | None = None) -> FileIO:
        del properties, location
        return self._objects

    def _is_s3tables_database(self, database_name: str) -> bool:
        """Return that it is in no bucket of S3 Tables, without asking for the database before each commit."""
        del database_name
        return False

    def make_database(self) -> None:
        """Make the database of the tables, where there is none."""
        with suppress(self.glue.exceptions.AlreadyExistsException):
            self.glue.create_database(DatabaseInput={"Name": self.database, "Description": _DESCRIPTION})

    def find(self, table: str) -> Table | None:
        """Return a table; None where there is none.

        Raises
        ------
        CliError
            The catalogue has an entry of that name that is no Iceberg table of this lake, or whose metadata are gone.
        """
        try:
            found = self.load_table((self.database, table))
        except (NoSuchIcebergTableError, NoSuchPropertyException) as error:
            raise CliError(f"{self.database}.{table} is no Iceberg table", _AWAY) from error
        except NoSuchTableError:
            return None
        except FileNotFoundError as error:
            raise CliError(f"the metadata of {self.database}.{table} are gone: {error}", _ANEW) from error
        if found.location() != self.location(table):
            raise CliError(f"{self.database}.{table} lies at {found.location()}, and not in this lake", _AWAY)
        return found

    def location(self, table: str) -> str:
        """Return where a table's metadata lie."""
        return self.lake.uri(layout.iceberg_prefix(table)).rstrip("/")

    def entries(self) -> list[str]:
        """Return the names of the database's tables; none where there is no database."""
        try:
            pages = self.glue.get_paginator("get_tables").paginate(DatabaseName=self.database)
            return [entry["Name"] for page in pages for entry in page["TableList"]]
        except self.glue.exceptions.EntityNotFoundException:
            return []

    def drop_all(self) -> int:
        """Take the tables and their database out of the catalogue, and delete their metadata; return how many tables.

        The files that they show are the versions', and stay.
        """
        names = self.entries()
        with suppress(self.glue.exceptions.EntityNotFoundException):
            self.glue.delete_database(Name=self.database)
        delete_objects(self.lake, list(self.lake.list(layout.ICEBERG_PREFIX)))
        return len(names)


_AWAY: Final = "Take it out of the database, and run the command again."
_ANEW: Final = "Begin anew: `./importau iceberg --drop`, then `./importau iceberg`."


def delete_objects(lake: Lake, keys: Sequence[str]) -> None:
    """Delete objects; raise `CliError`, naming one, where S3 leaves any."""
    for start in range(0, len(keys), _BATCH):
        batch: Any = [{"Key": key} for key in keys[start : start + _BATCH]]
        answer = lake.client.delete_objects(Bucket=lake.bucket, Delete={"Objects": batch, "Quiet": True})
        for error in answer.get("Errors", ()):
            raise CliError(f"{error.get('Key')} could not be deleted: {error.get('Message') or error.get('Code')}")
