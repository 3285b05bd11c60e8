"""New columns of a CSV: which are a problem, and what a contract would say of them."""

import csv
import io
from pathlib import Path

import pytest
from exports import SAMPLE
from hypothesis import given
from hypothesis import strategies as st

from bronze.csv.new_columns import additions, is_proposable
from bronze.csv.source import left_out, normalise, problems_of
from lakehouse.contract.additions import Addition
from lakehouse.contract.choices import IGNORE, NEW_COLUMNS, PROPOSE, STOP
from lakehouse.contract.model import load

TABLE = "emprestimos"
CONTRACT = load(TABLE)
TEXT = (SAMPLE.folder / f"{TABLE}.csv").read_text("utf-8")
ROWS = list(csv.reader(io.StringIO(TEXT)))
VALUES = len(ROWS) - 1


def with_column(folder: Path, name: str, values: list[str], at: int = 3, mark: str = "", quote: int = 0) -> Path:
    """Write the sample's loans with a column more, at any place."""
    rows = [[*row[:at], value, *row[at:]] for row, value in zip(ROWS, [name, *values], strict=True)]
    target = io.StringIO()
    csv.writer(target, quoting=quote, lineterminator="\n").writerows(rows)
    path = folder / f"{TABLE}.csv"
    path.write_text(mark + target.getvalue(), "utf-8")
    return path


def added(path: Path, piece: int = 1 << 20) -> Addition:
    header = next(csv.reader([path.read_text("utf-8").splitlines()[0].lstrip("\ufeff")]))
    (found,) = additions(CONTRACT, [path], header, piece)
    return found


def spread(*values: str) -> list[str]:
    return [values[n % len(values)] for n in range(VALUES)]


# ---- what is a problem -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [0, 3, len(ROWS[0])])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("quote", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_a_new_column_stops_or_is_left_out_as_is_chosen(tmp_path: Path, at: int, mark: str, quote: int) -> None:
    path = with_column(tmp_path, "codigo_interno_x", spread("1"), at, mark, quote)
    (problem,) = problems_of(CONTRACT, path)
    assert problem.startswith(
        f"{TABLE}.csv, line 1: the header has unknown column {at + 1} ('aaaaaa_aaaaaaa_a'); run with --new-columns"
    )
    assert "--new-columns propose" in problem
    for choice in (IGNORE, PROPOSE):
        assert problems_of(CONTRACT, path, new_columns=choice) == []
    assert left_out(TABLE, path) == [f"{at + 1} ('aaaaaa_aaaaaaa_a')"]
    expected = normalise(TABLE, SAMPLE.folder / f"{TABLE}.csv")
    found = normalise(TABLE, path)
    assert found.kept.equals(expected.kept)
    assert found.quarantine.drop(["texto_original"]).equals(expected.quarantine.drop(["texto_original"]))


@pytest.mark.parametrize("choice", NEW_COLUMNS)
def test_what_may_be_another_name_of_a_missing_column_is_no_new_one(tmp_path: Path, choice: str) -> None:
    path = tmp_path / f"{TABLE}.csv"
    path.write_text(TEXT.replace("finalidade", "objetivo", 1), "utf-8")
    missing, unknown = problems_of(CONTRACT, path, new_columns=choice)
    assert "the header misses column 'finalidade'" in missing
    assert "has unknown column" in unknown
    assert "--new-columns" not in unknown


@pytest.mark.parametrize("choice", [IGNORE, PROPOSE])
@pytest.mark.parametrize("names", [",", ",nota,nota", "".join(f",c{n}" for n in range(21))])
def test_columns_without_a_name_or_with_anothers_or_too_many_stop_whatever_is_chosen(
    tmp_path: Path, choice: str, names: str
) -> None:
    path = tmp_path / f"{TABLE}.csv"
    path.write_text(
        "\n".join(f"{line}{names if not n else ',' * names.count(',')}" for n, line in enumerate(TEXT.splitlines()))
    )
    (problem,) = problems_of(CONTRACT, path, new_columns=choice)
    assert "line 1: the header has unknown" in problem


