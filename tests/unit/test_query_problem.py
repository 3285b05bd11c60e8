"""Why Athena refused a query, in the words of whoever asked."""

import pytest

from cli.querying.problem import explained
from cli.querying.statement import read
from cli.querying.tables import Tables
from lakehouse.contract.model import load_all

TABLES = Tables({contract.table: contract for contract in load_all()})
TEXT = "SELECT total_said FROM gold.agregado_fluxo_de_caixa_mensal"


@pytest.mark.parametrize(
    ("reason", "message", "fix"),
    [
        (
            "COLUMN_NOT_FOUND: line 1:8: Column 'total_said' cannot be resolved or requester is not authorized to "
            "access requested resources",
            "there is no column 'total_said' in line 1, column 8", "total_saida_brl",
        ),
        (
            "COLUMN_NOT_FOUND: line 1:8: Column 'zzzzqqq' cannot be resolved or requester is not authorized to "
            "access requested resources",
            "there is no column 'zzzzqqq'", "mes_referencia, origem_recurso",
        ),
        (
            "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.importau_gold.fluxo_de_caixa' does not exist",
            "there is no table 'importau_gold.fluxo_de_caixa'", "agregado_fluxo_de_caixa_mensal",
        ),
        (
            "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.importau_bronze.pedidos' does not exist",
            "Athena does not know the table 'importau_bronze.pedidos'", "./importau verify --repair",
        ),
        ("SCHEMA_NOT_FOUND: line 1:15: Schema 'outro' does not exist", "there is no database 'outro'", "importau_gold"),
        ("FUNCTION_NOT_FOUND: line 1:8: Function 'soma' not registered", "there is no function 'soma'", "trino.io"),
        (
            "EXPRESSION_NOT_AGGREGATE: line 1:8: 'mes' must be an aggregate expression or appear in GROUP BY clause",
            "'mes' is neither grouped by nor added up", "GROUP BY mes",
        ),
        ("AMBIGUOUS_NAME: line 1:8: Column 'status' is ambiguous",
         "more than one table has a column 'status'", "TABLE."),
        ("TYPE_MISMATCH: line 1:8: Unexpected parameters (varchar) for sum", "types do not fit", "CAST"),
        ("DIVISION_BY_ZERO: Division by zero", "something is divided by zero", "NULLIF"),
        ("SYNTAX_ERROR: line 1:8: mismatched input 'FRM'", "Athena cannot read the SQL", "missing"),
        ("Query cancelled! : Bytes scanned limit was exceeded", "more than its workgroup allows", "template.yaml"),
        (
            "Access denied when writing output to url: s3://lake/athena-results/1.csv",
            "Athena may not read that for you", "./importau check",
        ),
        ("HIVE_BAD_DATA: something else", "Athena refused the query: HIVE_BAD_DATA: something else", "Nothing is paid"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_is_wrong_and_what_to_write(reason: str, message: str, fix: str) -> None:
    error = explained(reason, read(TEXT, TABLES), TABLES)
    assert message in error.message
    assert fix in error.fix
    assert error.exit_code == 1


def test_a_place_is_that_of_the_text_that_was_typed() -> None:
    statement = read("SELECT * FROM pedidos WHERE nada = 1", TABLES)
    sent = statement.sql("importau_consulta_0123")
    reason = f"COLUMN_NOT_FOUND: line 1:{sent.index('nada') + 1}: Column 'nada' cannot be resolved"
    error = explained(reason, statement, TABLES, "importau_consulta_0123")
    assert f"column {statement.text.index('nada') + 1}" in error.message


def test_no_value_of_a_row_is_in_a_message() -> None:
    reason = "INVALID_CAST_ARGUMENT: Cannot cast 'Fulano de Tal' to BIGINT"
    error = explained(reason, read(TEXT, TABLES), TABLES)
    assert "Fulano" not in error.message + error.fix
    assert "TRY_CAST" in error.fix
