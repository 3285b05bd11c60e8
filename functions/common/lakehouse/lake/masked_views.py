"""The masked views of tables for Athena: what may be queried by somebody who is not to know whose data they are.

A view is what Athena itself makes of CREATE VIEW: an entry of the Glue catalogue with the statement in it. It reads the
table of the catalogue, which shows the newest version, so it is made anew only where the contract changes. A pseudonym
needs a key, which would stand in the statement for everybody to read: such a column is left out, as one to drop is.
"""

import base64
import json
from typing import Any, Final

from lakehouse.contract.model import Column, Contract
from lakehouse.lake import layout
from lakehouse.personal.masking import PARTIAL
from lakehouse.stage import NONE

VIEW: Final = "VIRTUAL_VIEW"
_BEGIN, _END = "/* Presto View: ", " */"
# What numbers, dates and addresses of mailboxes are written with stays.
_HIDDEN: Final = "[^ @.,;:()/+_-]"
_TRINO: Final = {"string": "varchar"}


def statement_of(contract: Contract, stage: str = NONE) -> str:
    """Return the statement of a table's masked view in a stage, in Athena's SQL."""
    columns = ", ".join(_selected(column) for column in _shown(contract))
    database_ = layout.glue_database(contract.database, stage)
    return f'SELECT {columns} FROM "{database_}"."{contract.table}"'  # noqa: S608 - names of the contract


def view_of(contract: Contract, stage: str = NONE) -> dict[str, Any]:
    """Return the masked view of a table in a stage as Glue's API takes it, a ``TableInput``."""
    shown = _shown(contract)
    content = {
        "originalSql": statement_of(contract, stage),
        "catalog": "awsdatacatalog",
        "schema": layout.glue_database(contract.database, stage),
        "columns": [{"name": column.name, "type": _TRINO.get(column.glue_type, column.glue_type)} for column in shown],
    }
    encoded = base64.b64encode(json.dumps(content).encode()).decode()
    return {
        "Name": contract.table,
        "Description": f"{contract.business_name}, mascarada: sem os dados pessoais e confidenciais.",
        "Owner": contract.owner,
        "TableType": VIEW,
        "ViewOriginalText": f"{_BEGIN}{encoded}{_END}",
        "ViewExpandedText": "/* Presto View */",
        "PartitionKeys": [],
        "Parameters": {"presto_view": "true", "comment": "Presto View", "contract_version": contract.version},
        "StorageDescriptor": {
            "Columns": [{"Name": column.name, "Type": column.glue_type} for column in shown],
            "SerdeInfo": {},
        },
    }


def statement_in(entry: Any) -> str | None:
    """Return the statement in an entry of the catalogue; None where it is no view of Athena's."""
    text = str(entry.get("ViewOriginalText") or "")
    if entry.get("TableType") != VIEW or not text.startswith(_BEGIN):
        return None
    return str(json.loads(base64.b64decode(text.removeprefix(_BEGIN).removesuffix(_END)))["originalSql"])


def database(stage: str = NONE) -> dict[str, str]:
    """Return the database of a stage's views as Glue's API takes it, a ``DatabaseInput``."""
    description = "As tabelas sem os dados pessoais e confidenciais, como vistas."
    return {"Name": layout.glue_database(layout.MASKED_DATABASE, stage), "Description": description}


def _shown(contract: Contract) -> list[Column]:
    return [column for column in contract.columns if column.masking in (None, PARTIAL)]


def _selected(column: Column) -> str:
    name = f'"{column.name}"'
    return f"regexp_replace({name}, '{_HIDDEN}', '*') AS {name}" if column.masking == PARTIAL else name
