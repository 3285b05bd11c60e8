"""Who measures the engines: medians, agreement, what did not finish, and the page."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from lakehouse_tables import CASH_FLOW, FACT, FORECAST
from naive import Naive
from typer.testing import CliRunner

from bench import checks, compare, engines, history, inputs, measure, process, results
from bench.goals import goals
from bench.history import Record
from bench.measure import Agreed, DisagreementError, Measured
from bench.page import failures, page, rows
from bench.process import Limits, Took, UnfinishedError
from bench.shapes import SHAPES
from bench.tables import BRONZE, FACT_COLUMNS, GOLD_NEEDS, NEEDED, sql_type
from bench.totals import differences, totals
from bronze.synthetic.company import accepted, generate
from cli.commands.bench import sizes
from cli.main import app
from gold.partial import COLUMNS
from lakehouse.contract.model import load
from silver.correlation import correlate

pytestmark = pytest.mark.once

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
NO_LIMITS = Limits(60, 1 << 40)
JOBS = "tests.support.engine_jobs"
ENGINE = replace(engines.ENGINES[0], module=JOBS)


@pytest.fixture(scope="module")
def world():
    tables = {name: accepted(name, table).kept for name, table in generate(300, 1).items()}
    return checks.with_traps(tables)


@pytest.fixture(scope="module")
def output(world, tmp_path_factory):
    """What this project's engine writes of a small world."""
    home = tmp_path_factory.mktemp("home")
    checks.write(world, home)
    return checks.written(engines.ENGINES[0], engines.SILVER_GOLD, home, NO_LIMITS)


@pytest.fixture
def copied(output, tmp_path):
    """A copy of it that may be spoiled."""
    for table in (FACT, CASH_FLOW, FORECAST):
        (tmp_path / table).mkdir()
        pq.write_table(compare.read(output, table), tmp_path / table / "0.parquet")
    return tmp_path


def spoil(folder, table, column, row, value):
    path = folder / table / "0.parquet"
    found = pq.read_table(path)
    values = found[column].to_pylist()
    values[row] = value
    at = found.schema.get_field_index(column)
    pq.write_table(found.set_column(at, found.schema.field(at), pa.array(values, found.schema.field(at).type)), path)


def test_wall_cpu_and_memory_have_medians_of_their_own():
    runs = (Took(1.0, 9.0, 100), Took(3.0, 7.0, 300), Took(2.0, 8.0, 200))
    assert Measured(runs).median == Took(2.0, 8.0, 200)
    assert Measured((Took(1.0, 5.0, 100), Took(10.0, 1.0, 50), Took(2.0, 3.0, 70))).median == Took(2.0, 3.0, 70)


def test_a_job_says_what_it_took_and_its_memory_is_not_that_of_who_measures(tmp_path):
    held = bytearray(b"x" * (900 << 20))
    took = process.run(ENGINE, JOBS, "main", tmp_path / "in", tmp_path / "out", NO_LIMITS)
    assert (tmp_path / "out/made").read_text() == f"in {300 << 20}"
    assert took.peak < 600 << 20 < len(held)
    assert process.run(ENGINE, JOBS, "spin", tmp_path, tmp_path / "out", NO_LIMITS).cpu >= 0.3
    assert not list((tmp_path / "out").iterdir())  # emptied before


@pytest.mark.parametrize(
    ("job", "limits", "why"),
    [
        ("wait", Limits(1, 1 << 40), "stopped after 1 s"),
        ("grow", Limits(60, 500 << 20), "stopped at 0.[56] GB of memory"),
        ("fail", NO_LIMITS, "ValueError: amounts that do not fit"),
    ],
)
def test_what_does_not_finish_says_why(job, limits, why, tmp_path):
    with pytest.raises(UnfinishedError, match=why):
        process.run(ENGINE, JOBS, job, tmp_path, tmp_path / "out", limits)


def test_an_engine_whose_program_is_missing_is_not_run_and_the_table_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(inputs, "CACHE", tmp_path)
    (tmp_path / "10/csv").mkdir(parents=True)
    for name in BRONZE:
        (tmp_path / f"10/csv/{name}.csv").write_text("head\nrow\n")
    absent = replace(ENGINE, name="pyspark_local", needs="no-such-program")
    table = measure.measured(engines.SILVER_GOLD, 10, [absent], 3, NO_LIMITS, str)
    assert table.engines["pyspark_local"].failure == "not run: there is no `no-such-program` on this machine"
    entry = results.entry(table, datetime(2026, 1, 1, tzinfo=UTC), {})
    assert list(rows(entry)) == [("PySpark, local mode", "did not finish", "", "", "", "")]
    assert list(failures(entry)) == ["PySpark, local mode: not run: there is no `no-such-program` on this machine"]


