"""What can be found: tables, exported files, columns, pipelines and tasks, each with the texts that find it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakehouse.contract.model import Contract
from lakehouse.lake import layout

TABLE, FILE, COLUMN, TASK, PIPELINE = "table", "file", "column", "task", "pipeline"
# In this order where nothing else decides.
KINDS: Final = (TABLE, PIPELINE, TASK, FILE, COLUMN)
PII: Final = "PII"


@dataclass(frozen=True)
class Entry:
    """Something that can be found.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    where : str
        Its name, as `lineage` and messages print it: ``table``, ``table.column``, ``table.csv``, ``table.csv:column``;
        a pipeline's name, or ``pipeline.task``. A table of no contract has its database before it.
    id : str
        Its name in the catalogue: ``database.table``, ``database.table.column``.
    name, label, description : str
        The last part of its name; what people call it (``businessName``); what it is.
    tags, terms : tuple of str
        Business tags and classifications; the ids of terms of the glossary.
    owner, other : str
        Who answers for it, for a column: for its table; further text that finds it: inputs, outputs, domain.
    above : tuple of str
        The names of the table of a column.
    above_terms : tuple of str
        The terms of the table of a column.
    """

    kind: str
    where: str
    id: str
    name: str
    label: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    owner: str = ""
    other: str = ""
    above: tuple[str, ...] = ()
    above_terms: tuple[str, ...] = ()

    @property
    def is_file(self) -> bool:
        """Whether it is an exported file, or a column of one."""
        return self.id.startswith(f"{layout.LANDING}.")


def entries_of(tables: Iterable[Mapping[str, Any]], contracts: Iterable[Contract]) -> list[Entry]:
    """Return everything that can be found in a catalogue, and the exported files that contracts know.

    Parameters
    ----------
    tables : iterable of mapping
        As Glue describes them.
    contracts : iterable of Contract
    """
    known = {contract.qualified_name: contract for contract in contracts}
    found = [entry for table in tables for entry in _of_table(table, known)]
    return [*found, *(entry for each in known.values() if each.layer == layout.BRONZE for entry in _of_file(each))]


def _of_table(table: Mapping[str, Any], known: Mapping[str, Contract]) -> Iterator[Entry]:
    # Somebody else's table may have neither.
    parameters, columns = table.get("Parameters", {}), (table.get("StorageDescriptor") or {}).get("Columns", ())
    if parameters.get("kind") == PIPELINE:
        yield from _of_pipeline(table)
        return
    id_ = f"{table['DatabaseName']}.{table['Name']}"
    contract, name = known.get(id_), str(table["Name"])
    where = name if contract else id_
    label, terms = (contract.business_name, contract.terms) if contract else ("", ())
    tags = tuple(tag.strip() for tag in parameters.get("tags", "").split(",") if tag.strip())
    yield Entry(
        TABLE, where, id_, name, label, table.get("Description", ""), tags, terms, table.get("Owner", ""),
        " ".join((parameters.get("domain", ""), parameters.get("layer", ""), table.get("Owner", ""))),
    )  # fmt: skip
    for column in columns:
        of_column, comment = column.get("Parameters", {}), column.get("Comment", "")
        own = next((each for each in contract.columns if each.name == column["Name"]), None) if contract else None
        classification = of_column.get("classification")
        yield Entry(
            COLUMN, f"{where}.{column['Name']}", f"{id_}.{column['Name']}", column["Name"],
            own.business_name if own else "", comment.removeprefix(f"[{classification}] "),
            (classification,) if classification else (), own.terms if own else (), table.get("Owner", ""),
            above=(name, label), above_terms=terms,
        )  # fmt: skip


def _of_pipeline(table: Mapping[str, Any]) -> Iterator[Entry]:
    parameters = table["Parameters"]
    name, owner = parameters["name"], table.get("Owner", "")
    yield Entry(PIPELINE, name, name, name, description=table.get("Description", ""), owner=owner, other=owner)
    for column in table["StorageDescriptor"]["Columns"]:
        of_task = column.get("Parameters", {})
        task = of_task.get("name", column["Name"])
        other = " ".join(of_task.get(key, "") for key in ("outputs", "inputs", "owner", "resource"))
        yield Entry(
            TASK, f"{name}.{task}", f"{name}.{task}", task, description=column.get("Comment", ""),
            owner=of_task.get("owner", ""), other=other, above=(name,),
        )  # fmt: skip


def _of_file(contract: Contract) -> Iterator[Entry]:
    where, id_ = f"{contract.table}.csv", f"{layout.LANDING}.{contract.table}"
    what = f"O arquivo {where}, como o microsserviço o exporta."
    yield Entry(FILE, where, id_, where, contract.business_name, what, (), contract.terms, contract.owner, "landing")
    for column in contract.columns:
        yield Entry(
            COLUMN, f"{where}:{column.name}", f"{id_}.{column.name}", column.name, column.business_name,
            column.description, (column.classification,) if column.classification else (), column.terms,
            contract.owner, above=(where, contract.business_name), above_terms=contract.terms,
        )  # fmt: skip
