"""Golden files: what was reviewed. Who writes one anew has it written, and the test red until it is compared again.

A test that compares with one is marked ``golden``: ``./importau generate --golden`` runs those to write.
"""

import os
from pathlib import Path

import pytest

WRITE = "IMPORTAU_WRITE_GOLDEN"
COMMAND = "./importau generate --golden"


def assert_golden(text: str, file: Path) -> None:
    """Compare a text with the reviewed one; with ``IMPORTAU_WRITE_GOLDEN=1`` write it, and fail if that changed it."""
    reviewed = file.read_text("utf-8") if file.exists() else ""
    if os.environ.get(WRITE) and text != reviewed:
        file.write_text(text, "utf-8")
        pytest.fail(f"{file.name} is written anew: review its difference, then run the test again")
    assert text == reviewed, f"not what was reviewed in {file}; if it is meant, write it anew: {COMMAND}"
