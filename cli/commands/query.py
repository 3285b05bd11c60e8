"""`importau query`: a question in SQL, asked of the tables by way of Athena."""

from pathlib import Path
from typing import Annotated

import typer

from cli import options
from cli.errors import UsageError
from cli.session import connect
from cli.terminal import present
from cli.versioning.completing import numbers_begun


def _names(incomplete: str) -> list[tuple[str, str]]:
    from cli.querying.named import names_begun

    return names_begun(incomplete)


def query(  # noqa: PLR0913, PLR0917 - one an option
    question: Annotated[
        str | None,
        typer.Argument(
            metavar="SQL|NAME",
            help="SELECT, WITH, SHOW or DESCRIBE; or the name of a question in queries/. Without it, they are listed.",
            autocompletion=_names,
        ),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="The SQL in a file.")] = None,
    name: Annotated[
        str | None,
        typer.Option("--named", metavar="NAME", help="A question of queries/ by its name.", autocompletion=_names),
    ] = None,
    version: Annotated[
        int | None,
        typer.Option(
            "--version", metavar="N", parser=options.whole("--version", 1), autocompletion=numbers_begun,
            help="Version N of the lake; by default what the catalogue shows, the newest.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", metavar="N", parser=options.whole("--limit", 1),
            help="No more than N rows: 50 on the terminal by default, all of them in files and JSON.",
        ),
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the rows as CSV.")] = None,
    excel: Annotated[Path | None, typer.Option("--excel", metavar="FILE", help="Write them as Excel, .xlsx.")] = None,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:  # fmt: skip
    """Ask the tables a question in SQL, by way of Athena; only what reads is sent.

    Tables may be written by any name that is printed anywhere, with or without the database: TABLE, silver.TABLE. The
    last lines say which version was read, and what the query costs on AWS. The workgroup bounds what it may scan.
    """
    given = [each for each in (question, file, name) if each is not None]
    if len(given) > 1:
        raise UsageError("more than one question is asked", "Give SQL or a name, or --file, or --named: one of them.")
    if not given:
        if csv or excel or version or limit:
            raise UsageError("no question is asked", "`./importau query` lists those that have a name.")
        _list(as_json)
        return
    from cli.querying.asking import answered
    from cli.querying.forms import Forms
    from cli.querying.tables import Tables
    from lakehouse.contract.model import load_all

    forms = Forms(csv and csv.expanduser(), excel and excel.expanduser(), as_json, limit)
    forms.require_places()
    sql, asked = _sql(question, file, name)
    aws = connect(local, stack, region, profile, stage)
    with present.activity("Athena"):
        tables = Tables({contract.table: contract for contract in load_all()}, aws.stage)
        found = answered(aws, sql, tables, version)
    forms.hand_over(found, asked)


def _sql(question: str | None, file: Path | None, name: str | None) -> tuple[str, str]:
    """Return the SQL that is meant, and the question that it answers, where that has a name."""
    from cli.querying import named
    from cli.querying.statement import READS

    if file is not None:
        return named.sql_of(file.expanduser()), ""
    if name is None and question is not None and (len(question.split()) != 1 or question.strip().upper() in READS):
        return question, ""
    found = named.find((name or question or "").strip())
    return found.sql, found.question


def _list(as_json: bool) -> None:
    from cli.querying import named
    from cli.querying.printing import print_json

    there = named.named()
    if as_json:
        print_json([{"name": e.name, "question": e.question, "columns": dict(e.columns)} for e in there.values()])
        return
    present.records(("name", "question"), [(each.name, each.question) for each in there.values()])
    present.say('ask one: `./importau query NAME`; or any in SQL: `./importau query "SELECT ..."`')