def test_totals_are_exact_and_do_not_depend_on_files_or_dictionaries(output, copied):
    found = totals(output)
    fact = compare.read(output, FACT)
    assert found[f"{FACT}.rows"] == str(len(fact))
    assert Decimal(found[f"{FACT}.valor_fluxo_brl"]) == pc.sum(fact["valor_fluxo_brl"]).as_py()
    at = fact.schema.get_field_index("categoria")
    encoded = fact.set_column(at, "categoria", fact["categoria"].combine_chunks().dictionary_encode())
    pq.write_table(encoded.slice(0, 100), copied / FACT / "0.parquet")
    pq.write_table(encoded.slice(100), copied / FACT / "1.parquet")
    assert totals(copied) == found


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        (FACT, "variacao_cambial_brl", Decimal("0.01")),
        (FACT, "razao_social", "Outra Ltda"),
        (CASH_FLOW, "qtd_pedidos", -1),
        (FORECAST, "valor_fluxo_lag_1", Decimal("1.00")),
    ],
)
def test_a_total_that_differs_fails_the_benchmark_and_is_named_with_both_engines(table, column, value, output, copied):
    agreed = Agreed()
    agreed.check("one", totals(output))
    agreed.check("two", totals(copied))
    spoil(copied, table, column, 3, value)
    with pytest.raises(DisagreementError, match="three and one do not have the same results") as error:
        agreed.check("three", totals(copied))
    (different,) = error.value.different
    assert f"{table}.{column}: " in different


def test_what_only_one_engine_has_is_a_difference():
    assert differences({"a": "1"}, {"a": "1", "b": "2"}) == ["b: nothing and 2"]


def test_equal_values_are_no_problem_whatever_the_way_of_storing_them(output, copied):
    expected = compare.tables(output)
    assert list(compare.problems(expected, output)) == []
    fact = pq.read_table(copied / FACT / "0.parquet")
    at = fact.schema.get_field_index("produto_id")
    fact = fact.set_column(at, "produto_id", fact["produto_id"].combine_chunks().dictionary_encode())
    pq.write_table(fact.slice(0, 50), copied / FACT / "1.parquet")
    pq.write_table(fact.slice(50), copied / FACT / "0.parquet")
    assert compare.problems(expected, copied) == []


def test_every_value_is_compared(output, copied):
    spoil(copied, FACT, "nome_produto", 0, "Outro")
    spoil(copied, FORECAST, "taxa_ptax_media", 2, 3.5)
    wrong = compare.problems(compare.tables(output), copied)
    assert [problem.split(":")[0] for problem in wrong] == [f"{FACT}.nome_produto", f"{FORECAST}.taxa_ptax_media"]


def test_order_columns_and_codec_are_compared_as_well(output, copied):
    path, expected = copied / FACT / "0.parquet", compare.tables(output)
    fact = pq.read_table(path)
    pq.write_table(fact.take(pa.array(range(len(fact) - 1, -1, -1))), path)
    assert any("not sorted" in problem for problem in compare.problems(expected, copied))
    pq.write_table(fact, path, compression="zstd")
    assert compare.problems(expected, copied) == [f"{FACT}: 0.parquet is compressed with ZSTD"]
    pq.write_table(fact.drop_columns("rating"), path)
    assert any(problem.startswith(f"{FACT}: the columns are ") for problem in compare.problems(expected, copied))
    path.unlink()
    assert compare.problems(expected, copied) == [f"{FACT}: no file was written"]


def test_the_traps_are_there_and_this_projects_engine_is_right_on_them(world):
    fact = correlate(world).fact
    kinds = set(fact["tipo_registro"].to_pylist())
    assert kinds == {"PAGAMENTO", "PAGAMENTO_SEM_PEDIDO", "PARCELA_EMPRESTIMO", "PEDIDO_SEM_PAGAMENTO"}
    for column in (
        "item_id",
        "pedido_id",
        "data_ptax",
        "taxa_ptax",
        "variacao_cambial_brl",
        "categoria",
        "moeda_origem",
    ):
        assert fact.filter(pc.not_equal(fact["tipo_registro"], "PARCELA_EMPRESTIMO"))[column].null_count, column
    schema = load(FACT).schema
    assert fact.to_pylist() == pa.Table.from_pylist(Naive(world).fact(schema.names), schema).to_pylist()


