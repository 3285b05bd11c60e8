"""What may be asked: one statement that only reads, with its tables by any of their names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import EVERY_TABLE

from cli.errors import UsageError
from cli.querying.statement import read
from cli.querying.tables import GOVERNANCE, Tables, nearest
from lakehouse.contract.model import load, load_all

TABLES = Tables({contract.table: contract for contract in load_all()})


def sent(text: str, database: str = "") -> str:
    return read(text, TABLES).sql(database)


def refusal(text: str) -> UsageError:
    with pytest.raises(UsageError) as raised:
        read(text, TABLES)
    return raised.value


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("DROP TABLE pedidos", "DROP"),
        ("insert into pedidos select * from pedidos", "INSERT"),
        ("DELETE FROM pedidos", "DELETE"),
        ("UPDATE pedidos SET status = 'x'", "UPDATE"),
        ("CREATE TABLE x AS SELECT 1", "CREATE"),
        ("ALTER TABLE pedidos ADD COLUMNS (x int)", "ALTER"),
        ("MSCK REPAIR TABLE pedidos", "MSCK REPAIR"),
        ("UNLOAD (SELECT 1) TO 's3://x/' WITH (format = 'PARQUET')", "UNLOAD"),
        ("EXPLAIN ANALYZE SELECT 1", "EXPLAIN"),
        ("/* SELECT */ drop table pedidos", "DROP"),
        ("pedidos", "PEDIDOS"),
        ("SELECT * INTO x FROM pedidos", "INTO"),
        ("WITH x AS (SELECT 1) INSERT INTO pedidos SELECT * FROM x", "INSERT"),
    ],
)
def test_what_does_more_than_read_is_refused_by_name(text: str, word: str) -> None:
    error = refusal(text)
    assert error.message == f"'{word}' is refused: nothing was sent"
    assert "SELECT, WITH, SHOW or DESCRIBE" in error.fix
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1; DROP TABLE pedidos", "more than one statement"),
        ("", "there is no statement"),
        (" ;\n; ", "there is no statement"),
        ("-- nothing but a comment", "there is no statement"),
        ("SELECT 'a", "a quotation mark or a comment has no end"),
        ("SELECT a FROM pedidos WHERE", "cannot be read"),
        ("SELECT (1", "cannot be read in line 1, column"),
    ],
)
def test_what_is_not_one_statement_is_said_before_anything_is_sent(text: str, message: str) -> None:
    assert message in refusal(text).message


def test_a_semicolon_in_text_or_at_the_end_is_no_second_statement() -> None:
    assert sent("SELECT 'a;b' AS x ;\n") == "SELECT 'a;b' AS x"


def printed(table: str) -> list[str]:
    """Return the names of a table that commands, the portal, messages and folders print."""
    contract = load(table)
    return [
        table, table.upper(), f"{contract.database}.{table}", f"{contract.layer}.{table}",
        f'"{contract.layer}/{table}"', f'"{table.upper()}.parquet"', f'"s3://lake/{contract.layer}/{table}/"',
    ]  # fmt: skip


@pytest.mark.parametrize("table", EVERY_TABLE)
def test_a_table_may_be_written_by_any_name_that_is_printed(table: str) -> None:
    name = load(table).qualified_name
    for written in printed(table):
        assert sent(f"SELECT count(*) FROM {written} WHERE 1 = 1") == f"SELECT count(*) FROM {name} WHERE 1 = 1"
        assert sent(f"SELECT t.* FROM {written} t") == f"SELECT t.* FROM {name} t"


@given(st.sampled_from(EVERY_TABLE), st.integers(0, 6), st.sampled_from(["", "importau_consulta_0123"]))
def test_all_but_the_names_of_tables_is_sent_as_it_was_written(table: str, which: int, database: str) -> None:
    written = printed(table)[which]
    column = load(table).columns[0].name
    text = f"select  'pedidos' AS \"pedidos\" -- {table}\n FROM {written}  AS x\n WHERE x.{column} <> ''"
    place = f"{database or load(table).database}.{table}"
    assert sent(text, database) == text.replace(f"FROM {written}", f"FROM {place}")


def test_a_name_before_a_column_follows_its_table() -> None:
    text = "SELECT bronze.pedidos.status, importau_bronze.pedidos.pedido_id, pedidos.status FROM Bronze.PEDIDOS"
    moved = "SELECT pedidos.status, pedidos.pedido_id, pedidos.status FROM importau_consulta_1.pedidos"
    assert sent(text, "importau_consulta_1") == moved
    quoted = 'SELECT "silver/fato_pedido_correlacionado"."pedido_id" FROM "silver/fato_pedido_correlacionado"'
    name = "fato_pedido_correlacionado"
    assert sent(quoted) == f'SELECT {name}."pedido_id" FROM importau_silver.{name}'


def test_names_that_a_query_defines_itself_are_no_tables() -> None:
    text = (
        "WITH pedidos AS (SELECT * FROM pedidos), x AS (SELECT 1 AS y) "
        "SELECT * FROM pedidos, x, UNNEST(ARRAY[1]) AS u(z)"
    )
    statement = read(text, TABLES)
    assert statement.tables == ("pedidos",)
    assert statement.sql() == text.replace("(SELECT * FROM pedidos)", "(SELECT * FROM importau_bronze.pedidos)")


def test_tables_are_found_wherever_they_are_read() -> None:
    text = (
        "SELECT (SELECT max(taxa_ptax) FROM cambio) FROM itens_pedido i JOIN produtos p ON p.produto_id = i.produto_id "
        "WHERE i.pedido_id IN (SELECT pedido_id FROM pedidos) UNION ALL SELECT saldo_devedor FROM emprestimos"
    )
    assert set(read(text, TABLES).tables) == {"cambio", "itens_pedido", "produtos", "pedidos", "emprestimos"}


def test_a_query_of_no_table_or_of_anothers_table_is_left_to_athena() -> None:
    assert read("SELECT 1", TABLES).tables == ()
    other = read("SELECT * FROM information_schema.tables, minha.tabela", TABLES)
    assert (other.tables, other.unversioned) == ((), ("information_schema.tables", "minha.tabela"))


@pytest.mark.parametrize("table", GOVERNANCE)
def test_governances_tables_are_known_and_have_no_versions(table: str) -> None:
    statement = read(f"SELECT * FROM {table}", TABLES)
    assert statement.sql() == f"SELECT * FROM importau_governanca.{table}"
    assert (statement.tables, statement.unversioned) == ((), (f"importau_governanca.{table}",))


@pytest.mark.parametrize(
    ("written", "message", "fix"),
    [
        ("pedido", "there is no table 'pedido'", "pedidos"),
        ("importau_gold.fluxo_de_caixa", "there is no table", "agregado_fluxo_de_caixa_mensal"),
        ("silver.pedidos", "there is no table 'silver.pedidos'", "pedidos"),
        ('"pedidos.csv"', "is an exported CSV", "importau_bronze.pedidos"),
        ("landing.pedidos", "is an exported CSV", "importau_bronze.pedidos"),
        ("bronze.pedidos.status", "is a column", "importau_bronze.pedidos"),
    ],
)
def test_a_table_that_there_is_not_is_told_with_the_nearest(written: str, message: str, fix: str) -> None:
    error = refusal(f"SELECT * FROM {written}")
    assert message in error.message
    assert fix in error.fix


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("describe Bronze.PEDIDOS", "describe importau_bronze.pedidos"),
        ("DESCRIBE FORMATTED `pedidos`;", "DESCRIBE FORMATTED importau_bronze.pedidos"),
        ("show tables in gold", "show tables in importau_gold"),
        ("SHOW TABLES", "SHOW TABLES"),
        ("SHOW DATABASES LIKE 'importau*'", "SHOW DATABASES LIKE 'importau*'"),
        ("-- which?\nSHOW COLUMNS FROM fornecedores", "SHOW COLUMNS FROM importau_bronze.fornecedores"),
        ("SHOW CREATE TABLE \"silver/fato_pedido_correlacionado\"",
         "SHOW CREATE TABLE importau_silver.fato_pedido_correlacionado"),
    ],
)  # fmt: skip
def test_show_and_describe_know_every_name_too(text: str, expected: str) -> None:
    statement = read(text, TABLES)
    assert not statement.is_query
    assert statement.sql() == expected


@given(st.integers(0, 40))
def test_a_place_in_what_was_sent_is_found_in_what_was_written(column: int) -> None:
    text = "SELECT\n a, xx FROM pedidos p, gold.agregado_fluxo_de_caixa_mensal WHERE yy = 1 AND zz = 2"
    statement = read(text, TABLES)
    words = ("xx", "p,", "WHERE", "yy", "zz", "2")
    word = words[column % len(words)]
    line = statement.sql("importau_consulta_abc").splitlines()[1]
    at = statement.place(2, line.index(f" {word}") + 2, "importau_consulta_abc")
    assert at == (2, text.splitlines()[1].index(f" {word}") + 2)


def test_the_nearest_names_are_those_that_look_like_it_or_have_it_inside() -> None:
    assert nearest("pedido_di", ["status", "pedido_id", "data"]) == ["pedido_id"]
    assert nearest("forecast", EVERY_TABLE)[0] == "agregado_ml_forecast_risco_cambial"
    assert nearest("pedido", EVERY_TABLE)[0] == "pedidos"
    assert nearest("q", ["status"]) == []
