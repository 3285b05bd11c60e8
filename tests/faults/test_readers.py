"""Readers while others publish, fail and die: each meets one whole version."""

import threading
from contextlib import suppress

import pytest
from faulty import KilledError, Kind, faulty
from generated_company import company
from handlers import governs
from lakehouse_tables import CASH_FLOW, EVERY_TABLE, FACT
from published import publish
from states_of_lake import wrong

from lakehouse.errors import LakehouseError
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.versions import chain
from lakehouse.versions.opening import opened
from lakehouse.versions.version import Making
from lakehouse.versions.view import View
from publish.catalogue import register
from publish.commit import commit


def ready(lake: Lake, run: str, seed: int) -> None:
    """Leave what a run has written and audited, without publishing it."""
    before = chain.newest_number(lake)
    publish(lake, company(5, seed), run)
    lake.client.delete_object(Bucket="lake", Key=layout.version_key(before + 1))
    governs(lake, run)


def published(lake: Lake, run: str) -> None:
    version = commit(lake, opened(lake, run), layout.LAYERS, Making("pipeline", "e", "2026-01-01T00:00:00+00:00"))
    register(Catalog(), lake, version)


@pytest.mark.budget(4)
def test_no_reader_meets_tables_of_two_runs(lake: Lake, budget: int, capsys: pytest.CaptureFixture[str]) -> None:
    publish(lake, company(5, 1), "first")
    runs = [f"r{number}" for number in range(budget)]
    for number, run in enumerate(runs):
        ready(lake, run, 1 + number % 3)
    mixed: list[str] = []
    reads = 0
    over = threading.Event()

    def read() -> None:
        nonlocal reads
        faults.spared.add(threading.get_ident())
        while not over.is_set() or reads < 100 * budget:
            view = View.of_version(lake)
            if len({view.table(name).run for name in EVERY_TABLE}) != 1:
                mixed.append(str(view.runs))
            # The files are the version's, so both tables are of one run.
            fact, flow = view.read(FACT, 0, ["valor_fluxo_brl"]), view.read(CASH_FLOW)
            if len(fact) != view.table(FACT).rows or len(flow) != view.table(CASH_FLOW).rows:
                mixed.append(f"{view.runs}: rows")
            reads += 1

    killed = 0
    with faulty(delay=0.005) as faults:
        reader = threading.Thread(target=read)
        reader.start()
        for number, run in enumerate(runs):
            if number % 2:
                # Killed at the commit, or at one of the entries of the catalogue after it.
                faults.at, faults.kind = faults.writes + 1 + number % 9, Kind.KILLED_BEFORE
                killed += 1
            with suppress(KilledError, LakehouseError):
                published(lake, run)
            faults.dead, faults.at = False, 0
            published(lake, run)
        over.set()
        reader.join()
    assert mixed == []
    assert reads >= 100 * budget
    assert wrong(lake) == []
    with capsys.disabled():
        print(f"\n{reads} reads during {2 * budget - killed} publications and {killed} kills: 0 that mix runs")
