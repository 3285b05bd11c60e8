"""Exports as nobody should write them: whatever is in a file, Bronze reads what a reader apart from it reads."""

from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest
from lakehouse_tables import TABLES
from read_apart import read_apart
from spoiled_exports import written

from bronze.csv import quick
from bronze.csv.source import check, normalise
from lakehouse.contract.model import load
from lakehouse.errors import InputError
from lakehouse.lake import layout

PIECES = [64, 300, 2_000, 1 << 20]


@pytest.mark.budget(300)
def test_a_file_is_read_as_reading_it_one_row_after_the_other_does(tmp_path: Path, budget: int) -> None:
    for seed in range(budget):
        random = Random(seed)
        table = random.choice(TABLES[layout.BRONZE])
        content, file = written(random, table), tmp_path / f"{table}.csv"
        file.write_bytes(content)
        expected = read_apart(table, content)
        said = f"seed {seed}: {content!r}"
        try:
            check({table: file})
        except InputError:
            assert expected is None, said
            continue
        assert expected is not None, said
        size = random.choice(PIECES)
        # In files as small as these no quote is rare.
        with patch.object(quick, "_RARE", random.choice([quick._RARE, 1.0])):
            read = normalise(table, file, piece=size)
        set_aside = list(
            zip(read.quarantine["linha"].to_pylist(), read.quarantine["texto_original"].to_pylist(), strict=True)
        )
        assert set_aside == expected.set_aside, said
        assert read.kept.schema == load(table).schema
        assert read.kept.to_pylist() == expected.kept, said
        assert read.rows_read == len(expected.kept) + len(expected.set_aside)
