"""Athena answers queries as it does on AWS: in its SQL, with its types and errors, and results where it says they are.

MiniStack hands a query to DuckDB as it is, says ``decimal`` without a scale, writes the result a folder deeper than it
says, and takes the size of the answer for what was scanned. Here it keeps its executions and workgroups, and this is
done anew: what a query reads, what it answers, and what of it lies in S3.
"""

import asyncio
import contextvars
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlparse

from cli.embedded.standins import athena_catalogue
from cli.embedded.standins.athena_types import athena_type, column_info, csv, text
from lakehouse.lake.masked_views import statement_in

_OK: Final = 200
_MOST_ROWS: Final = 1000
_OWN_CATALOGUE: Final = frozenset({"", "awsdatacatalog"})
_STOPPED: Final = "Query was cancelled by user"
_LIMIT: Final = "Query cancelled! Bytes scanned limit was exceeded"

Answer = dict[str, Any]


@dataclass
class _Asked:
    """What the task that answers a query knows of it besides its text."""

    cutoff: int | None = None
    scanned: int = 0
    interrupt: Callable[[], None] | None = None
    stopped: bool = False


_asked: Final = contextvars.ContextVar[_Asked]("asked")
# The queries that have not ended, by their ids.
_at_work: Final = dict[str, _Asked]()


def install() -> None:
    """Put it into the MiniStack of this process."""
    from ministack.services import athena

    athena._start_query_execution = _starting(athena, athena._start_query_execution)
    athena._execute_query = _executing(athena, athena._execute_query)
    athena._stop_query_execution = _stopping(athena._stop_query_execution)
    athena._run_duckdb = _answering(athena, athena._run_duckdb)
    athena._save_query_results = _saving(athena)
    athena._get_query_results = _results(athena)
    athena._get_query_execution = _execution(athena._get_query_execution)


# ---- a query is taken ------------------------------------------------------------------------------------------------


def _starting(athena: Any, start: Callable[..., Any]) -> Callable[..., Any]:
    def started(data: dict[str, Any]) -> Any:
        name = data.get("WorkGroup", "primary")
        workgroup = athena._workgroups.get(name)
        if workgroup is None:
            message = f"WorkGroup {name} is not found."
            return athena.error_response_json("InvalidRequestException", message, 400)
        settings = workgroup.get("Configuration", {})
        # Where the workgroup's settings are enforced, the caller's count for nothing.
        own = {} if _true(settings.get("EnforceWorkGroupConfiguration")) else data.get("ResultConfiguration", {})
        cutoff = settings.get("BytesScannedCutoffPerQuery")
        token = _asked.set(_Asked(int(cutoff) if cutoff else None))
        try:
            answer = start(data | {"ResultConfiguration": own})
        finally:
            _asked.reset(token)
        status, _, body = answer
        if status == _OK:
            execution = athena._executions[json.loads(body)["QueryExecutionId"]]
            _place_result(execution)
        return answer

    return started


def _executing(athena: Any, execute: Callable[..., Any]) -> Callable[..., Any]:
    async def executed(query_id: str, *given: Any) -> None:
        asked = _at_work[query_id] = _asked.get(_Asked())
        try:
            await execute(query_id, *given)
        finally:
            del _at_work[query_id]
        if asked.stopped and query_id in athena._executions:
            athena._executions[query_id]["Status"] |= {"State": "CANCELLED", "StateChangeReason": _STOPPED}

    return executed


def _stopping(stop: Callable[..., Any]) -> Callable[..., Any]:
    def stopped(data: dict[str, Any]) -> Any:
        """Stop DuckDB as well, which would go on to its end."""
        asked = _at_work.get(data.get("QueryExecutionId", ""))
        if asked is not None:
            asked.stopped = True
            if asked.interrupt is not None:
                asked.interrupt()
        return stop(data)

    return stopped


