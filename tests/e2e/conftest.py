"""The lakehouse as it is deployed: the embedded AWS, `sam build`, `sam deploy`, once a session."""

from collections.abc import Iterator

import pytest
from deployment import Deployment, deployed

BUCKET = "importau-lakehouse-e2e"


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Return an embedded AWS of this session's own with the lakehouse on it."""
    with deployed(tmp_path_factory.mktemp("importau"), BUCKET) as made:
        yield made
