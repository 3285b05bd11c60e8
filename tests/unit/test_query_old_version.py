"""An older version is asked in tables of its own, which are gone afterwards, whatever happened."""

import io
import signal
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_lake import BUCKET, account, deploy, published

from cli.contents.opening import opened
from cli.errors import CliError, UsageError
from cli.querying import asking, athena
from cli.querying.asking import answered
from cli.querying.athena import Answer, Column, RefusedError, ask
from cli.querying.old_version import PREFIX, registered
from cli.querying.tables import Tables
from cli.session import Aws
from lakehouse.contract.model import load, load_all
from lakehouse.lake import layout
from lakehouse.versions.view import View

TABLES = Tables({contract.table: contract for contract in load_all()})
TEXT = "SELECT count(*) FROM pedidos JOIN cambio ON true"


def first(self: View, name: str) -> pq.ParquetFile:
    sink = io.BytesIO()
    pq.write_table(pa.table(load(name).schema.empty_table()), sink)
    return pq.ParquetFile(sink)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Yield an account with a lake of two versions, whose catalogue shows the second."""
    with account(monkeypatch) as found:
        deploy(found, WorkGroupName="importau")
        published(found, "r1")
        published(found, "r2")
        monkeypatch.setattr(View, "first", first)
        yield found


def databases(aws: Aws) -> list[str]:
    return [each["Name"] for each in aws.client("glue").get_databases()["DatabaseList"]]


def test_the_tables_are_those_of_the_version_and_only_those_that_are_asked(aws: Aws) -> None:
    with registered(aws, opened(aws, 1), ["pedidos", "cambio"]) as database:
        assert database.startswith(PREFIX)
        assert databases(aws) == [database]
        tables = {each["Name"]: each for each in aws.client("glue").get_tables(DatabaseName=database)["TableList"]}
        assert set(tables) == {"pedidos", "cambio"}
        storage = tables["pedidos"]["StorageDescriptor"]
        assert storage["Location"] == f"s3://{BUCKET}/bronze/pedidos/run=r1/"
        columns = [(each["Name"], each["Type"]) for each in storage["Columns"]]
        assert columns == [(column.name, column.glue_type) for column in load("pedidos").columns]
    assert databases(aws) == []


def test_two_at_once_do_not_meet(aws: Aws) -> None:
    view = opened(aws, 1)
    with registered(aws, view, ["pedidos"]) as one, registered(aws, view, ["pedidos"]) as two:
        assert one != two
    assert databases(aws) == []


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_nothing_stays_when_a_query_fails_or_is_interrupted(aws: Aws, fault: type[BaseException]) -> None:
    with pytest.raises(fault), registered(aws, opened(aws, 1), ["pedidos"]):
        raise fault
    assert databases(aws) == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_nothing_stays_when_a_table_cannot_be_registered(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Iterator[Any]:
        raise KeyboardInterrupt

    view = opened(aws, 1)
    monkeypatch.setattr(View, "first", broken)
    with pytest.raises(KeyboardInterrupt), registered(aws, view, ["pedidos"]):
        pytest.fail("it was registered")
    assert databases(aws) == []


def test_what_was_not_audited_is_never_read(aws: Aws) -> None:
    stray = f"{layout.run_prefix('pedidos', 'r1')}stray.parquet"
    aws.s3.put_object(Bucket=BUCKET, Key=stray, Body=b"x")
    with (
        pytest.raises(CliError, match=r"stray\.parquet was written by somebody else"),
        registered(aws, opened(aws, 1), ["pedidos"]),
    ):
        pytest.fail("it was registered")
    assert databases(aws) == []


def test_what_comes_between_the_look_and_the_answer_is_not_handed_over(aws: Aws) -> None:
    stray = f"{layout.run_prefix('pedidos', 'r1')}stray.parquet"
    with (
        pytest.raises(CliError, match=r"stray\.parquet was written by somebody else"),
        registered(aws, opened(aws, 1), ["pedidos"]),
    ):
        aws.s3.put_object(Bucket=BUCKET, Key=stray, Body=b"x")
    assert databases(aws) == []


# ---- a question from start to end ------------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Return what is sent to Athena, which answers everything."""
    sent: list[tuple[str, str]] = []

    def answer(_: Aws, sql: str, database: str) -> Answer:
        sent.append((sql, database))
        return Answer("id", "s3://lake/athena-results/id.csv", (Column("a", "bigint"),), 1, 0.1)

    monkeypatch.setattr(asking, "ask", answer)
    return sent


def register(aws: Aws, run: str, *tables: str) -> None:
    glue = aws.client("glue")
    for table in tables:
        database = load(table).database
        if database not in databases(aws):
            glue.create_database(DatabaseInput={"Name": database})
        glue.create_table(DatabaseName=database, TableInput={"Name": table, "Parameters": {"run_id": run}})


def test_without_a_version_the_catalogues_own_tables_are_read(aws: Aws, asked: list[tuple[str, str]]) -> None:
    register(aws, "r2", "pedidos", "cambio")
    found = answered(aws, TEXT, TABLES)
    assert asked == [
        ("SELECT count(*) FROM importau_bronze.pedidos JOIN importau_bronze.cambio ON true", "importau_gold")
    ]
    assert (found.version, found.behind) == (2, {})


