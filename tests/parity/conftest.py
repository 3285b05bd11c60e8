"""A deployment to hold the functions' real runtimes against."""

from collections.abc import Iterator

import pytest
from deployment import Deployment, deployed


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Return an embedded AWS of this session's own with the lakehouse on it."""
    with deployed(tmp_path_factory.mktemp("parity"), "importau-lakehouse-parity") as made:
        yield made
