"""A table's name is written in its contract, in its transformation and in its checks, and nowhere else."""

import re
import subprocess
from pathlib import Path

import pytest

from lakehouse.contract.layers import all_tables

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = {".py", ".ts", ".tsx", ".json", ".yaml", ".toml", ".sh", ".css", ".html", ""}
# Where tables are described, made, checked, drawn at random, or made by somebody else to be compared with.
AT_HOME = (
    "glue/contracts/",
    "functions/silver/",
    "functions/gold/",
    "functions/forecast/",
    "functions/tests/checks/",
    "functions/bronze/synthetic/",
    "cli/sample/",
    "bench/peers/",
    "bench/checks.py",
)
# What is compared with its source by other tests, what people read, and tests themselves.
DERIVED = (
    "portal/src/search/answers.json",
    "tests/",
    "docs/",
    "scripts/",
    "events/",
    "bench/tables.json",
    "bench/results.json",
)
# A name and no word of a sentence: it is quoted, or a piece of a longer name, key or path. A word before a hyphen is
# the first of a question's name ("cambio-do-ano").
NAME = re.compile(
    "|".join(
        rf"\b{table}\b" if "_" in table else rf"""(?<=["'`./]){table}\b(?!-)|\b{table}(?=["'`/]|\.\w)"""
        for table in all_tables()
    ),
    re.IGNORECASE,
)
GENERATED = re.compile(r"# generated: \w+.*?# generated: end", re.DOTALL)


def sources() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [
        name
        for name in listed.splitlines()
        if Path(name).suffix in SOURCES and not name.startswith((*AT_HOME, *DERIVED)) and (ROOT / name).is_file()
    ]


def names_in(text: str) -> list[str]:
    return [match[0] for match in NAME.finditer(GENERATED.sub("", text))]


def test_no_other_source_names_a_table() -> None:
    found = {name: names_in((ROOT / name).read_text("utf-8")) for name in sources()}
    tests_of_the_page = {name for name in found if name.endswith((".test.ts", ".test.tsx"))}
    assert {name: tables for name, tables in found.items() if tables and name not in tests_of_the_page} == {}


@pytest.mark.parametrize(
    "text",
    ['tables["pedidos"]', "landing.pedidos", "bronze/pedidos/", "`cambio`", "FATO_PEDIDO_CORRELACIONADO.parquet"],
)
def test_a_name_is_seen_however_it_is_used(text: str) -> None:
    assert names_in(text)


def test_words_of_a_sentence_and_what_is_generated_are_no_names() -> None:
    assert not names_in("Correlaciona pedidos, pagamentos e produtos.")
    assert not names_in('"cambio-do-ano"')
    assert not names_in("# generated: crawler bronze\n- bronze/pedidos/\n# generated: end\n")
