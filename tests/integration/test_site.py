"""The site of the pages: what it is built into, what it shows, and that a link that leads nowhere stops it."""

import shutil
import sys
from pathlib import Path

import pytest
from elsewhere import ABSENT

from cli import ROOT
from cli.errors import CliError, UsageError
from cli.pages import site

MKDOCS = Path(site.BUILD[0])
PAGE = "# A page\n\n[code](../functions/silver.py#L2) [folder](../functions) [other](other.md#a-heading)\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with the configuration and the hook of this one."""
    if not MKDOCS.exists():
        pytest.skip(f"{ABSENT}.venv-checks, which `./importau test` makes")
    root = tmp_path / "a pasta é só sua"
    for name in ("mkdocs_hook.py", "site.css", "iframe-worker.js"):
        (root / "cli/pages").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "cli/pages" / name, root / "cli/pages")
    settings = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[0]
    pages = ("README.md", "LEIAME.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "bench/cold.md")
    nav = "".join(f"  - Page: {page}\n" for page in (*pages, "docs/page.md", "docs/other.md"))
    for path, text in {
        **dict.fromkeys(pages, "# A page\n"),
        "mkdocs.yml": f"{settings}\nnav:\n{nav}",
        "docs/page.md": PAGE,
        "docs/other.md": "# Other\n\n## A heading\n\n`[no](link.py)`\n",
        "functions/silver.py": '"""A module."""\nLIMIT = 1 < 2\n',
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    monkeypatch.setattr("cli.pages.site.ROOT", root)
    return root


def test_a_page_leads_to_the_line_of_the_file_it_links_to_and_fetches_nothing(project: Path, tmp_path: Path) -> None:
    site.build(tmp_path / "site")
    page = (tmp_path / "site/docs/page.html").read_text("utf-8")
    assert 'href="../functions/silver.py.html#L2"' in page
    assert 'href="../functions/index.html"' in page
    shown = (tmp_path / "site/functions/silver.py.html").read_text("utf-8")
    assert '<span id="L2"><a href="#L2">2</a>' in shown
    assert "1 < 2" not in shown  # it is text, not HTML
    for each in (page, shown):
        assert [part for part in each.split('"') if part.startswith("http") and part.endswith((".js", ".css"))] == []
        assert "unpkg.com" not in each
        assert "fonts.g" not in each


def test_what_leads_nowhere_and_what_nothing_leads_to_are_named_and_nothing_is_built(
    project: Path, tmp_path: Path
) -> None:
    links = ["nowhere.md", "../functions/nowhere.py", "../functions/silver.py#L3", "other.md#nothing"]
    (project / "docs/page.md").write_text(PAGE + "".join(f"[x]({link})\n" for link in links), "utf-8")
    (project / "docs/forgotten.md").write_text("# Forgotten\n", "utf-8")
    with pytest.raises(CliError) as found:
        site.build(tmp_path / "site")
    named = ["nowhere.md", "functions/nowhere.py", "'#L3'", "'#nothing'", "docs/forgotten.md"]
    assert [name for name in named if name not in str(found.value)] == []
    assert "Aborted with 5 warnings" in str(found.value)
    assert not (tmp_path / "site").exists()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of MkDocs, a program that writes one page."""
    program = "import pathlib, sys; p = pathlib.Path(sys.argv[2]); p.mkdir(); (p / 'index.html').write_text('new')"
    monkeypatch.setattr(site, "BUILD", (sys.executable, "-c", program))


@pytest.mark.usefixtures("quick")
def test_a_site_replaces_an_earlier_one_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    site.build(folder)
    (folder / "gone.html").write_text("old")
    site.build(folder)
    assert sorted(path.name for path in folder.iterdir()) == [".importau-site", "index.html"]

    mine = tmp_path / "mine"
    mine.mkdir()
    site.build(mine)  # empty, so nobody's
    (mine / ".importau-site").unlink()
    (mine / "index.html").write_text("mine")
    with pytest.raises(UsageError, match="holds files that are no site"):
        site.build(mine)
    assert (mine / "index.html").read_text() == "mine"

    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(UsageError, match="holds files that are no site"):
        site.build(file)
