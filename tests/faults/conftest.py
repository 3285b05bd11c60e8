"""The tests on faults: a bounded number of them each time, and as many as IMPORTAU_FAULTS says where it says so."""

import os
from collections.abc import Iterator

import pytest
from simulated_aws import make_databases, simulated_lake

from lakehouse.lake.s3 import Lake


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test that was asked for more cases take its time."""
    if os.environ.get("IMPORTAU_FAULTS"):
        for item in items:
            if item.get_closest_marker("budget"):
                item.add_marker(pytest.mark.timeout(0))


@pytest.fixture
def lake() -> Iterator[Lake]:
    """A lake with databases, and nothing published yet."""
    with simulated_lake("lake") as lake:
        make_databases()
        yield lake


@pytest.fixture
def budget(request: pytest.FixtureRequest) -> int:
    """How many cases a test tries: its own number, or IMPORTAU_FAULTS in place of it."""
    marker = request.node.get_closest_marker("budget")
    assert marker is not None
    return int(os.environ.get("IMPORTAU_FAULTS") or marker.args[0])
