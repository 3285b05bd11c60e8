"""The one Athena module: it asks a question in the lakehouse's workgroup, and waits for the answer."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from cli.errors import aws_errors
from cli.session import Aws

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_WAITING: Final = frozenset({"QUEUED", "RUNNING"})
_DECIMAL: Final = "decimal"


@dataclass(frozen=True)
class Column:
    """A column of an answer.

    Attributes
    ----------
    name : str
    type : str
        As Athena names it, a decimal with precision and scale: ``decimal(38,2)``.
    """

    name: str
    type: str


@dataclass(frozen=True)
class Answer:
    """A query that Athena has answered.

    Attributes
    ----------
    id : str
    location : str
        Where in S3 its result is.
    columns : tuple of Column
    scanned : int
        Bytes.
    seconds : float
        How long Athena took.
    """

    id: str
    location: str
    columns: tuple[Column, ...]
    scanned: int
    seconds: float


class RefusedError(Exception):
    """Athena took a query and did not answer it; the message is Athena's."""


def ask(aws: Aws, sql: str, database: str) -> Answer:
    """Return the answer to a query; one that is interrupted is stopped.

    Parameters
    ----------
    aws : Aws
    sql : str
    database : str
        Where tables are that are named without one.

    Raises
    ------
    RefusedError
        Athena refused it, or gave it up.
    """
    from botocore.exceptions import ClientError

    client = aws.client("athena")
    try:
        started = client.start_query_execution(
            QueryString=sql, WorkGroup=aws.output("WorkGroupName"), QueryExecutionContext={"Database": database}
        )
    except ClientError as error:
        if error.response["Error"].get("Code") != "InvalidRequestException":
            raise
        raise RefusedError(error.response["Error"].get("Message", "")) from error
    query = started["QueryExecutionId"]
    try:
        execution = _ended(client, query)
    except BaseException:  # Ctrl-C included: what nobody waits for is not paid for
        with suppress(*aws_errors()):
            client.stop_query_execution(QueryExecutionId=query)
        raise
    if execution["Status"]["State"] != "SUCCEEDED":
        raise RefusedError(execution["Status"].get("StateChangeReason") or execution["Status"]["State"])
    first = client.get_query_results(QueryExecutionId=query, MaxResults=1)
    statistics = execution.get("Statistics", {})
    return Answer(
        query,
        execution["ResultConfiguration"]["OutputLocation"],
        tuple(map(_column, first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"])),
        int(statistics.get("DataScannedInBytes", 0)),
        int(statistics.get("TotalExecutionTimeInMillis", 0)) / 1000,
    )


def _ended(client: Any, query: str) -> Mapping[str, Any]:
    pause = _FIRST_PAUSE
    while True:
        execution: Mapping[str, Any] = client.get_query_execution(QueryExecutionId=query)["QueryExecution"]
        if execution["Status"]["State"] not in _WAITING:
            return execution
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _column(info: Mapping[str, Any]) -> Column:
    exact = f"({info.get('Precision', 38)},{info.get('Scale', 0)})" if info["Type"] == _DECIMAL else ""
    return Column(info["Name"], f"{info['Type']}{exact}")


def text_rows(aws: Aws, answer: Answer) -> list[list[str | None]]:
    """Return the rows of SHOW or DESCRIBE: Athena has a row of several columns as one text, with tabs between."""
    pages = aws.client("athena").get_paginator("get_query_results").paginate(QueryExecutionId=answer.id)
    width, rows = len(answer.columns), list[list[str | None]]()
    for page in pages:
        for row in page["ResultSet"]["Rows"]:
            cells = [cell.get("VarCharValue") for cell in row.get("Data", ())]
            if len(cells) == 1 and cells[0] is not None:
                cells = [cell.strip() for cell in cells[0].split("\t")]
            rows.append([*cells, *[None] * (width - len(cells))][:width])
    return rows
