"""What makes an export one that anybody can check: its contracts as one file, and what their rules read besides tables.

The rules are SQL over the tables by their names, and over two more: ``contabilidade``, how each table was made as its
audit has it, and ``quarentena``, where the rows are from that were set aside. ``datacontract test`` executes them.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from cli.errors import CliError
from lakehouse.contract import layers
from lakehouse.engine import parquet
from lakehouse.lake import layout

FOLDER: Final = "contract"
QUALITY: Final = "quality"
QUARANTINE: Final = "quarantine"
CONTRACT: Final = f"{FOLDER}/datacontract.odcs.yaml"
BOOKS: Final = "contabilidade"
ASIDE: Final = "quarentena"
BOOKS_SCHEMA: Final = pa.schema(
    {
        "tabela": pa.string(),
        "linhas_lidas": pa.int64(),
        "linhas_mantidas": pa.int64(),
        "linhas_em_quarentena": pa.int64(),
        "linhas_substituidas": pa.int64(),
        "linhas_antes": pa.int64(),
        "volume_aceito": pa.bool_(),
        "idade_horas": pa.float64(),
    }
)
ASIDE_SCHEMA: Final = pa.schema({"tabela": pa.string(), "arquivo": pa.string(), "linha": pa.int64()})
_TYPES: Final = {pa.string(): "string", pa.int64(): "bigint", pa.bool_(): "boolean", pa.float64(): "double"}
_LOGICAL: Final = {"string": "string", "bigint": "integer", "boolean": "boolean", "double": "number"}
# From the folder of the export, where the command is typed: each table's files, whichever folder has them. After its
# name comes what ends it, a point or the number of a part, as another table's name may begin with it.
_FILES: Final = "./*/{model}[-.]*parquet"
_SERVER: Final = {"server": "export", "type": "local", "path": _FILES, "format": "parquet"}


def write(folder: Path, reports: Iterable[Mapping[str, Any]] | None = None) -> list[str]:
    """Write the contract and the two tables into an export.

    Parameters
    ----------
    folder : Path
        That of the export.
    reports : iterable of mapping, optional
        The audit of each layer, as its report has it; by default those of the export, which let it be published.

    Returns
    -------
    list of str
        The paths that were written, in the folder.

    Raises
    ------
    CliError
        The rows that were set aside of a table cannot be read.
    """
    if reports is None:
        reports = [json.loads(file.read_text("utf-8")) for file in sorted((folder / QUALITY).glob("*.json"))]
    aside = {file.stem: _read(file) for file in sorted((folder / QUARANTINE).glob("*/*.parquet"))}
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    (folder / CONTRACT).write_text(contract(), "utf-8")
    for name, table in ((BOOKS, books(reports)), (ASIDE, set_aside(aside))):
        parquet.write(table, folder / FOLDER / f"{name}.parquet")
    return [CONTRACT, *(f"{FOLDER}/{name}.parquet" for name in (BOOKS, ASIDE))]


def contract() -> str:
    """Return the contracts of all tables as one, with the folder of an export as its server.

    Each rule has an ``id``, ``table:rule``, by which its result can be told. A table's name is that of its file.
    """
    import yaml

    documents = {table: yaml.safe_load(layers.text_of(table)) for table in layers.all_tables()}
    tables = [_checkable(table, document["schema"][0]) for table, document in documents.items()]
    tables += [_extra(name, schema) for name, schema in ((BOOKS, BOOKS_SCHEMA), (ASIDE, ASIDE_SCHEMA))]
    whole = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "importau-lakehouse",
        "version": "1.0.0",
        "status": "active",
        "name": "importau-lakehouse",
        "servers": [_SERVER],
        "schema": tables,
    }
    return str(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=120))


def books(reports: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return how each table was made, of the reports of its audits; those of before there were ``books`` know less."""
    entries = [
        (entry["table"], {**entry, **(entry.get("books") or {})}) for report in reports for entry in report["tables"]
    ]
    of = ("rows_read", "rows", "quarantined", "superseded", "rows_before", "volume_accepted", "age_hours")
    columns = [[table for table, _ in entries], *([each.get(name) for _, each in entries] for name in of)]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, BOOKS_SCHEMA, strict=True)]
    return pa.table(arrays, schema=BOOKS_SCHEMA)


def set_aside(rows: Mapping[str, pa.Table]) -> pa.Table:
    """Return where the rows are from that were set aside of each table: no text of theirs, which may be personal."""
    tables = [
        pa.table([pa.repeat(table, len(each)), each["arquivo"], each["linha"]], schema=ASIDE_SCHEMA)
        for table, each in rows.items()
    ]
    return pa.concat_tables([ASIDE_SCHEMA.empty_table(), *tables])


def model(table: str) -> str:
    """Return the name of a table in the contract of an export: that of its file, as SQL does not tell case apart."""
    return layout.file_name(table).removesuffix(".parquet")


def _read(file: Path) -> pa.Table:
    try:
        return parquet.read(file)
    except (pa.ArrowException, OSError) as error:
        raise CliError(
            f"the rows that were set aside of {file.stem} cannot be read: {error}",
            "`./importau verify` says what is not what it was; export another version (--version N).",
        ) from error


def _checkable(table: str, schema: dict[str, Any]) -> dict[str, Any]:
    for rule in schema.get("quality", ()):
        rule["id"] = f"{table}:{rule['name']}"
    for column in schema["properties"]:
        for rule in column.get("quality", ()):
            rule["id"] = f"{table}:{rule['name']}"
    # Definitions lead to files that an export does not have.
    for each in (schema, *schema["properties"]):
        each.pop("authoritativeDefinitions", None)
    return schema | {"name": model(table), "physicalName": model(table)}


def _extra(name: str, schema: pa.Schema) -> dict[str, Any]:
    types = {field.name: _TYPES[field.type] for field in schema}
    columns = [
        {"name": column, "logicalType": _LOGICAL[type_], "physicalType": type_} for column, type_ in types.items()
    ]
    return {"name": name, "physicalName": name, "physicalType": "table", "logicalType": "object", "properties": columns}