def test_what_the_peers_are_told_of_the_tables_is_what_the_contracts_say():
    assert tuple(load(FACT).schema.names) == FACT_COLUMNS
    assert set(GOLD_NEEDS) == set(COLUMNS)
    for table, columns in NEEDED.items():
        assert set(columns) <= set(load(table).schema.names)
        for field in load(table).schema:
            said = {"string": "VARCHAR", "int64": "BIGINT", "date32[day]": "DATE"}.get(str(field.type))
            assert sql_type(field.name) == (said or f"DECIMAL({field.type.precision}, {field.type.scale})")


def test_what_is_measured_aside_is_no_peer():
    walls = {"importau": took(4.0), "polars_tuned": took(8.0), "polars_tuned_straight": took(5.0)}
    found = verdicts(measured(walls, job=engines.END_TO_END))
    assert found["1 million orders, CSV to Gold: at least 2 times faster than the best peer"] == ("2.00 times", True)


def test_the_page_is_what_the_generator_makes_of_the_results():
    kept = json.loads((GOLDEN / "performance.json").read_text("utf-8"))
    records = [Record("1234567", "2026-11-22", "A processor", {"faster-1m": 1.5, "memory-5m": 0.55})]
    for entry in kept.values():
        records = history.added(records, history.record(kept, entry, "abcdef0"))
    assert page(kept, records, "## Notes\n\nWhat people say.\n") == (GOLDEN / "performance.md").read_text("utf-8")


def test_a_newer_measurement_takes_the_place_of_the_older_one_of_the_same_job_and_size():
    entry = {"job": engines.SILVER_GOLD, "orders": 1000, "rows": 1}
    kept = results.added(results.added({}, entry), entry | {"orders": 200})
    assert [each["orders"] for each in kept.values()] == [200, 1000]
    assert [each["rows"] for each in results.added(kept, entry | {"rows": 7}).values()] == [1, 7]


def took(wall, peak=10**9, failure=""):
    return {"failure": failure, "repetitions": 1, "wall": wall, "cpu": wall, "peak": peak}


def measured(walls, orders=1_000_000, job=engines.SILVER_GOLD):
    everyone = {engine.name: took(100.0) for engine in engines.ENGINES if job in engine.does}
    entry = {"job": job, "orders": orders, "rows": 1, "machine": {"processor": "x"}, "engines": everyone | walls}
    return {f"{job} {orders}": entry}


def verdicts(kept):
    return {goal.text: (goal.measured, goal.met) for goal in goals(kept)}


def test_goals_are_met_or_not_by_the_quickest_peer_and_the_quickest_floor():
    walls = {"importau": took(4.0, 3 * 10**8), "duckdb_tuned": took(12.0, 7 * 10**8), "polars_floor": took(1.9)}
    found = verdicts(measured(walls))
    assert found["1 million orders: at least 3 times faster than the best peer"] == ("3.00 times", True)
    assert found["1 million orders: at most 1.5 times the floor"] == ("2.11 times", False)
    assert found["1 million orders: less than half the best peer's peak memory"] == ("0.43 of it", True)
    assert found["5 million orders: within 0.45 GB"] == ("", None)


def test_a_peer_that_did_not_finish_is_not_the_quickest_and_one_that_was_left_out_leaves_the_goal_open():
    unfinished = {"failure": "stopped after 600 s", "repetitions": 0}
    walls = {"importau": took(4.0), "duckdb_tuned": unfinished, "polars_tuned": took(7.0)}
    said = "1 million orders: at least 3 times faster than the best peer"
    assert verdicts(measured(walls))[said] == ("1.75 times", False)
    kept = measured(walls)
    (entry,) = kept.values()
    del entry["engines"]["pandas_student"]
    assert verdicts(kept)[said] == ("", None)


def test_what_was_measured_on_two_machines_is_not_compared():
    kept = measured({"importau": took(4.0)}) | measured({"importau": took(16.0)}, orders=5_000_000)
    said = "5 million orders: at most 5 times the time of 1 million"
    assert verdicts(kept)[said] == ("4.00 times", True)
    kept["silver-gold 5000000"]["machine"] = {"processor": "y"}
    assert verdicts(kept)[said] == ("", None)


