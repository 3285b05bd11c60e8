"""Questions in SQL on the deployed lakehouse: those with a name, any version, and awswrangler's own readers."""

import csv
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import awswrangler as wr
import boto3
import independent
import pyarrow as pa
import pytest
from deployed_lakehouse import Lakehouse
from deployment import deployed
from lakehouse_tables import CASH_FLOW, EVERY_TABLE, FACT, OUTLOOK, RISK
from worked_out import ANSWERS

from cli import ROOT
from cli.embedded.endpoint import ACCOUNT, REGION
from cli.querying.named import named
from lakehouse.contract.model import load
from lakehouse.lake import layout

pytestmark = pytest.mark.e2e
SAMPLE = ROOT / "csv_exports"
Row = dict[str, Any]


class Here:
    """A lakehouse of this file's own, and the command line for it, in processes as users start them."""

    def __init__(self, home: Path, deployment: Any) -> None:
        self.lakehouse = Lakehouse(deployment)
        self.glue = deployment.client("glue")
        self.session = boto3.Session(ACCOUNT, "test", region_name=REGION)
        self.environment = os.environ | {"IMPORTAU_HOME": str(home)}

    def types(self, *arguments: str, code: int = 0) -> Any:
        ran = subprocess.run(
            [ROOT / "importau", *arguments, "--local"],
            cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == code, (arguments, ran.stdout, ran.stderr)
        return SimpleNamespace(out=ran.stdout, err=ran.stderr, code=ran.returncode)

    def asks(self, *arguments: str) -> Any:
        return json.loads(self.types("query", *arguments, "--json").out)

    def databases(self) -> set[str]:
        return {each["Name"] for each in self.glue.get_databases()["DatabaseList"]}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """Return a lakehouse of two versions: the sample, and the sample without its last order and without loans."""
    home = tmp_path_factory.mktemp("importau")
    fewer = tmp_path_factory.mktemp("fewer")
    for file in SAMPLE.glob("*.csv"):
        text = file.read_text("utf-8")
        lines = text.splitlines(keepends=True)
        (fewer / file.name).write_text(
            "".join(lines[:-1]) if file.stem in ("pedidos", "emprestimos") else text, "utf-8"
        )
    with deployed(home, "importau-lakehouse-query") as made:
        found = Here(home, made)
        found.types("run", "--csv-dir", str(fewer))
        found.types("run", "--csv-dir", str(SAMPLE))
        yield found


# ---- the questions with a name, worked out apart from Athena and from the product ------------------------------------


@pytest.fixture(scope="module")
def expected(here: Here) -> dict[str, list[Row]]:
    tables = {name: table.to_pylist() for name, table in independent.tables(SAMPLE).items()}
    # What is forecast is worked out anew in its own tests; here it is what was published.
    tables |= {name: here.lakehouse.published(name).to_pylist() for name in (OUTLOOK, RISK)}
    return {name: answer(tables) for name, answer in ANSWERS.items()}


def as_text(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal | date) else value


@pytest.mark.parametrize("name", ANSWERS)
def test_a_question_is_answered_as_it_is_worked_out_independently(
    here: Here, expected: dict[str, list[Row]], name: str
) -> None:
    found = here.asks(name)
    rows = [{key: as_text(value) for key, value in row.items()} for row in expected[name]]
    assert rows
    assert found["rows"] == rows
    assert (found["version"], found["catalogue_behind"]) == (2, {})
    assert found["scanned_bytes"] > 0


def test_every_question_has_its_independent_answer() -> None:
    assert sorted(ANSWERS) == sorted(named())


# ---- versions ----------------------------------------------------------------------------------------------------


def test_an_older_version_is_asked_without_a_trace(here: Here) -> None:
    before = here.databases(), catalogue(here)
    question = "SELECT count(*) AS n, sum(p.valor_total_brl) AS total FROM pedidos p"
    newest, oldest = here.asks(question), here.asks(question, "--version", "1")
    assert [each["rows"][0]["n"] for each in (newest, oldest)] == [240, 239]
    assert (oldest["version"], newest["version"]) == (1, 2)
    assert here.asks(question, "--version", "2")["rows"] == newest["rows"]
    assert (here.databases(), catalogue(here)) == before


def catalogue(here: Here) -> list[Any]:
    return [
        here.glue.get_table(DatabaseName=load(table).database, Name=table)["Table"]["VersionId"]
        for table in EVERY_TABLE
    ]


def test_a_query_of_a_version_that_fails_leaves_nothing(here: Here) -> None:
    before = here.databases()
    ran = here.types("query", "SELECT nada FROM pedidos", "--version", "1", code=1)
    assert "there is no column 'nada'" in ran.err
    assert here.databases() == before


def test_a_query_of_a_version_that_is_interrupted_leaves_nothing(here: Here) -> None:
    before = here.databases()
    slow = "SELECT count(*) FROM cambio a, cambio b, cambio c, cambio d WHERE a.moeda < d.moeda"
    process = subprocess.Popen(
        [ROOT / "importau", "query", slow, "--version", "1", "--local"],
        cwd=ROOT, env=here.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while here.databases() == before:
        assert time.monotonic() < deadline and process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert here.databases() == before


def test_a_query_that_is_stopped_is_cancelled_and_works_no_more(here: Here) -> None:
    athena = here.lakehouse.deployment.client("athena")
    sql = "SELECT count(*) FROM cambio a, cambio b, cambio c, cambio d WHERE a.moeda < d.moeda"
    query = athena.start_query_execution(
        QueryString=sql, WorkGroup="importau", QueryExecutionContext={"Database": "importau_bronze"}
    )["QueryExecutionId"]
    athena.stop_query_execution(QueryExecutionId=query)
    deadline = time.monotonic() + 60
    while (status := athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]) and (
        "CompletionDateTime" not in status or status["State"] != "CANCELLED"
    ):
        assert time.monotonic() < deadline, status
    assert here.asks("SELECT 1 AS a")["rows"] == [{"a": 1}]


# ---- forms -----------------------------------------------------------------------------------------------------------


def test_files_have_what_was_answered(here: Here, tmp_path: Path, expected: dict[str, list[Row]]) -> None:
    file, sheet = tmp_path / "saidas.csv", tmp_path / "saidas.xlsx"
    ran = here.types("query", "saidas-por-mes", "--csv", str(file), "--excel", str(sheet))
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert rows == [{key: str(value) for key, value in row.items()} for row in expected["saidas-por-mes"]]
    assert sheet.read_bytes()[:2] == b"PK"
    assert "free here, at most 0.00005 USD on AWS" in ran.err


def test_the_terminal_shows_fifty_rows_and_says_how_to_see_more(here: Here) -> None:
    ran = here.types("query", "SELECT item_id FROM itens_pedido ORDER BY item_id")
    assert len([line for line in ran.out.splitlines() if line.startswith("ITEM")]) == 50
    assert "the first 50 rows of version 2; more: --limit N" in ran.err
    assert "1 row of version 2" in here.types("query", "SELECT count(*) FROM itens_pedido").err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("DROP TABLE pedidos",), 2, "'DROP' is refused: nothing was sent"),
        (("SELECT * FROM pedido",), 2, "there is no table 'pedido'"),
        (("saidas-por-me",), 2, "Is it saidas-por-mes"),
        (("saidas-por-mes", "--named", "saidas-por-mes"), 2, "more than one question"),
        (("SELECT pedido_di FROM pedidos",), 1, "Is it pedido_id"),
        (("SELECT sum(status) FROM pedidos",), 1, "types do not fit"),
        (("--file", "no/such.sql"), 2, "cannot be read"),
        (("saidas-por-mes", "--csv", "no/such/x.csv"), 2, "there is no folder"),
        (("saidas-por-mes", "--version", "9"), 2, "there is no version 9"),
    ],
)
def test_a_mistake_is_one_clear_message(here: Here, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = here.types("query", *arguments, code=code)
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_show_and_describe_say_what_there_is(here: Here, tmp_path: Path) -> None:
    (tmp_path / "what.sql").write_text("-- tables\nSHOW TABLES IN silver;\n")
    assert here.asks("--file", str(tmp_path / "what.sql"))["rows"] == [{"tab_name": FACT}]
    described = here.asks(f"DESCRIBE {FACT}")["rows"]
    assert [(each["col_name"], each["data_type"]) for each in described] == [
        (column.name, column.glue_type) for column in load(FACT).columns
    ]


def test_a_masked_view_answers_without_anybodys_data(here: Here) -> None:
    assert f"{layout.MASKED_DATABASE}.fornecedores" in here.types("export", "--masked", "--views").err
    masked = here.asks(f"SELECT * FROM {layout.MASKED_DATABASE}.fornecedores ORDER BY fornecedor_id")["rows"]
    plain = here.asks("SELECT * FROM fornecedores ORDER BY fornecedor_id")["rows"]
    hidden = load("fornecedores").masking
    assert [{name: each for name, each in row.items() if name not in hidden} for row in masked] == [
        {name: each for name, each in row.items() if name not in hidden} for row in plain
    ]
    assert all("cnpj" not in row and set(row["contato_email"]) <= set("*@.") for row in masked)


# ---- awswrangler's own readers ---------------------------------------------------------------------------------------


@pytest.fixture
def wrangler(here: Here, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return how awswrangler asks Athena here; all but the endpoint is as on AWS."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", here.lakehouse.deployment.endpoint.url)

    def ask(sql: str, **given: Any) -> Any:
        return wr.athena.read_sql_query(
            sql,
            database="importau_gold",
            ctas_approach=False,
            workgroup="importau",
            boto3_session=here.session,
            **given,
        )

    return ask


@pytest.mark.parametrize("table", EVERY_TABLE)
def test_awswrangler_reads_every_table_by_way_of_athena_with_its_types(here: Here, wrangler: Any, table: str) -> None:
    """Decimals with every place, dates, NULLs and whole numbers, as they are in the file."""
    frame = wrangler(f"SELECT * FROM {load(table).qualified_name}")
    file = here.lakehouse.published(table).cast(load(table).schema).to_pylist()
    found = frame.astype(object).where(frame.notna(), None).to_dict("records")
    assert sorted(found, key=repr) == sorted(file, key=repr)
    assert {type(row[name]) for row in found for name in row} == {type(row[name]) for row in file for name in row}


def test_awswrangler_reads_an_answer_in_pieces_and_of_no_rows(wrangler: Any) -> None:
    sql = "SELECT pedido_id, valor_total_brl FROM importau_bronze.pedidos"
    assert [len(piece) for piece in wrangler(sql, chunksize=100)] == [100, 100, 40]
    nothing = wrangler(f"{sql} WHERE pedido_id = 'nada'")
    assert (len(nothing), list(nothing.columns)) == (0, ["pedido_id", "valor_total_brl"])


def test_awswrangler_says_why_a_query_failed(wrangler: Any) -> None:
    with pytest.raises(wr.exceptions.QueryFailed, match="COLUMN_NOT_FOUND: line 1:8"):
        wrangler("SELECT nada FROM importau_bronze.pedidos")


@pytest.mark.parametrize("table", [FACT, CASH_FLOW, "pedidos"])
def test_awswrangler_reads_the_tables_files(here: Here, wrangler: Any, table: str) -> None:
    entry = wr.catalog.get_table_location(load(table).database, table, boto3_session=here.session)
    assert entry == f"s3://{here.lakehouse.bucket}/{layout.run_prefix(table, here.lakehouse.version()['run'])}"
    frame = wr.s3.read_parquet(entry, boto3_session=here.session, dtype_backend="pyarrow")
    found = pa.Table.from_pandas(frame, preserve_index=False).cast(load(table).schema)
    assert found.equals(here.lakehouse.published(table).cast(load(table).schema))


def test_the_workgroup_bounds_what_a_query_may_scan(here: Here) -> None:
    athena = here.lakehouse.deployment.client("athena")
    settings = athena.get_work_group(WorkGroup="importau")["WorkGroup"]["Configuration"]
    assert settings["EnforceWorkGroupConfiguration"]
    assert settings["BytesScannedCutoffPerQuery"] == 100 * 2**30
    assert settings["ResultConfiguration"]["OutputLocation"] == f"s3://{here.lakehouse.bucket}/{layout.ATHENA_PREFIX}"
    # A table of more than ten megabytes, the least that a workgroup can be bound to.
    here.lakehouse.put("grande/x.parquet", b"x" * 10_000_001)
    here.glue.create_database(DatabaseInput={"Name": "minha"})
    place = {"Columns": [{"Name": "a", "Type": "bigint"}], "Location": f"s3://{here.lakehouse.bucket}/grande/"}
    here.glue.create_table(DatabaseName="minha", TableInput={"Name": "grande", "StorageDescriptor": place})
    athena.update_work_group(WorkGroup="importau", ConfigurationUpdates={"BytesScannedCutoffPerQuery": 10_000_000})
    assert "more than its workgroup allows" in here.types("query", "SELECT count(*) FROM minha.grande", code=1).err
    assert here.types("query", "SELECT count(*) FROM pedidos").code == 0
