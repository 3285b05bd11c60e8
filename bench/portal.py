"""The speed of the portal: the page of a real lakehouse, and one of 500 tables and 5,000 columns."""

import re
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from cli.building import chromium

REPETITIONS: Final = 5
_FIRST_PAINT: Final = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_PAINTED: Final = "() => performance.getEntriesByName('first-contentful-paint').length > 0"
_MAP_DRAWN: Final = "() => document.querySelectorAll('.react-flow__node-asset').length > 0"
# From the click to the frame after the one in which the selection is highlighted.
_CLICK: Final = """async link => {
  const start = performance.now();
  link.click();
  while (!document.querySelector('.react-flow__node.lit')) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""


def measured(pages: dict[str, str]) -> dict[str, dict[str, float]]:
    """Return medians in milliseconds by page: first paint of what it opens on, map drawn, click to light.

    Parameters
    ----------
    pages : dict of str to str
        HTML by name; measured in turns, each time in a new browser context.
    """
    taken: dict[str, dict[str, list[float]]] = {name: {} for name in pages}
    with tempfile.TemporaryDirectory() as folder, _browser() as browser:
        for _ in range(REPETITIONS):
            for name, html in pages.items():
                file = Path(folder) / f"{re.sub(r'[^a-z]', '', name)}.html"
                file.write_text(html, "utf-8")
                for what, milliseconds in _once(browser, file).items():
                    taken[name].setdefault(what, []).append(milliseconds)
    return {name: {what: statistics.median(times) for what, times in its.items()} for name, its in taken.items()}


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.executable(), args=list(chromium.ARGUMENTS))
        yield browser
        browser.close()


def _once(browser: Browser, file: Path) -> dict[str, float]:
    page: Page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(file.as_uri())
    page.wait_for_function(_PAINTED)
    paint: Any = page.evaluate(_FIRST_PAINT)
    page.goto("about:blank")
    page.goto(f"{file.as_uri()}#/map")
    page.wait_for_function(_MAP_DRAWN)
    drawn: Any = page.evaluate("performance.now()")
    click: Any = page.locator(".react-flow__node-asset a").last.evaluate(_CLICK)
    page.close()
    return {"first paint": paint, "map drawn": drawn, "click to light": click}
