"""The assets of the lakehouse as the catalogue describes them, with their audits and a harmless sample."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cli.portal.audits import history
from cli.portal.frames import frame
from cli.portal.privacy import SAMPLE_ROWS, shown
from lakehouse.contract.model import Contract
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake

_QUERY_ROWS: Final = 100


def table_asset(
    entry: Mapping[str, Any],
    contract: Contract | None,
    transformations: Mapping[str, str],
    reports: Sequence[Mapping[str, Any]],
    lake: Lake,
) -> dict[str, Any]:
    """Return a table of the catalogue as an ``Asset`` of the document.

    Parameters
    ----------
    entry : mapping
        As Glue's ``GetTable`` describes it.
    contract : Contract or None
        None for a table in the database that is not the project's.
    transformations : mapping of str to str
        How each column is computed, as the last run says.
    reports : sequence of mapping
        Quality reports of its layer, newest first.
    lake : Lake
    """
    database, name, parameters = entry["DatabaseName"], entry["Name"], entry.get("Parameters", {})
    columns = [_column(column, contract, transformations) for column in entry["StorageDescriptor"]["Columns"]]
    classified = {column["name"]: column["classification"] for column in columns}
    audits, rules = history(reports, name, classified)
    sample, hidden = _sample(lake, contract, classified)
    return {
        "id": f"{database}.{name}",
        "name": name,
        "layer": layout.layer_of_database(database),
        "database": database,
        "description": entry.get("Description", ""),
        "owner": entry.get("Owner", ""),
        "domain": parameters.get("domain", ""),
        "tags": [tag for tag in parameters.get("tags", "").split(", ") if tag],
        "location": entry["StorageDescriptor"].get("Location", ""),
        "contract_version": parameters.get("contract_version"),
        "rows": _whole(parameters.get("rows")),
        "bytes": _whole(parameters.get("bytes")),
        "updated_at": parameters.get("updated_at") or None,
        "freshness_hours": _whole(parameters.get("freshness_hours")),
        "run_id": parameters.get("run_id"),
        "columns": columns,
        "audits": audits,
        "rules": rules,
        "sample": sample,
        "hidden_columns": hidden,
        "query": _query(database, name, [column for column in classified if column not in hidden]),
    }


def csv_assets(names: Iterable[str], contracts: Mapping[str, Contract], lake: Lake) -> list[dict[str, Any]]:
    """Return the exported CSVs that a run read, as assets of the layer ``landing`` with their tables' columns as text.

    Parameters
    ----------
    names : iterable of str
        The tables that are made from them.
    contracts : mapping of str to Contract
        By table.
    lake : Lake
    """
    assets = []
    for name in names:
        contract, key = contracts[name], layout.landing_key(name)
        written = lake.last_modified(key)
        assets.append(
            {
                "id": f"{layout.LANDING}.{name}",
                "name": f"{name}.csv",
                "layer": layout.LANDING,
                "database": layout.LANDING,
                "description": f"O arquivo {name}.csv, como o microsserviço o exporta.",
                "owner": contract.owner,
                "domain": contract.domain,
                "tags": [],
                "location": lake.uri(key),
                "contract_version": None,
                "rows": None,
                "bytes": lake.size(key),
                "updated_at": written.isoformat() if written else None,
                "freshness_hours": None,
                "run_id": None,
                "columns": [
                    {
                        "name": column.name,
                        "type": "text",
                        "description": column.description,
                        "key": column.name in contract.key,
                        "required": column.required,
                        "classification": column.classification,
                        "transformation": "",
                    }
                    for column in contract.columns
                ],
                "audits": [],
                "rules": [],
                "sample": None,
                "hidden_columns": [],
                "query": None,
            }
        )
    return assets


def _column(column: Mapping[str, Any], contract: Contract | None, transformations: Mapping[str, str]) -> dict[str, Any]:
    name = column["Name"]
    classification = column.get("Parameters", {}).get("classification")
    required = {each.name for each in contract.columns if each.required} if contract else set()
    return {
        "name": name,
        "type": column["Type"],
        "description": column.get("Comment", "").removeprefix(f"[{classification}] "),
        "key": contract is not None and name in contract.key,
        "required": name in required,
        "classification": classification,
        "transformation": transformations.get(name, ""),
    }


def _sample(
    lake: Lake, contract: Contract | None, classified: Mapping[str, str | None]
) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the first rows of a published table, and the columns left out of them; None when there are no rows."""
    hidden = [name for name, classification in classified.items() if classification is not None]
    if contract is None:
        return None, hidden
    try:
        file = lake.parquet(next(lake.published(contract.table)))
    except StorageError:
        return None, hidden
    if not file.metadata.num_rows:
        return None, hidden
    harmless = [name for name in file.schema_arrow.names if classified.get(name, "unknown") is None]
    rows, revealing = shown(file.read_row_group(0, harmless).slice(0, SAMPLE_ROWS), classified)
    return frame(rows), [name for name in file.schema_arrow.names if name not in harmless or name in revealing]


def _query(database: str, table: str, columns: Sequence[str]) -> str:
    listed = ",\n       ".join(columns)
    return f"SELECT {listed}\nFROM {database}.{table}\nLIMIT {_QUERY_ROWS}"


def _whole(text: str | None) -> int | None:
    return int(text) if text else None