def _place_result(execution: dict[str, Any]) -> None:
    """Say where the result will be: a file of the query's id, whether or not the location ends with a slash."""
    id_ = execution["QueryExecutionId"]
    folder = execution["ResultConfiguration"]["OutputLocation"].removesuffix(f"{id_}.csv").rstrip("/")
    ending = "csv" if execution["StatementType"] == "DML" else "txt"
    execution["ResultConfiguration"] = execution["ResultConfiguration"] | {"OutputLocation": f"{folder}/{id_}.{ending}"}
    execution["SubstatementType"] = (
        execution["Query"].split(maxsplit=1)[0].upper() if execution["Query"].strip() else ""
    )


def _true(value: Any) -> bool:
    return str(value).casefold() == "true"


# ---- and answered ----------------------------------------------------------------------------------------------------


def _answering(athena: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    async def answered(query: str, database: str, catalog: str | None = None) -> Answer:
        # What parses SQL takes half a second to load: it is loaded with the first query, not with the server.
        from ministack.services import glue
        from sqlglot import exp

        from cli.embedded.standins import athena_sql

        if athena._detect_statement_type(query) != "DML":
            names, rows = athena_catalogue.answered(query, database, glue._databases.keys(), glue._tables)
            return {"columns": names, "column_types": ["varchar"] * len(names), "rows": rows}
        tree = athena_sql.parsed(query)
        read = list(athena_sql.tables(tree)) if isinstance(tree, exp.Query) else []
        if any(table.catalog.lower() not in _OWN_CATALOGUE for table in read) or (
            (catalog or "").lower() not in _OWN_CATALOGUE
        ):
            answer: Answer = await original(query, database, catalog)
            return answer
        for table in tree.find_all(exp.Table):
            table.set("catalog", None)
        athena_sql.put_views_in(tree, read, lambda table: statement_in(_entry(glue, table, database)))
        read = list(athena_sql.tables(tree)) if isinstance(tree, exp.Query) else []
        entries = {}
        for table in read:
            entries[(table.db or database).lower(), table.name.lower()] = _entry(glue, table, database)
        return await _from_files(athena, tree, entries, database)

    return answered


def _entry(glue: Any, table: Any, database: str) -> Mapping[str, Any]:
    from cli.embedded.standins import athena_errors

    inside = (table.db or database).lower()
    if inside not in glue._databases:
        raise ValueError(athena_errors.schema_not_found(table))
    found: Mapping[str, Any] | None = glue._tables.get(f"{inside}/{table.name.lower()}")
    if found is None:
        raise ValueError(athena_errors.table_not_found(table, database))
    return found


async def _from_files(athena: Any, tree: Any, entries: Mapping[tuple[str, str], Any], database: str) -> Answer:
    from cli.embedded.standins import athena_sql

    workdirs, asked = list[str](), _asked.get(_Asked())
    try:
        relations, schema = {}, dict[str, dict[str, dict[str, str]]]()
        for (inside, name), entry in entries.items():
            storage = entry.get("StorageDescriptor") or {}
            files = athena._materialize_table_files(storage.get("Location") or "", workdirs)
            relations[inside, name] = athena._table_relation(entry, files) if files else athena._empty_relation(entry)
            columns = [*(storage.get("Columns") or ()), *(entry.get("PartitionKeys") or ())]
            schema.setdefault(inside, {})[name] = {each["Name"]: each.get("Type", "string") for each in columns}
        asked.scanned = sum(_bytes(entry) for entry in entries.values())
        if asked.cutoff is not None and asked.scanned > asked.cutoff:
            raise ValueError(_LIMIT)
        translated = athena_sql.translated(tree, schema, database)
        return await asyncio.to_thread(_run, tree, translated, relations, database, asked)
    finally:
        asked.interrupt = None
        for workdir in workdirs:
            shutil.rmtree(workdir, ignore_errors=True)


def _bytes(entry: Mapping[str, Any]) -> int:
    """Return the bytes of a table's files: the most that Athena would scan of it, which reads single columns."""
    from ministack.services import s3

    place = urlparse((entry.get("StorageDescriptor") or {}).get("Location") or "")
    prefix, bucket = f"{place.path.strip('/')}/", s3._buckets.get(place.netloc)
    objects = bucket["objects"] if bucket else {}
    return sum(int(each.get("size", 0)) for key, each in objects.items() if key.startswith(prefix))


def _run(tree: Any, query: str, relations: Mapping[tuple[str, str], str], database: str, asked: _Asked) -> Answer:
    import duckdb

    from cli.embedded.standins import athena_errors, athena_sql

    with duckdb.connect(":memory:") as connection:
        asked.interrupt = connection.interrupt
        connection.execute("SET TimeZone = 'UTC'")
        for inside in {inside for inside, _ in relations} | {database.lower()}:
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{inside}"')
        for (inside, name), relation in relations.items():
            connection.execute(f'CREATE VIEW "{inside}"."{name}" AS SELECT * FROM {relation}')  # noqa: S608 - MiniStack's own
        connection.execute(athena_sql.MACROS)
        try:
            if asked.stopped:
                raise ValueError(_STOPPED)
            connection.execute(f"SET search_path = '\"{database.lower()}\",main'")
            result = connection.execute(query)
            described = result.description or []
            rows = [[text(value) for value in row] for row in result.fetchall()]
        except duckdb.Error as error:
            raise ValueError(athena_errors.in_athenas_words(str(error), tree)) from error
    return {
        "columns": athena_sql.column_names(tree, [name for name, *_ in described]),
        "column_types": [athena_type(str(type_)) for _, type_, *_ in described],
        "rows": rows,
    }


# ---- and its result lies where it is said to -------------------------------------------------------------------------


def _saving(athena: Any) -> Callable[..., Any]:
    async def saved(query_id: str) -> None:
        from ministack.services import s3

        execution = athena._executions[query_id]
        execution["Statistics"]["DataScannedInBytes"] = _asked.get(_Asked()).scanned
        results, place = execution["_results"], urlparse(execution["ResultConfiguration"]["OutputLocation"])
        if execution["StatementType"] == "DML":
            content = csv(results["columns"], results["rows"])
        else:
            content = "".join("\t".join(cell or "" for cell in row) + "\n" for row in results["rows"])
        described = json.dumps([[*each] for each in zip(results["columns"], execution["_column_types"], strict=True)])
        for key, data in ((place.path[1:], content), (f"{place.path[1:]}.metadata", described)):
            body = data.encode()
            sent = {"content-type": "application/octet-stream", "content-length": str(len(body))}
            status, *_ = s3._put_object(place.netloc, key, body, sent)
            if status != _OK:
                raise ValueError(f"Access denied when writing to location: s3://{place.netloc}/{key}")

    return saved


def _execution(get: Callable[..., Any]) -> Callable[..., Any]:
    def gotten(data: dict[str, Any]) -> Any:
        """Leave out what Athena leaves out: fields that have no value yet."""
        status, headers, body = get(data)
        if status != _OK:
            return status, headers, body
        content = json.loads(body)
        execution = content["QueryExecution"]
        for part in ("Status", "Statistics"):
            execution[part] = {key: each for key, each in execution[part].items() if each not in (None, "")}
        return status, headers, json.dumps(content).encode()

    return gotten


def _results(athena: Any) -> Callable[..., Any]:
    original = athena._get_query_results

    def gotten(data: dict[str, Any]) -> Any:
        execution = athena._executions.get(data.get("QueryExecutionId"))
        if execution is None or execution["Status"]["State"] != "SUCCEEDED":
            return original(data)
        results, types = execution["_results"], execution["_column_types"]
        # The first row of a SELECT's result is its head, and counts as one.
        rows = [results["columns"], *results["rows"]] if execution["StatementType"] == "DML" else results["rows"]
        start = int(data.get("NextToken") or 0)
        end = start + min(int(data.get("MaxResults") or _MOST_ROWS), _MOST_ROWS)
        answer = {
            "UpdateCount": 0,
            "ResultSet": {
                "Rows": [
                    {"Data": [{} if each is None else {"VarCharValue": each} for each in row]}
                    for row in rows[start:end]
                ],
                "ResultSetMetadata": {
                    "ColumnInfo": [column_info(*each) for each in zip(results["columns"], types, strict=True)]
                },
            },
        }
        return athena.json_response(answer | ({"NextToken": str(end)} if end < len(rows) else {}))

    return gotten
