"""Every key and database name is the layout's: nothing else writes one, and what it writes it can read."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lakehouse_tables import FACT, FORECAST, TABLES

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
        layout.landing_key("pedidos"), layout.published_key("pedidos"), layout.published_key(FACT, 3, 64),
        layout.published_key(FORECAST), layout.staging_key("r", "pedidos"),
        layout.part_record_key("r", layout.BRONZE, "write", 3, 64), layout.part_table_key("r", layout.GOLD, "sums", 3),
        layout.part_hashes_key("r", layout.BRONZE, "itens_pedido", 3), layout.publication_key("r", "gold", "publish"),
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
    for key in (layout.published_key(table), layout.published_key(table, part, 100)):
        assert layout.table_of_key(key) == found
    for key in (layout.staging_key(run_id, table), layout.staging_key(run_id, table, part, 100)):
        assert layout.table_of_key(key) == found
    assert layout.table_of_key(layout.landing_key("pedidos")) == (layout.LANDING, "pedidos")
    assert layout.table_of_key(layout.landing_key(FACT)) is None


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
    assert layout.databases() == ("importau_bronze", "importau_silver", "importau_gold", "importau_governanca")
    assert [layout.layer_of_database(layout.database_of(layer)) for layer in layout.LAYERS] == list(layout.LAYERS)
    assert [layout.crawler_of(layer) for layer in layout.LAYERS] == [
        "importau-bronze", "importau-silver", "importau-gold",
    ]  # fmt: skip
