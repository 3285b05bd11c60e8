"""What SHOW and DESCRIBE answer: the Glue catalogue, in the form that Athena has it from Hive."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

_NAME: Final = r'[`"]?(?P<{0}>\w+)[`"]?'
_TABLE: Final = rf"(?:{_NAME.format('database')}\.)?{_NAME.format('table')}"
_LIKE: Final = r"(?:\s+(?:LIKE\s+)?'(?P<like>[^']*)')?"
_FORMS: Final = {
    "databases": re.compile(rf"SHOW\s+(?:DATABASES|SCHEMAS){_LIKE}", re.IGNORECASE),
    "tables": re.compile(rf"SHOW\s+TABLES(?:\s+(?:IN|FROM)\s+{_NAME.format('database')})?{_LIKE}", re.IGNORECASE),
    "columns": re.compile(
        rf"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{_TABLE}(?:\s+(?:IN|FROM)\s+{_NAME.format('inside')})?", re.IGNORECASE
    ),
    "describe": re.compile(rf"DESC(?:RIBE)?\s+(?:EXTENDED\s+|FORMATTED\s+)?{_TABLE}", re.IGNORECASE),
}
_WIDTH: Final = 20

Answer = tuple[list[str], list[list[str | None]]]


def answered(query: str, database: str, databases: Iterable[str], tables: Mapping[str, Mapping[str, Any]]) -> Answer:
    """Return the columns and rows that SHOW or DESCRIBE answers with.

    Parameters
    ----------
    query : str
    database : str
        The one that is meant where none is named.
    databases : iterable of str
    tables : mapping of str to mapping
        Glue's tables by ``database/table``.

    Raises
    ------
    ValueError
        There is no such table or database, or it is another statement; in Athena's words.
    """
    text = query.strip().rstrip(";").strip()
    for form, pattern in _FORMS.items():
        found = pattern.fullmatch(text)
        if found:
            return _ANSWERS[form](found.groupdict(), database, sorted(databases), tables)
    raise ValueError("NOT_SUPPORTED: the embedded Athena knows SHOW DATABASES, TABLES and COLUMNS, and DESCRIBE")


def _databases(asked: Any, _: str, databases: list[str], __: Any) -> Answer:
    return ["database_name"], [[name] for name in databases if _like(name, asked["like"])]


def _tables(asked: Any, database: str, databases: list[str], tables: Any) -> Answer:
    inside = (asked["database"] or database).lower()
    if inside not in databases:
        raise ValueError(f"FAILED: SemanticException [Error 10072]: Database does not exist: {inside}")
    names = sorted(key.partition("/")[2] for key in tables if key.partition("/")[0] == inside)
    return ["tab_name"], [[name] for name in names if _like(name, asked["like"])]


def _columns(asked: Any, database: str, _: Any, tables: Any) -> Answer:
    return ["field"], [[f"{each['Name']:<{_WIDTH}}"] for each in _columns_of(asked, database, tables)]


def _described(asked: Any, database: str, _: Any, tables: Any) -> Answer:
    """One cell a row, its fields padded and behind tabs: as Hive prints it, and Athena hands it on."""
    rows: list[list[str | None]] = [
        ["\t".join(f"{each.get(name, ''):<{_WIDTH}}" for name in ("Name", "Type", "Comment"))]
        for each in _columns_of(asked, database, tables)
    ]
    return ["col_name", "data_type", "comment"], rows


def _columns_of(asked: Any, database: str, tables: Any) -> list[Mapping[str, str]]:
    inside, table = (asked.get("inside") or asked["database"] or database).lower(), asked["table"].lower()
    found = tables.get(f"{inside}/{table}")
    if found is None:
        raise ValueError(f"FAILED: SemanticException [Error 10001]: Table not found {inside}.{table}")
    return [*found["StorageDescriptor"]["Columns"], *(found.get("PartitionKeys") or ())]


def _like(name: str, pattern: str | None) -> bool:
    return pattern is None or any(fnmatchcase(name, each.strip().lower()) for each in pattern.split("|"))


_ANSWERS: Final = {"databases": _databases, "tables": _tables, "columns": _columns, "describe": _described}
