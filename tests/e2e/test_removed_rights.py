"""Rights taken away for real: what the preflight predicts, what the recorded calls say, and what happens are the same.

A few each time; every right with ``IMPORTAU_RIGHTS=all``, or ``IMPORTAU_RIGHTS=all:out/rights.json``, which also writes
the outcomes to that file. docs/permissions.md has the result.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from removed_rights import ROLES, happens, name_of, predicted, recorded, rights
from restricted_account import restricted_account
from rights_at_work import Workbench, workbench

from cli.account.permissions import Permission

pytestmark = pytest.mark.e2e

ASKED, _, FILE = os.environ.get("IMPORTAU_RIGHTS", "").partition(":")
# One that stops CloudFormation, two that stop what runs as the role from being made, one that stops a run, one nothing.
FEW = (
    "user lambda:CreateFunction on functions",
    "role logs:CreateLogDelivery on anything",
    "role events:PutRule on rule of nested executions",
    "role s3:ListBucket on bucket",
    "role states:StopExecution on executions",
)
# How AWS says that it is a right that is missing, and not something else.
REFUSED = re.compile("not authorized|does not have permissions|AccessDenied|Access Denied|not allowed")
# What the command line calls itself is not called here: the journey of test_restricted.py is about it.
NOT_HERE = {"own", "sometimes", "athena"}


def at_work() -> list[Permission]:
    """Return the rights whose holder is a service here: CloudFormation for the user, and whatever runs as the role."""
    return [each for each in rights() if each.holder == "role" or each.need.caller not in NOT_HERE]


CHOSEN = [each for each in at_work() if ASKED == "all" or name_of(each) in FEW]


@pytest.fixture(scope="module")
def bench(csv_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    home = tmp_path_factory.mktemp("rights")
    with restricted_account(home) as account:
        yield workbench(account, csv_dir, home)


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, tuple[str, str]]]:
    seen: dict[str, tuple[str, str]] = {}
    yield seen
    if FILE:
        Path(FILE).write_text(json.dumps(seen, indent=1), "utf-8")


@pytest.mark.parametrize("right", CHOSEN, ids=name_of)
def test_what_is_predicted_happens(bench: Workbench, outcomes: dict[str, tuple[str, str]], right: Permission) -> None:
    outcome, why = bench.outcome(right)
    outcomes[name_of(right)] = (outcome, why)
    assert not outcome or REFUSED.search(why), why
    assert outcome == predicted(right), why
    assert outcome == happens(right, recorded()), why


def test_there_are_rights_of_both_holders() -> None:
    assert {each.holder for each in CHOSEN} == set(ROLES)
    assert len(FEW) <= len(CHOSEN)