def test_a_shape_that_takes_longer_than_it_may_does_not_meet_its_goal():
    names = {shape.name: took(1.0) for shape in SHAPES}
    found = verdicts(measured(names | {"uuids": took(1.4), "all": took(2.1)}, job=engines.SHAPES_END_TO_END))
    goals_of_shapes = [verdict for text, verdict in found.items() if "of the clean export" in text]
    assert goals_of_shapes == [("1.40 times", True), ("2.10 times", False)]


def test_the_shape_that_is_least_ahead_of_its_quickest_peer_decides_and_a_peer_that_did_not_finish_does_not():
    kept = measured({shape.name: took(1.0) for shape in SHAPES}, job=engines.SHAPES_END_TO_END)
    said = "1 million orders, CSV to Gold, each other shape: at least 1.5 times faster than the best peer"
    assert verdicts(kept)[said] == ("", None)
    (entry,) = kept.values()
    quick, slow = took(1.6), took(5.0)
    entry["peers"] = {
        "clean": {"polars_general": took(1.1), "duckdb_general": slow},
        "quoted": {"polars_general": slow, "duckdb_general": quick},
        "broken": {"polars_general": took(0, failure="stopped after 600 s"), "duckdb_general": slow},
        "uuids": {"polars_general": took(0, failure="killed"), "duckdb_general": took(0, failure="killed")},
    }
    assert verdicts(kept)[said] == ("1.60 times", True)


def test_in_short_shapes_are_called_by_their_names_so_that_a_terminal_of_80_columns_has_them_in_a_line():
    (entry,) = measured({shape.name: took(10.0) for shape in SHAPES}, job=engines.SHAPES_END_TO_END).values()
    entry["peers"] = {shape.name: {"polars_general": took(20.0), "duckdb_general": took(30.0)} for shape in SHAPES}
    figures = ("10.00", "10.00", "1,000", "0.00", "1.00", "2.00", "3.00")
    assert list(rows(entry, in_short=True)) == [(shape.name, *figures) for shape in SHAPES]
    assert list(rows(entry)) == [(shape.title, *figures) for shape in SHAPES]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--orders", "1000,none"], "'none' cannot be read as a whole number"),
        (["--orders", "0"], "0 is too small"),
        (["--orders", "100,200"], "may be 100,200 orders, or the sizes 100, 200"),
        (["--orders", "1000", "--repetitions", "1.5"], "--repetitions: '1.5' cannot be read"),
        (["--engine", "fortran"], "there is no fortran"),
        (["--check", "--csv-dir", "/nowhere"], "/nowhere/pedidos.csv does not exist"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is(arguments, said):
    result = CliRunner().invoke(app, ["bench", "engine", *arguments])
    assert result.exit_code in (1, 2)
    assert said in result.stderr
    assert not result.exception or isinstance(result.exception, SystemExit)


def test_inputs_are_made_once_and_again_when_the_program_that_makes_them_changes(monkeypatch, tmp_path):
    monkeypatch.setattr(inputs, "CACHE", tmp_path)
    assert inputs.missing(20)
    measure.made(20, NO_LIMITS)
    assert not inputs.missing(20)
    assert pq.read_metadata(tmp_path / "20/bronze/pedidos.parquet").num_rows == 20
    assert (tmp_path / "20/csv/pedidos.csv").read_text("utf-8").count("\n") == 21
    (tmp_path / "20/made_by").write_text("another program")
    assert inputs.missing(20)


def test_two_benchmarks_do_not_measure_each_other(monkeypatch, tmp_path):
    monkeypatch.setattr(inputs, "CACHE", tmp_path)
    with inputs.alone() as alone:
        result = CliRunner().invoke(app, ["bench", "engine", "--orders", "10"])
    assert alone
    assert result.exit_code == 1
    assert "another `bench engine` runs in this folder" in result.stderr


def test_sizes_may_be_grouped_in_thousands_by_anything_but_the_comma_between_them():
    assert sizes("100000,1000000,5000000") == [100_000, 1_000_000, 5_000_000]
    assert sizes("1.000, 2_000,3 000") == [1000, 2000, 3000]
    assert sizes("100, 200") == [100, 200]
