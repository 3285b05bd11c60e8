"""Corrections: a mended row takes the place of the row of its key, and every row is accounted for."""

import csv
import io
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from exports import SAMPLE
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lakehouse_tables import TABLES

from bronze.csv.source import TableFiles, normalise, write
from bronze.judging import Normalised
from lakehouse.contract.layers import is_cut
from lakehouse.contract.model import load
from lakehouse.lake.layout import BRONZE

HEADER = ",".join(load("pedidos").schema.names)
GOOD = "PED{:03d},2024-10-15,FORN001,10.50,ENTREGUE,PIX,7,2024-10-22,ana.silva,{}"
Rows = list[list[str]]


def corrected(export: list[str], corrections: list[str], header: str = HEADER, **options: Any) -> Normalised:
    """Read orders with corrections; whatever they hold, the accounts must balance."""
    with TemporaryDirectory() as name:
        path, mended = Path(name, "pedidos.csv"), Path(name, "corrections.csv")
        path.write_text("\n".join([HEADER, *export]) + "\n", "utf-8")
        mended.write_text("\n".join([header, *corrections]) + "\n", "utf-8")
        result = normalise("pedidos", path, mended, **options)
    assert result.rows_read == len(result.kept) + len(result.quarantine) + result.superseded
    assert result.rows_read == len(export) + len(corrections)
    assert result.kept.schema == load("pedidos").schema
    return result


def notes(result: Normalised) -> list[tuple[str, str]]:
    kept = result.kept
    return list(zip(kept["pedido_id"].to_pylist(), kept["observacoes"].to_pylist(), strict=True))


def waiting(result: Normalised) -> list[tuple[str, int]]:
    return [(row["arquivo"], row["linha"]) for row in result.quarantine.to_pylist()]


def test_a_correction_takes_the_place_of_a_row_that_was_kept() -> None:
    result = corrected([GOOD.format(n, "old") for n in (1, 2, 3)], [GOOD.format(2, "new")])
    assert notes(result) == [("PED001", "old"), ("PED002", "new"), ("PED003", "old")]
    assert (result.superseded, waiting(result)) == (1, [])


@pytest.mark.parametrize(
    "broken",
    [
        GOOD.format(2, "x").replace("10.50", "dez"),
        GOOD.format(2, "x") + ",1",
        "PED002,2024-10-15",
        GOOD.format(2, 'diz "sim'),
        GOOD.format(2, '"nunca fechado'),
        " PED002 ," + GOOD.format(2, "\x01").split(",", 1)[1],
    ],
)
def test_a_correction_takes_the_place_of_a_row_that_was_set_aside_for_any_reason(broken: str) -> None:
    result = corrected([GOOD.format(1, "a"), broken, GOOD.format(3, "c")], [GOOD.format(2, "b")])
    assert notes(result) == [("PED001", "a"), ("PED002", "b"), ("PED003", "c")]
    assert (result.superseded, waiting(result)) == (1, [])


def test_a_correction_settles_rows_that_repeat_a_key() -> None:
    result = corrected([GOOD.format(1, "a"), GOOD.format(2, "b"), GOOD.format(1, "c")], [GOOD.format(1, "d")])
    assert notes(result) == [("PED001", "d"), ("PED002", "b")]
    assert (result.superseded, waiting(result)) == (2, [])


@pytest.mark.parametrize("wrong", ["", "PED001"])
def test_a_missing_or_repeated_key_is_mended_by_the_row_with_the_same_values(wrong: str) -> None:
    row = GOOD.format(2, "only this")
    result = corrected([GOOD.format(1, "a"), wrong + row.removeprefix("PED002"), GOOD.format(3, "c")], [row])
    assert notes(result) == [("PED001", "a"), ("PED002", "only this"), ("PED003", "c")]
    assert (result.superseded, waiting(result)) == (1, [])


def test_a_row_that_was_set_aside_is_not_mended_by_the_correction_of_another_row() -> None:
    same = GOOD.format(2, "same")
    result = corrected([same.removeprefix("PED002"), same], [same])
    assert notes(result) == [("PED002", "same")]
    assert (result.superseded, waiting(result)) == (1, [("pedidos.csv", 2)])


def test_a_correction_of_no_row_is_a_further_row_at_the_end() -> None:
    result = corrected([GOOD.format(2, "b"), ",,,"], [GOOD.format(9, "i"), GOOD.format(1, "a")])
    assert notes(result) == [("PED002", "b"), ("PED009", "i"), ("PED001", "a")]
    assert (result.superseded, waiting(result)) == (0, [("pedidos.csv", 3)])


def test_an_invalid_correction_is_set_aside_itself_and_the_row_stays() -> None:
    result = corrected([GOOD.format(1, "a")], [GOOD.format(1, "b").replace("PIX", "FIADO")])
    assert notes(result) == [("PED001", "a")]
    assert (result.superseded, waiting(result)) == (0, [("corrections/pedidos.csv", 2)])
    assert result.quarantine["motivos"].to_pylist()[0][0].startswith("tipo_pagamento:")


