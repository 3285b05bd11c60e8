"""What is made of the kept measurements: ``docs/performance.md`` and its picture."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench import history, results
from bench.chart import chart
from bench.page import page

PAGE: Final = "docs/performance.md"
PICTURE: Final = "docs/images/performance-goals.svg"


def files(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files with their content.

    Parameters
    ----------
    root : Path
        The folder of the project.
    """
    records = history.load(root / history.FILE)
    notes = (root / "bench/notes.md").read_text("utf-8")
    yield root / PAGE, page(results.load(root / results.FILE), records, notes)
    yield root / PICTURE, chart(records)
