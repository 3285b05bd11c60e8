"""The pages people read: what they link to is there, and the assignment's page has a row for every line."""

import re
import struct
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from pages import blocks, commands
from reader import ELSEWHERE
from reader import PAGES as TYPED

from cli import ROOT
from cli.table import COMMANDS

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")])
ASSIGNMENT = ROOT / "docs/enunciado.md"
PICTURE = ROOT / "docs/images/importau-arquitetura-microsservicos"
_LINK = re.compile(r"\]\(<?([^)\s>]+)>?\)")


def text_of(page: Path) -> str:
    """Return a page without what stands in code blocks, where brackets are no links."""
    return re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the headings of a page as GitHub names them; the lines of any other file."""
    if page.suffix != ".md":
        return {f"L{number}" for number in range(1, page.read_bytes().count(b"\n") + 1)}
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    kept = ["".join(c for c in heading.lower() if c.isalnum() or c in " -_") for heading in headings]
    return {unicodedata.normalize("NFC", name.strip().replace(" ", "-")) for name in kept}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(page: Path) -> None:
    missing = []
    for link in _LINK.findall(text_of(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            missing.append(link)
    assert missing == []


def rows(heading: str = "") -> list[list[str]]:
    """Return the cells of the table under a heading of the assignment's page, without its head."""
    text = ASSIGNMENT.read_text("utf-8").partition(f"## {heading}\n" if heading else "\n")[2]
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[0].splitlines()[2:]]


def test_every_line_of_the_assignment_has_a_row_that_says_where_it_is() -> None:
    found = rows()
    assert [row[0].strip("| ") for row in found] == [str(number) for number in range(1, 19)]
    for row in found:
        assert len(row) == 5
        assert "](" in row[2], row


def test_the_six_machines_of_the_assignment_are_a_state_a_file_and_a_deployed_function() -> None:
    template = (ROOT / "template.yaml").read_text("utf-8")
    six = [row for row in rows("As seis máquinas") if "StateMachine_DAG_" in row[0] and ".py" in row[0]]
    assert len(six) == 6
    for _, definition, code, function in six:
        machine, _, state = definition.partition(", estado ")
        path = _LINK.findall(machine)[0]
        state = state.strip("`")
        text = (ASSIGNMENT.parent / path).read_text("utf-8")
        assert f'"{state}": {{' in text.replace("${LayerName}", re.sub("^(Write|Audit)", "", state))
        handler = _LINK.findall(code)[0].removeprefix("../functions/").removesuffix(".py").replace("/", ".")
        name = function.strip("`| ").removeprefix("importau-")
        place = template.index(f"FunctionName: !Sub ${{AWS::StackName}}-{name}\n")
        assert f"Handler: {handler}.handler" in template[place : place + 200]


def test_the_glossary_has_every_word_once_in_the_order_of_the_alphabet() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", (ROOT / "docs/glossary.md").read_text("utf-8"), re.MULTILINE)
    assert {"part", "piece", "run", "staged", "set aside", "commitment", "due", "share"} <= set(words)
    assert words == sorted(set(words))


def test_every_page_has_its_place_in_the_site() -> None:
    places = re.findall(r": (\S+)$", (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[2], re.MULTILINE)
    assert [place for place in places if not (ROOT / place).exists()] == []
    assert {page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").glob("*.md")} <= set(places)


def test_the_commands_that_pages_name_exist() -> None:
    known = {entry.name for entry in COMMANDS} | {"lock"}  # the launcher's own
    pages = [page for page in PAGES if page.name != "CHANGELOG.md"]
    named = {name for page in pages for name in re.findall(r"\./importau ([a-z]+)", page.read_text("utf-8"))}
    assert named - known == set()


def test_the_picture_is_drawn_and_shown_in_the_same_shape() -> None:
    drawn = ElementTree.parse(PICTURE.with_suffix(".svg")).getroot()
    shown = PICTURE.with_suffix(".png").read_bytes()
    assert shown.startswith(b"\x89PNG\r\n")
    assert struct.unpack(">II", shown[16:24]) == (int(drawn.attrib["width"]), int(drawn.attrib["height"]))
    words = " ".join(drawn.itertext())
    services = "Pedidos, Itens, Pagamentos, Produtos, Fornecedores, Câmbio, Empréstimos"
    rooms = "Bronze, Silver, Gold, Correlator, Quarentena, Catálogo, Linhagem, BI, ML, Athena, Portal"
    for part in f"{services}, {rooms}".split(", "):
        assert part in words


def test_the_workflow_calls_the_same_script_as_everybody_and_pins_what_it_uses() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert any(".ci/run" in step.get("run", "") for step in steps)
    for step in steps:
        assert "uses" not in step or re.search(r"@[0-9a-f]{40}$", step["uses"]), step


def test_hooks_before_a_commit_download_nothing() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [repository["repo"] for repository in hooks["repos"]] == ["local"]
    for hook in hooks["repos"][0]["hooks"]:
        assert hook["language"] in {"system", "unsupported"}
        assert (ROOT / hook["entry"].split()[0]).exists() or hook["entry"].startswith(".venv")


def test_a_command_that_no_test_of_the_pages_types_is_still_in_one_of_them():
    written = {each for page in TYPED for block in blocks(ROOT / page, "bash") for each in commands(block)}
    assert set(ELSEWHERE) <= written