def test_of_several_corrections_of_a_key_the_last_valid_one_counts() -> None:
    lines = [GOOD.format(1, "b"), GOOD.format(2, "x"), GOOD.format(1, "c"), GOOD.format(1, "d").replace("10.50", "?")]
    result = corrected([GOOD.format(1, "a")], lines)
    assert notes(result) == [("PED001", "c"), ("PED002", "x")]
    assert (result.superseded, waiting(result)) == (2, [("corrections/pedidos.csv", 5)])


def test_the_columns_of_corrections_may_have_another_order() -> None:
    names = HEADER.split(",")[::-1]
    line = ",".join(GOOD.format(1, "new").split(",")[::-1])
    assert notes(corrected([GOOD.format(1, "old")], [line], ",".join(names))) == [("PED001", "new")]


def test_corrections_without_rows_change_nothing() -> None:
    assert notes(corrected([GOOD.format(1, "a")], [])) == [("PED001", "a")]


keys = st.integers(1, 6)
lines_of = st.lists(
    st.one_of(
        st.builds(GOOD.format, keys, st.sampled_from("abc")),
        st.builds(lambda key, note: GOOD.format(key, note).replace("10.50", "dez"), keys, st.sampled_from("abc")),
        st.builds(lambda key: f"PED{key:03d},x", keys),
        st.builds(lambda note: GOOD.format(0, note).removeprefix("PED000"), st.sampled_from("abc")),
    ),
    max_size=12,
)


@given(lines_of, lines_of, st.integers(40, 400))
def test_whatever_is_corrected_is_accounted_for_and_says_what_the_last_correction_says(
    export: list[str], corrections: list[str], piece: int
) -> None:
    result = corrected(export, corrections)
    found = dict(notes(result))
    assert len(found) == len(result.kept)
    valid = [line.split(",") for line in corrections if ",10.50," in line and line.startswith("PED")]
    for fields in valid:
        assert found[fields[0]] == next(other[-1] for other in reversed(valid) if other[0] == fields[0])
    # However the file is cut into pieces while it is read.
    in_pieces = corrected(export, corrections, piece=piece)
    assert (in_pieces.kept, in_pieces.quarantine) == (result.kept, result.quarantine)
    # Once more corrected, with the corrections that count: nothing changes.
    again = corrected(export, [",".join(fields) for fields in valid])
    assert again.kept == result.kept


def _exported(table: str) -> tuple[list[str], Rows]:
    with (SAMPLE.folder / f"{table}.csv").open(encoding="utf-8", newline="") as content:
        header, *rows = csv.reader(content)
    return header, rows


def _text(header: list[str], rows: Rows) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def _written(folder: Path, table: str, parts: int, content: str, corrections: str | None = None) -> TableFiles:
    folder.mkdir()
    path, mended = folder / f"{table}.csv", folder / "corrections.csv"
    path.write_text(content, "utf-8")
    if corrections is not None:
        mended.write_text(corrections, "utf-8")
    return write(table, path, parts, folder, mended if corrections is not None else None)


def _broken(table: str, header: list[str], row: list[str], earlier: Rows, drawn: random.Random) -> list[str]:
    """Return a row broken in one of the ways in which rows are set aside."""
    contract = load(table)
    place = header.index(drawn.choice([column.name for column in contract.columns if column.required]))
    key = [header.index(name) for name in contract.key]
    broken = list(row)
    match drawn.randrange(5):
        case 0:
            broken[place] = ""
        case 1:
            typed = [n for n, name in enumerate(header) if contract.column(name).physical_type != "string"]
            broken[drawn.choice(typed)] = "mil"
        case 2:
            broken.append("demais")
        case 3:
            del broken[len(key) + 1 :]
        case _:
            for each in key:
                broken[each] = drawn.choice(earlier)[each] if earlier and len(key) == 1 else ""
    return broken


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.sampled_from(TABLES[BRONZE]), st.sampled_from([1, 3]))
@example(580, "emprestimos", 1)
def test_what_was_broken_and_is_corrected_gives_the_bytes_of_the_clean_export(
    seed: int, table: str, parts: int
) -> None:
    drawn = random.Random(seed)
    header, rows = _exported(table)
    parts = parts if is_cut(table) else 1
    valid = [number for number, row in enumerate(rows) if row[0] != SAMPLE.loan]
    chosen = set(drawn.sample(valid, drawn.randint(1, min(len(valid), 12))))
    broken: Rows = []
    for number, row in enumerate(rows):
        # Only the key of a row that is kept is repeated: the sample has a loan that is not.
        whole = [rows[other] for other in valid if other < number and other not in chosen]
        broken.append(_broken(table, header, row, whole, drawn) if number in chosen else row)
    mended = [rows[number] for number in chosen]
    drawn.shuffle(mended)
    with TemporaryDirectory() as name:
        clean = _written(Path(name, "clean"), table, parts, _text(header, rows))
        dirty = _written(Path(name, "dirty"), table, parts, _text(header, broken))
        fixed = _written(Path(name, "fixed"), table, parts, _text(header, broken), _text(header, mended))
        contents = [[path.read_bytes() for path in files.paths] for files in (clean, fixed)]
    assert len(dirty.quarantine) == len(clean.quarantine) + len(chosen)
    assert contents[0] == contents[1]
    assert fixed.quarantine["texto_original"].to_pylist() == clean.quarantine["texto_original"].to_pylist()
    assert fixed.rows_read == fixed.rows + len(fixed.quarantine) + fixed.superseded