@pytest.mark.parametrize("name", ["Observação", "joana@exemplo.com.br", "a b", "cpf_12345678901", "2x", "a" * 61])
def test_a_name_that_no_contract_may_have_can_be_left_out_and_not_proposed(tmp_path: Path, name: str) -> None:
    path = with_column(tmp_path, name, spread("1"))
    assert not is_proposable(name)
    assert problems_of(CONTRACT, path, new_columns=IGNORE) == []
    (problem,) = problems_of(CONTRACT, path, new_columns=PROPOSE)
    assert "rename it in the export, or ignore it" in problem
    assert name not in problem
    assert problems_of(CONTRACT, path, new_columns=STOP)


# ---- what is proposed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("1", "-20", "300"), "bigint"),
        (("2024-02-29", "1999-12-31"), "date"),
        (("2024-02-30", "1999-12-31"), "string"),
        (("10.5", "3"), "decimal(18,2)"),
        (("10.1234", "3"), "decimal(18,6)"),
        (("10.1234567",), "string"),
        (("99999999999999999999",), "string"),
        # A code would lose its zero, and ten thousand is no ten.
        (("007", "12"), "string"),
        (("10.000", "2.500"), "string"),
        (("10.000", "2.5"), "decimal(18,6)"),
        (("10,50", "3"), "string"),
        (("1", "um"), "string"),
    ],
)
def test_the_type_is_the_narrowest_that_fits_every_value(
    tmp_path: Path, values: tuple[str, ...], expected: str
) -> None:
    found = added(with_column(tmp_path, "nova", spread(*values)))
    assert (found.physical_type, found.required, found.values, found.missing) == (expected, True, VALUES, 0)


def test_one_value_that_is_missing_or_otherwise_counts_wherever_it_is(tmp_path: Path) -> None:
    for piece in (64, 1 << 20):
        found = added(with_column(tmp_path, "nova", [*spread("1")[:-1], " "]), piece)
        assert (found.physical_type, found.required, found.missing) == ("bigint", False, 1)
        assert added(with_column(tmp_path, "nova", [*spread("1")[:-1], "x"]), piece).physical_type == "string"
    nothing = added(with_column(tmp_path, "nova", spread("")))
    assert (nothing.physical_type, nothing.required, nothing.missing) == ("string", False, VALUES)


def test_what_looks_personal_is_classified_and_no_value_of_it_is_told(tmp_path: Path) -> None:
    path = with_column(tmp_path, "contato", spread("joana.souza@exemplo.com.br", "Ligar amanhã"))
    found = added(path)
    assert (found.classification, found.physical_type) == ("PII", "string")
    assert found.kinds[0].startswith("e-mail (")
    assert "joana" not in str(found.as_json())
    cnpj = added(with_column(tmp_path, "filial", spread("11.222.333/0001-81")))
    assert cnpj.classification == "confidential"
    # A number of a person is no amount.
    assert added(with_column(tmp_path, "doc", spread("52998224725", "11144477735"))).physical_type == "string"


@given(
    values=st.lists(st.integers(-(10**17), 10**17), min_size=VALUES, max_size=VALUES),
    piece=st.sampled_from([50, 500, 1 << 20]),
)
def test_whatever_whole_numbers_there_are_they_fit(
    tmp_path_factory: pytest.TempPathFactory, values: list[int], piece: int
) -> None:
    found = added(with_column(tmp_path_factory.mktemp("csv"), "nova", list(map(str, values))), piece)
    assert found.physical_type == "bigint" or found.kinds


def test_a_row_that_is_set_aside_counts_too(tmp_path: Path) -> None:
    rows = [[*row, "x" if n == 1 else "1"] for n, row in enumerate(ROWS)]
    rows[0][-1], rows[1][0] = "nova", ""
    path = tmp_path / f"{TABLE}.csv"
    path.write_text("\n".join(",".join(f'"{field}"' for field in row) for row in rows) + "\n", "utf-8")
    assert added(path).physical_type == "string"
