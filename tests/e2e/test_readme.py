"""README.md: every command in it is typed, one after the other, and does what the text says."""

import pytest
from reader import EveryCommand

pytestmark = pytest.mark.e2e


class TestReadme(EveryCommand):
    """Somebody types README.md."""

    page = "README.md"
