"""The document that Python writes is the one that TypeScript reads."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli.portal.page import SOURCE, workshop

pytestmark = pytest.mark.browser
_OPTIONS = ("--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "esnext", "--moduleResolution",
            "bundler", "--ignoreConfig")  # fmt: skip


def said_by_tsc(document: Any, folder: Path) -> str:
    file = folder / "document-of-a-run.ts"
    types = (SOURCE / "src/document").as_posix()
    file.write_text(
        f'import type {{ Lakehouse }} from "{types}";\n'
        f"export const lakehouse: Lakehouse = {json.dumps(document, ensure_ascii=False)};\n",
        "utf-8",
    )
    with workshop() as tools:
        ran = subprocess.run(
            [tools / "node_modules/.bin/tsc", *_OPTIONS, file], capture_output=True, text=True, check=False
        )
    return ran.stdout + ran.stderr


def test_a_real_document_is_of_the_type_the_page_expects(lakehouse: Any, tmp_path: Path) -> None:
    assert said_by_tsc(lakehouse, tmp_path) == ""


def test_a_document_with_a_wrong_word_or_a_missing_part_is_not(lakehouse: Any, tmp_path: Path) -> None:
    lakehouse["assets"][-1]["layer"] = "platinum"
    del lakehouse["assets"][-2]["owner"]
    said = said_by_tsc(lakehouse, tmp_path)
    assert "platinum" in said
    assert "owner" in said
