"""Every key and database name is the layout's: nothing else writes one, and what it writes it can read."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import EVERY_TABLE, FACT, FORECAST, TABLES

from lakehouse.lake import layout

ROOT = Path(__file__).resolve().parents[2]
LAYOUT = ROOT / "functions/common/lakehouse/lake/layout.py"
SOURCES = [*sorted(ROOT.glob("functions/**/*.py")), *sorted(ROOT.glob("cli/**/*.py"))]
ADDRESSES = (*layout.PREFIXES, layout.database_of(""), f"{layout.LANDING}.")
names = st.from_regex(r"[A-Za-z0-9-]{1,12}", fullmatch=True)
runs = st.from_regex(r"[A-Za-z0-9._-]{1,80}", fullmatch=True)
tables = st.sampled_from([table for its_tables in TABLES.values() for table in its_tables])


def texts(tree):
    """Yield the texts of a module's code, and those that its formatted texts begin with; no docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in docstrings:
            yield node.value


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_other_module_writes_a_key_or_the_name_of_a_database(file):
    if file == LAYOUT:
        return
    written = [text for text in texts(ast.parse(file.read_text("utf-8"))) if text.startswith(ADDRESSES)]
    assert not written, f"ask lakehouse.lake.layout for what {written} address"


def test_every_key_of_the_lakehouse_lies_under_one_of_its_prefixes():
    keys = [
        layout.landing_key("pedidos"), layout.correction_key("pedidos"), layout.run_key("pedidos", "r"),
        layout.run_key(FACT, "r", 3, 64), layout.run_key(FORECAST, "r"), layout.parts_listed(FACT, "r"),
        layout.version_key(17), layout.opening_key("r"), layout.decision_key("r"),
        layout.published_audit_key("r", layout.GOLD),
        layout.part_record_key("r", layout.BRONZE, "write", 3, 64), layout.part_table_key("r", layout.GOLD, "sums", 3),
        layout.part_hashes_key("r", layout.BRONZE, "itens_pedido", 3),
        layout.quarantine_key("r", layout.BRONZE, "pedidos"), layout.quality_key("r", layout.BRONZE),
        layout.governance_table_key("linhagem"), layout.governance_report_key("r"), layout.PORTAL_KEY,
        layout.run_event_key("r", "m.s.pedidos", "1", layout.START), layout.declared_event_key("r", "m.s.pedidos"),
        layout.artifacts_prefix("importau"),
    ]  # fmt: skip
    assert [key for key in keys if not key.startswith(layout.PREFIXES)] == []
    assert len(set(keys)) == len(keys)


@given(runs, tables, st.integers(0, 99))
def test_a_key_of_a_table_says_which_table_it_is_of(run_id, table, part):
    found = (layout.layer_of(table), table)
    for key in (layout.run_key(table, run_id), layout.run_key(table, run_id, part, 100)):
        assert layout.table_of_key(key) == found
        assert layout.run_of_key(key) == run_id
        assert key.startswith(layout.run_prefix(table, run_id))
    assert layout.run_key(table, run_id, part, 100).startswith(layout.parts_listed(table, run_id))
    assert not layout.run_key(table, run_id).startswith(layout.parts_listed(table, run_id))
    assert layout.run_of_key(layout.landing_key("pedidos")) is None
    assert layout.table_of_key(layout.landing_key("pedidos")) == (layout.LANDING, "pedidos")
    assert layout.table_of_key(layout.landing_key(FACT)) is None


@given(runs, tables, st.sampled_from(layout.LAYERS), st.integers(0, 99))
def test_whatever_a_run_leaves_says_whose_it_is(run_id, table, layer, part):
    left = [
        layout.run_key(table, run_id), layout.run_key(table, run_id, part, 100), layout.opening_key(run_id),
        layout.quarantine_key(run_id, layer, table), layout.quarantine_key(run_id, layer, table, part, 100),
        layout.quality_key(run_id, layer), layout.published_audit_key(run_id, layer), layout.decision_key(run_id),
        layout.governance_report_key(run_id), layout.run_event_key(run_id, "m.s.t", "1", layout.START),
        layout.declared_event_key(run_id, "m.s.t"), layout.part_record_key(run_id, layer, "write", part, 100),
        layout.part_table_key(run_id, layer, "sums", part), layout.part_hashes_key(run_id, layer, table, part),
    ]  # fmt: skip
    # A run may be called what the name of a part ends with.
    own = run_id if not re.search(r"-\d{5,}-of-\d{5,}$", run_id) else None
    assert {layout.run_owning(key) for key in left if own or not key.startswith(layout.QUARANTINE_PREFIX)} == {run_id}
    assert all(key.startswith(layout.OF_RUNS) for key in left)


@given(runs, tables, st.integers(1, 9_999_999_999))
def test_what_is_of_no_run_says_so(run_id, table, number):
    kept = [
        layout.version_key(number), layout.landing_key(table), layout.correction_key(table), layout.PORTAL_KEY,
        layout.governance_table_key("linhagem"), f"{layout.artifacts_prefix(run_id)}code",
        f"{layout.ATHENA_PREFIX}x.csv", f"{layout.table_prefix(table)}notes.txt",
    ]  # fmt: skip
    assert {layout.run_owning(key) for key in kept} == {None}


@given(runs, names, names, tables, st.uuids(), st.sampled_from(["START", "COMPLETE", "FAIL"]))
def test_a_key_of_a_lineage_event_says_its_job_and_moment(run_id, machine, state, table, table_run, phase):
    job = f"{machine}.{state}.{table}"
    key = layout.run_event_key(run_id, job, str(table_run), phase)
    assert key.startswith(layout.lineage_prefix(run_id))
    assert layout.event_of_key(key) == (job, phase)
    for other in (layout.declared_event_key(run_id, job), f"{layout.lineage_prefix(run_id)}notes.txt"):
        assert layout.event_of_key(other) is None


@given(runs)
def test_a_governance_report_is_found_by_its_prefix_and_says_its_run(run_id):
    key = layout.governance_report_key(run_id)
    assert key.startswith(layout.governance_report_prefix())
    assert layout.governed_run(key) == run_id


def test_every_layer_has_a_database_and_a_crawler_and_governance_a_database_more():
    assert layout.databases() == (
        "importau_bronze", "importau_silver", "importau_gold", "importau_ml", "importau_governanca",
    )  # fmt: skip
    assert [layout.layer_of_database(layout.database_of(layer)) for layer in layout.LAYERS] == list(layout.LAYERS)
    assert [layout.crawler_of(layer, "") for layer in layout.LAYERS] == [
        "importau-bronze", "importau-silver", "importau-gold", "importau-forecast",
    ]  # fmt: skip
    assert layout.layer_of_crawler("importau-other", "") is None


def test_what_crawlers_discover_is_in_none_of_the_databases_that_people_read():
    assert layout.DISCOVERED_DATABASE not in layout.databases()


def test_a_tables_folder_is_as_deep_as_a_crawler_counts():
    assert {layout.table_level(table) for table in EVERY_TABLE} == {3}


@given(st.lists(st.integers(1, 10**10 - 1), min_size=1, unique=True))
def test_the_keys_of_versions_sort_as_their_numbers_do_and_say_them(numbers):
    keys = [layout.version_key(number) for number in numbers]
    assert sorted(keys) == [layout.version_key(number) for number in sorted(numbers)]
    assert [layout.version_of_key(key) for key in keys] == numbers
    assert layout.version_of_key(f"{keys[0]}.bak") is None


@given(runs)
def test_the_key_of_an_opening_says_its_run(run_id):
    assert layout.run_of_opening(layout.opening_key(run_id)) == run_id
