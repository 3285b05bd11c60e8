"""The hook of mkdocs.yml: the site has the layout of the project, so that links work as on GitHub.

MkDocs reads the pages of one folder. Here it gets those of the whole project, at their paths, and a page for each file
or folder that a page links to, with an anchor per line (``#L42``). It runs in the environment of MkDocs, so it imports
nothing of the project.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from mkdocs.structure.files import File, Files, InclusionLevel
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound

ROOT: Final = Path(__file__).resolve().parents[2]
# The pages outside docs/.
PAGES: Final = ("README.md", "LEIAME.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "bench/cold.md")
FILES: Final = ("cli/pages/site.css", "cli/pages/iframe-worker.js")

_LEXERS: Final = {"importau": "x.sh", "requirements.lock": "x.txt"}
_CODE: Final = re.compile(r"(^```.*?^```|``.*?``|`[^`\n]*`)", re.DOTALL | re.MULTILINE)
# It would be drawn in the browser by a script from another site; the picture above it shows the same.
_DIAGRAM: Final = re.compile(r"^```mermaid\n.*?^```\n", re.DOTALL | re.MULTILINE)
_LINK: Final = re.compile(r"(?<=\]\()(?P<path>[^)#\s:]+)(?P<anchor>#[^)\s]*)?(?=\))")
_FRONT: Final = "---\nsearch:\n  exclude: true\nhide: [navigation, toc]\n"


def on_config(config: Any) -> Any:
    """Replace a folder in the navigation by its pages."""
    for entry in config.nav:
        for title, path in entry.items():
            if isinstance(path, str) and (ROOT / path).is_dir():
                entry[title] = [page.relative_to(ROOT).as_posix() for page in sorted((ROOT / path).glob("*.md"))]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Put the pages at their paths in the project, and add the files that they link to."""
    docs = [file for file in files if not file.abs_src_path or Path(file.abs_src_path).is_relative_to(ROOT / "docs")]
    others = [file for file in files if file not in docs]
    paths = [*PAGES, *FILES, *(f"docs/{file.src_uri}" for file in docs)]
    laid_out = [File.generated(config, path, abs_src_path=str(ROOT / path)) for path in paths]
    shown = [
        File.generated(config, f"{path}.md", content=text, inclusion=InclusionLevel.NOT_IN_NAV)
        for path, text in _shown(paths)
    ]
    return Files([*others, *laid_out, *shown])


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Make a page's links to files and folders lead to the pages that show them."""
    folder = (ROOT / page.file.src_uri).parent

    def led(link: re.Match[str]) -> str:
        path = _target(folder, link["path"])
        if path is None:
            return link[0]
        shown = os.path.relpath(ROOT / _page_of(path), folder)
        return shown + (link["anchor"] or "")

    return "".join(
        piece if number % 2 else _LINK.sub(led, piece)
        for number, piece in enumerate(_CODE.split(_DIAGRAM.sub("", markdown)))
    )


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Insert a file into the page that shows it; done here, as Markdown is slow at so much HTML."""
    path = page.meta.get("shows")
    if path is None:
        return html
    shown, lines = _numbered(path)
    page.present_anchor_ids |= {f"L{number}" for number in range(1, lines + 1)}
    return html + shown


def _shown(pages: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield every file and folder that pages link to, and the contents of these folders: the path, and its page."""
    waiting = {path: None for page in pages if page.endswith(".md") for path in _linked(ROOT / page)}
    visited: set[str] = set()
    while waiting:
        path, _ = waiting.popitem()
        if path in visited:
            continue
        visited.add(path)
        if (ROOT / path).is_dir():
            inside = [each for each in sorted((ROOT / path).iterdir()) if _is_of_the_project(each)]
            waiting |= {each.relative_to(ROOT).as_posix(): None for each in inside if each.suffix != ".md"}
            names = (f"{each.name}/" if each.is_dir() else each.name for each in inside)
            yield f"{path}/index", f"{_FRONT}---\n# {path}/\n\n" + "".join(f"- [`{name}`]({name})\n" for name in names)
        else:
            yield path, f"{_FRONT}shows: {path}\n---\n# {path}\n"


def _is_of_the_project(path: Path) -> bool:
    return not path.name.startswith((".", "__pycache__", "node_modules"))


def _linked(page: Path) -> Iterator[str]:
    text = "".join(_CODE.split(page.read_text("utf-8"))[::2])
    for link in _LINK.finditer(text):
        path = _target(page.parent, link["path"])
        if path is not None:
            yield path


def _target(folder: Path, link: str) -> str | None:
    """Return the path of a link's target, unless it is a page or a picture, which MkDocs handles."""
    target = Path(os.path.normpath(folder / link))
    if target.suffix in {".md", ".png", ".svg"} or not target.is_relative_to(ROOT) or not target.exists():
        return None  # MkDocs reports that it does not exist
    return target.relative_to(ROOT).as_posix()


def _page_of(path: str) -> str:
    return f"{path}/index.md" if (ROOT / path).is_dir() else f"{path}.md"


def _numbered(path: str) -> tuple[str, int]:
    """Return a file as HTML with an anchor for each line, and how many lines it has."""
    text = (ROOT / path).read_text("utf-8", errors="replace")
    try:
        lexer = get_lexer_for_filename(_LEXERS.get(Path(path).name, path))
    except ClassNotFound:
        lexer = TextLexer()
    lines = highlight(text, lexer, HtmlFormatter(nowrap=True)).splitlines()
    rows = "".join(f'<span id="L{n}"><a href="#L{n}">{n}</a>{line}</span>' for n, line in enumerate(lines, 1))
    return f'<div class="highlight source"><pre><code>{rows}</code></pre></div>', len(lines)