def test_a_catalogue_that_lags_is_told(aws: Aws, asked: list[tuple[str, str]]) -> None:
    register(aws, "r2", "pedidos")
    register(aws, "r1", "cambio")
    assert answered(aws, TEXT, TABLES).behind == {"cambio": "r1"}


def test_with_a_version_its_own_tables_are_read_and_gone(aws: Aws, asked: list[tuple[str, str]]) -> None:
    found = answered(aws, TEXT, TABLES, 1)
    ((sql, database),) = asked
    assert sql == f"SELECT count(*) FROM {database}.pedidos JOIN {database}.cambio ON true"
    assert (found.version, databases(aws)) == (1, [])


def test_a_published_table_with_a_file_that_nobody_audited_is_not_read(aws: Aws, asked: list[tuple[str, str]]) -> None:
    aws.s3.put_object(Bucket=BUCKET, Key=f"{layout.run_prefix('cambio', 'r2')}stray.parquet", Body=b"x")
    with pytest.raises(CliError, match="version 2 is not what was audited"):
        answered(aws, TEXT, TABLES)
    assert asked == []
    answered(aws, "SELECT 1 FROM pedidos", TABLES)  # another table is none the worse


def test_an_error_of_athena_leaves_nothing_behind_and_is_explained(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Answer:
        raise RefusedError("COLUMN_NOT_FOUND: line 1:8: Column 'statu' cannot be resolved")

    monkeypatch.setattr(asking, "ask", refuse)
    with pytest.raises(CliError) as raised:
        answered(aws, "SELECT statu FROM pedidos", TABLES, 1)
    assert "there is no column 'statu'" in raised.value.message
    assert "status" in raised.value.fix
    assert databases(aws) == []


@pytest.mark.parametrize(
    "text", ["SELECT 1", "SELECT * FROM tarefas", "SELECT * FROM a.b, pedidos", "DESCRIBE pedidos"]
)
def test_what_has_no_versions_cannot_be_asked_of_one(aws: Aws, text: str, asked: list[tuple[str, str]]) -> None:
    with pytest.raises(UsageError, match="--version"):
        answered(aws, text, TABLES, 1)
    assert asked == []


def test_a_version_that_there_is_not_is_told(aws: Aws, asked: list[tuple[str, str]]) -> None:
    with pytest.raises(UsageError, match="there is no version 7"):
        answered(aws, TEXT, TABLES, 7)


class Athena:
    """An Athena that goes through some states."""

    def __init__(self, *states: str, reason: str = "") -> None:
        self._states, self._reason, self.calls = list(states), reason, list[str]()

    def start_query_execution(self, **given: Any) -> Any:
        assert given == {
            "QueryString": "SELECT 1", "WorkGroup": "importau", "QueryExecutionContext": {"Database": "importau_gold"}
        }  # fmt: skip
        return {"QueryExecutionId": "q"}

    def get_query_execution(self, **_: Any) -> Any:
        self.calls.append("get")
        state = self._states.pop(0)
        if state == "CTRL-C":
            raise KeyboardInterrupt
        status = {"State": state} | ({"StateChangeReason": self._reason} if self._reason else {})
        statistics = {"DataScannedInBytes": 7, "TotalExecutionTimeInMillis": 1500}
        place = {"OutputLocation": "s3://lake/q.csv"}
        return {"QueryExecution": {"Status": status, "Statistics": statistics, "ResultConfiguration": place}}

    def get_query_results(self, **_: Any) -> Any:
        info = [{"Name": "a", "Type": "decimal", "Precision": 38, "Scale": 2}, {"Name": "b", "Type": "varchar"}]
        return {"ResultSet": {"ResultSetMetadata": {"ColumnInfo": info}}}

    def stop_query_execution(self, **_: Any) -> None:
        self.calls.append("stop")


def ask_of(athena_: Athena, monkeypatch: pytest.MonkeyPatch, aws: Aws) -> Answer:
    monkeypatch.setattr(Aws, "client", lambda *_: athena_)
    monkeypatch.setattr(athena.time, "sleep", lambda _: None)
    return ask(aws, "SELECT 1", "importau_gold")


def test_an_answer_is_waited_for_in_the_workgroup(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ask_of(Athena("QUEUED", "RUNNING", "SUCCEEDED"), monkeypatch, aws)
    columns = (Column("a", "decimal(38,2)"), Column("b", "varchar"))
    assert found == Answer("q", "s3://lake/q.csv", columns, 7, 1.5)


def test_a_question_that_nobody_waits_for_is_stopped(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Athena("RUNNING", "CTRL-C")
    with pytest.raises(KeyboardInterrupt):
        ask_of(slow, monkeypatch, aws)
    assert slow.calls == ["get", "get", "stop"]


@pytest.mark.parametrize(("state", "reason"), [("FAILED", "why"), ("CANCELLED", ""), ("CANCELLED", "limit")])
def test_what_athena_gives_up_is_a_refusal(aws: Aws, monkeypatch: pytest.MonkeyPatch, state: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason or state):
        ask_of(Athena(state, reason=reason), monkeypatch, aws)
