"""Audits find faults of the code they share nothing with; which ones they do not find, their page says."""

import pyarrow as pa
import pytest
from faults import FAULTS, Fault, bronze, differing, judged, shown
from generated import regenerated
from golden import assert_golden
from lakehouse_tables import FACT
from layers import correlate

from cli import ROOT

PAGE = ROOT / "docs/independent-audits.md"


@pytest.fixture(scope="module")
def fact() -> pa.Table:
    return correlate(bronze()).fact


@pytest.fixture(scope="module")
def found(fact: pa.Table) -> dict[Fault, tuple[list[str], list[str]]]:
    """By fault: the rules that fail, and the columns that are wrong."""
    right = {FACT: fact} | judged(None, fact)[1]
    verdicts = {fault: judged(fault, fact) for fault in FAULTS}
    return {fault: (rules, differing(written, right)) for fault, (rules, written) in verdicts.items()}


def test_what_is_right_breaks_no_rule(fact: pa.Table) -> None:
    assert judged(None, fact)[0] == []


def test_every_fault_makes_a_column_wrong(found: dict[Fault, tuple[list[str], list[str]]]) -> None:
    assert [fault.what for fault, (_, columns) in found.items() if not columns] == []


def test_the_audits_find_nine_of_thirteen_faults(found: dict[Fault, tuple[list[str], list[str]]]) -> None:
    assert len(found) == 13
    assert [fault.what for fault, (rules, _) in found.items() if not rules] == [
        "An order is shared over its items equally",
        "A loan's instalments fall due a month late",
        "What is paid counts as exposed",
        "The sine is the next month's",
    ]


@pytest.mark.golden
def test_the_page_says_which_rule_finds_what(found: dict[Fault, tuple[list[str], list[str]]]) -> None:
    assert_golden(regenerated(PAGE.read_text("utf-8"), {"faults": shown(found)}), PAGE)
