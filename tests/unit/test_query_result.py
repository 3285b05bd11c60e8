"""The rows of an answer as they come out: exact, of the types that Athena names, and as files whole or not at all."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pyarrow as pa
import pytest
from botocore.response import StreamingBody
from hypothesis import given
from hypothesis import strategies as st

from cli.embedded.standins import athena_types
from cli.errors import CliError, UsageError
from cli.querying import files, printing, result
from cli.querying.asking import Answered
from cli.querying.athena import Answer, Column
from cli.querying.cost import usd
from cli.querying.statement import Statement
from cli.session import Aws

COLUMNS = (
    Column("mes", "varchar"), Column("total", "decimal(38,2)"), Column("n", "bigint"), Column("dia", "date"),
    Column("x", "double"), Column("sim", "boolean"), Column("quando", "timestamp"), Column("lista", "array"),
)  # fmt: skip
ROWS = [
    ["2024-05", "14387.80", "2", "2024-05-04", "1.5", "true", "2024-05-04 10:00:00.250", "[a, b]"],
    [None, None, None, None, None, None, None, None],
    ['two\nlines, "quoted"; =1+1', "-0.05", "9007199254740993", "1999-12-31", "1.0E10", "false",
     "2024-01-01 00:00:00.000", ""],
]  # fmt: skip


def answered(content: str, columns: tuple[Column, ...] = COLUMNS, endpoint: str | None = None) -> Answered:
    """Return an answer whose result is a CSV in S3."""
    raw = content.encode()
    s3 = SimpleNamespace(get_object=lambda **_: {"Body": StreamingBody(io.BytesIO(raw), len(raw))})
    aws = Aws(None, "importau", endpoint)  # type: ignore[arg-type]
    vars(aws)["s3"] = s3
    answer = Answer("id", "s3://lake/athena-results/id.csv", columns, 8_710, 0.25)
    return Answered(aws, Statement("SELECT 1", is_query=True), answer, 3, "2026-11-30T03:16:02+00:00")


def of_rows(rows: Any = ROWS, columns: tuple[Column, ...] = COLUMNS) -> Answered:
    return answered(athena_types.csv([each.name for each in columns], rows), columns)


def table(found: Answered, most: int | None = None) -> list[list[Any]]:
    return [list(row) for batch in found.batches(most) for row in zip(*(c.to_pylist() for c in batch), strict=True)]


@given(
    st.lists(st.text('a",\n', max_size=6).map(lambda text: text or "b"), max_size=8),
    st.integers(0, 9),
    st.integers(1, 7),
)
def test_the_first_rows_are_those_of_the_whole_however_it_is_read(rows: list[str], most: int, piece: int) -> None:
    columns = (Column("texto", "varchar"),)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(result, "_PIECE", piece)
        assert table(of_rows([[row] for row in rows], columns), most) == [[row] for row in rows[:most]]


def test_every_type_comes_out_exact_and_null_is_not_empty_text() -> None:
    first, second, third = table(of_rows())
    assert first[:3] == ["2024-05", Decimal("14387.80"), 2]
    assert (str(first[3]), first[4:6], first[6].microsecond, first[7]) == ("2024-05-04", [1.5, True], 250_000, "[a, b]")
    assert second == [None] * 8
    assert third[:3] == ['two\nlines, "quoted"; =1+1', Decimal("-0.05"), 9007199254740993]
    assert third[7] == ""
    assert str(first[1].as_tuple().exponent) == "-2"


def test_no_more_rows_are_taken_than_asked_for() -> None:
    assert len(table(of_rows(), 2)) == 2
    assert len(table(of_rows(ROWS * 400), 1_000)) == 1_000


def test_an_answer_without_rows_has_its_columns() -> None:
    found = of_rows([])
    assert table(found) == []
    assert found.schema.names == [each.name for each in COLUMNS]


def test_a_column_of_nothing_but_null_keeps_its_rows() -> None:
    assert table(of_rows([[None], ["a"], [None]], (Column("a", "varchar"),))) == [[None], ["a"], [None]]


def test_two_columns_of_one_name_stay_apart() -> None:
    columns = (Column("a", "bigint"), Column("a", "varchar"))
    assert table(of_rows([["1", "x"]], columns)) == [[1, "x"]]
    with pytest.raises(UsageError, match="two columns are called a"):
        printing.as_json(of_rows([["1", "x"]], columns), None, ["a", "a"])


@given(st.lists(st.tuples(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs", "Cc"]))),
                          st.decimals(-(10**15), 10**15, places=2))))  # fmt: skip
def test_what_athena_writes_is_what_is_read(rows: list[tuple[str | None, Decimal]]) -> None:
    columns = (Column("a", "varchar"), Column("b", "decimal(18,2)"))
    texts = [[a, f"{b:.2f}"] for a, b in rows]
    assert table(of_rows(texts, columns)) == [[a, Decimal(b)] for a, b in texts]


def test_a_csv_has_every_place_of_a_decimal(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    assert files.write_csv(of_rows(), file, None) == 3
    content = file.read_text("utf-8")
    head, first, nothing, *_ = csv.reader(io.StringIO(content))
    assert head == [each.name for each in COLUMNS]
    assert first == ["2024-05", "14387.80", "2", "2024-05-04", "1.5", "true", "2024-05-04 10:00:00.250", "[a, b]"]
    assert nothing == [""] * 8
    assert "\n,,,,,,,\n" in content
    assert [each.name for each in tmp_path.iterdir()] == ["x.csv"]


def cells(file: Path) -> list[list[tuple[str, str]]]:
    """Return the kind and text of every cell of the first sheet."""
    names = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(file) as book:
        shared = ["".join(e.itertext()) for e in ET.fromstring(book.read("xl/sharedStrings.xml"))]
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    return [
        [
            ("text", shared[int(cell.findtext(f"{names}v", ""))]) if cell.get("t") == "s"
            else (cell.get("t", "number"), cell.findtext(f"{names}v", ""))
            for cell in row
        ]
        for row in sheet.iter(f"{names}row")
    ]  # fmt: skip


def test_excel_has_numbers_as_numbers_and_what_it_would_round_as_text(tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    assert files.write_excel(of_rows(), file, None, "Quanto?") == 3
    head, first, third = cells(file)
    assert [text for _, text in head] == [each.name for each in COLUMNS]
    assert first[:3] == [("text", "2024-05"), ("number", "14387.80"), ("number", "2")]
    assert third[0] == ("text", 'two\nlines, "quoted"; =1+1')  # no formula
    assert third[2] == ("text", "9007199254740993")
    with zipfile.ZipFile(file) as book:
        styles, shared = book.read("xl/styles.xml").decode(), book.read("xl/sharedStrings.xml").decode()
    assert "#,##0.00" in styles or 'numFmtId="4"' in styles  # two places, as the type says
    assert all(text in shared for text in ("Quanto?", "SELECT 1", "versão"))


def test_the_same_answer_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        files.write_excel(of_rows(), tmp_path / f"{name}.xlsx", None, "")
        files.write_csv(of_rows(), tmp_path / f"{name}.csv", None)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.parametrize("write", [files.write_csv, lambda *given: files.write_excel(*given, "")])
def test_a_file_is_replaced_whole_or_stays(tmp_path: Path, write: Callable[..., int]) -> None:
    file = tmp_path / "x.out"
    file.write_text("before")
    broken = athena_types.csv([each.name for each in COLUMNS], [*ROWS, ["x", "no number", *[None] * 6]])
    with pytest.raises(CliError, match="cannot be read"):
        write(answered(broken), file, None)
    assert file.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["x.out"]


def test_more_rows_than_a_sheet_takes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MOST_ROWS", 3)
    with pytest.raises(CliError, match="more rows than a sheet"):
        files.write_excel(of_rows(), tmp_path / "x.xlsx", None, "")
    assert list(tmp_path.iterdir()) == []
    assert files.write_excel(of_rows(), tmp_path / "x.xlsx", 2, "") == 2


@pytest.mark.parametrize(
    ("name", "ending", "message"),
    [
        ("x.txt", ".csv", "does not end with .csv"),
        ("no/x.csv", ".csv", "there is no folder"),
        ("d.csv", ".csv", "is a folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_before_the_question_is_sent(
    tmp_path: Path, name: str, ending: str, message: str
) -> None:
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(UsageError, match=message):
        files.require_place(tmp_path / name, ending)


def test_json_keeps_decimals_as_text_and_numbers_as_numbers() -> None:
    content = json.loads(json.dumps(printing.as_json(of_rows(), None, [each.name for each in COLUMNS])))
    assert content["rows"][0] == {
        "mes": "2024-05", "total": "14387.80", "n": 2, "dia": "2024-05-04", "x": 1.5, "sim": True,
        "quando": "2024-05-04 10:00:00.250", "lista": "[a, b]",
    }  # fmt: skip
    assert set(content["rows"][1].values()) == {None}
    assert (content["version"], content["scanned_bytes"], content["usd"]) == (3, 8_710, "0.00005")
    assert {"name": "total", "type": "decimal(38,2)"} in content["columns"]


@given(st.integers(0, 10**15))
def test_a_query_costs_five_dollars_a_terabyte_and_ten_megabytes_at_the_least(scanned: int) -> None:
    assert usd(scanned) >= Decimal("0.00005")
    assert abs(usd(scanned) - Decimal(max(scanned, 10**7)) * 5 / 10**12) <= Decimal("0.000005")


def test_types_without_a_place_here_stay_text() -> None:
    assert printing.is_number(pa.decimal128(38, 2))
    assert not printing.is_number(pa.string())
