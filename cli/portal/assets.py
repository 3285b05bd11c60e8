"""The assets of the lakehouse as the catalogue describes them, with their audits and a harmless sample."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cli.contents.privacy import SAMPLE_ROWS, shown
from cli.portal.audits import history
from cli.portal.frames import frame
from lakehouse.contract.model import Contract
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.stage import NONE
from lakehouse.versions.view import View

_QUERY_ROWS: Final = 100


def table_asset(
    entry: Mapping[str, Any],
    contract: Contract | None,
    transformations: Mapping[str, str],
    reports: Sequence[Mapping[str, Any]],
    view: View,
    stage: str = NONE,
) -> dict[str, Any]:
    """Return a table of the catalogue as an ``Asset`` of the document, with the files that a version has of it.

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
    view : View
    stage : str
        For the name that Athena has of its database.
    """
    database, name, parameters = entry["DatabaseName"], entry["Name"], entry.get("Parameters", {})
    columns = [_column(column, contract, transformations) for column in entry["StorageDescriptor"]["Columns"]]
    classified = {column["name"]: column["classification"] for column in columns}
    audits, rules = history(reports, name, classified)
    sample, hidden = _sample(view, contract, classified)
    return {
        "id": f"{database}.{name}",
        "name": name,
        "business_name": contract.business_name if contract else "",
        "layer": layout.layer_of_database(database),
        "database": database,
        "description": entry.get("Description", ""),
        "owner": entry.get("Owner", ""),
        "domain": parameters.get("domain", ""),
        "tags": [tag for tag in parameters.get("tags", "").split(", ") if tag],
        "terms": list(contract.terms) if contract else [],
        **_published(entry, view, name if contract else ""),
        "freshness_hours": _whole(parameters.get("freshness_hours")),
        "columns": columns,
        "audits": audits,
        "rules": rules,
        "sample": sample,
        "hidden_columns": hidden,
        "query": _query(
            layout.glue_database(database, stage), name, [column for column in classified if column not in hidden]
        ),
    }


def _published(entry: Mapping[str, Any], view: View, name: str) -> dict[str, Any]:
    """Return where a table is and how much there is of it: as the version says, or else the catalogue."""
    parameters = entry.get("Parameters", {})
    if view.version is None or name not in view.tables:
        return {
            "location": entry["StorageDescriptor"].get("Location", ""),
            "contract_version": parameters.get("contract_version"),
            "rows": _whole(parameters.get("rows")),
            "bytes": _whole(parameters.get("bytes")),
            "updated_at": parameters.get("updated_at") or None,
            "run_id": parameters.get("run_id"),
        }
    table = view.table(name)
    return {
        "location": view.lake.uri(layout.run_prefix(name, table.run)),
        "contract_version": table.contract,
        "rows": table.rows,
        "bytes": table.bytes,
        "updated_at": view.version.made.at,
        "run_id": table.run,
    }


def csv_assets(names: Iterable[str], contracts: Mapping[str, Contract], view: View) -> list[dict[str, Any]]:
    """Return the exported CSVs that a version was made from, as assets of ``landing`` with their columns as text.

    Parameters
    ----------
    names : iterable of str
        The tables that are made from them.
    contracts : mapping of str to Contract
        By table.
    view : View
    """
    read = {each.key: each for each in view.version.inputs} if view.version else {}
    assets = []
    for name in names:
        contract, key = contracts[name], layout.landing_key(name)
        file = read.get(key)
        assets.append(
            {
                "id": f"{layout.LANDING}.{name}",
                "name": f"{name}.csv",
                "business_name": contract.business_name,
                "layer": layout.LANDING,
                "database": layout.LANDING,
                "description": f"O arquivo {name}.csv, como o microsserviço o exporta.",
                "owner": contract.owner,
                "domain": contract.domain,
                "tags": [],
                "terms": list(contract.terms),
                "location": view.lake.uri(key),
                "contract_version": None,
                "rows": None,
                "bytes": file.bytes if file else None,
                "updated_at": file.modified if file else None,
                "freshness_hours": None,
                "run_id": None,
                "columns": [
                    {
                        "name": column.name,
                        "business_name": column.business_name,
                        "type": "text",
                        "description": column.description,
                        "key": column.name in contract.key,
                        "required": column.required,
                        "classification": column.classification,
                        "terms": list(column.terms),
                        "transformation": "",
                    }
                    for column in contract.columns
                ],
                "audits": [],
                "rules": [],
                "sample": None,
                "hidden_columns": [],
                "query": None,
                "past": None,
            }
        )
    return assets


def _column(column: Mapping[str, Any], contract: Contract | None, transformations: Mapping[str, str]) -> dict[str, Any]:
    name = column["Name"]
    classification = column.get("Parameters", {}).get("classification")
    own = next((each for each in contract.columns if each.name == name), None) if contract else None
    return {
        "name": name,
        "business_name": own.business_name if own else "",
        "type": column["Type"],
        "description": column.get("Comment", "").removeprefix(f"[{classification}] "),
        "key": contract is not None and name in contract.key,
        "required": own is not None and own.required,
        "classification": classification,
        "terms": list(own.terms) if own else [],
        "transformation": transformations.get(name, ""),
    }


def _sample(
    view: View, contract: Contract | None, classified: Mapping[str, str | None]
) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the first rows of a published table, and the columns left out of them; None when there are no rows."""
    hidden = [name for name, classification in classified.items() if classification is not None]
    if contract is None:
        return None, hidden
    try:
        schema, found = view.head(
            view.file(contract.table),
            lambda footer: [name for name in footer.names if classified.get(name, "unknown") is None],
        )
    except StorageError:
        return None, hidden
    if not len(found):
        return None, hidden
    rows, revealing = shown(found.slice(0, SAMPLE_ROWS), classified)
    return frame(rows), [name for name in schema.names if name not in found.column_names or name in revealing]


def _query(database: str, table: str, columns: Sequence[str]) -> str:
    listed = ",\n       ".join(columns)
    return f"SELECT {listed}\nFROM {database}.{table}\nLIMIT {_QUERY_ROWS}"


def _whole(text: str | None) -> int | None:
    return int(text) if text else None
