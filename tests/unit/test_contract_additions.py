"""Columns added to a contract's text: what is there stays as it is, and git applies the patch."""

import subprocess
from pathlib import Path

import pytest

from lakehouse.contract import layers
from lakehouse.contract.additions import Addition, patch, unfinished, with_columns
from lakehouse.contract.changes import compare
from lakehouse.contract.model import parse
from lakehouse.contract.semver import Level, raised
from lakehouse.errors import ContractError

PLAIN = Addition("codigo_ncm", "bigint", True, 240, 0)
PERSONAL = Addition("contato", "string", False, 240, 3, "PII", ("e-mail (12 de 237 valores)",))
BRONZE = layers.tables_of(layers.BRONZE)


@pytest.mark.parametrize("table", BRONZE)
def test_every_contract_takes_columns_and_nothing_else_of_it_changes(table: str) -> None:
    before = layers.text_of(table)
    after = with_columns(before, [PLAIN, PERSONAL])
    removed = [line for line in before.splitlines() if line not in after.splitlines()]
    version = parse(table, before).version
    assert removed == [f"version: {version}"]
    contract = parse(table, after)
    assert [column.name for column in contract.columns[-2:]] == ["codigo_ncm", "contato"]
    assert contract.column("codigo_ncm").required
    assert not contract.column("contato").required
    assert (contract.column("contato").classification, contract.column("contato").masking) == ("PII", "drop")
    assert (contract.version, contract.key) == (raised(version, Level.MINOR), parse(table, before).key)


def test_the_version_is_the_one_that_the_change_needs() -> None:
    before = layers.text_of("pedidos")
    found = compare("pedidos", before, with_columns(before, [PLAIN]))
    assert (found.level, found.problem) == (Level.MINOR, "")
    assert [change.what for change in found.changes] == ["the column was added, bigint"]


def test_a_column_stays_unfinished_until_somebody_has_said_what_it_is() -> None:
    after = with_columns(layers.text_of("pedidos"), [PLAIN])
    assert unfinished(layers.text_of("pedidos")) == []
    assert unfinished(after) == ["codigo_ncm"]


def test_a_comment_and_a_last_line_without_an_end_stay_where_they_are() -> None:
    text = (
        "version: '1.9.3'  # as agreed\nschema:\n- name: t\n  properties:\n  - name: a\n    description: x\n"
        "\n  # of the table\n  tags: [b]"
    )
    after = with_columns(text, [PLAIN])
    assert "version: '1.10.0'  # as agreed\n" in after
    assert after.index("- name: codigo_ncm") < after.index("# of the table")
    ends = with_columns("version: 1.0.0\nschema:\n- properties:\n  - name: a", [PLAIN])
    assert "  - name: a\n  - name: codigo_ncm\n" in ends


def test_a_column_that_is_there_is_refused() -> None:
    with pytest.raises(ContractError, match="has status already"):
        with_columns(layers.text_of("pedidos"), [Addition("status", "string", True, 1, 0)])
    with pytest.raises(ContractError, match="no contract with a version"):
        with_columns("version: 1.0.0\n", [PLAIN])


def test_git_applies_the_patches_of_all_contracts_at_once(tmp_path: Path) -> None:
    paths = {table: tmp_path / layers.place_of(table) for table in BRONZE}
    for table, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(layers.text_of(table), "utf-8")
    after = {table: with_columns(layers.text_of(table), [PLAIN, PERSONAL]) for table in BRONZE}
    text = "".join(patch(layers.text_of(table), after[table], layers.place_of(table)) for table in BRONZE)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "--check", "-"], cwd=tmp_path, input=text.encode(), check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=text.encode(), check=True)
    assert {table: path.read_text("utf-8") for table, path in paths.items()} == after


def test_a_patch_of_nothing_is_empty() -> None:
    assert patch("a\n", "a\n", "x") == ""
