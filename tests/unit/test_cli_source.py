"""Which data a run takes, and what happens when a file is missing."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from lakehouse_tables import EXPORTED, TABLES

from cli.errors import CliError, UsageError
from cli.running import source
from cli.running.source import CsvFolder, Landing, Synthetic, exported_files
from cli.terminal.questions import Answers
from lakehouse.lake import layout


def folder_with(path: Path, names: Iterable[str] = exported_files()) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name in names:
        (path / name).write_text("")
    return path


def nobody(question: str) -> str:
    raise AssertionError(f"asked: {question}")


def someone(*answers: str) -> source.Ask:
    given = iter(answers)
    return lambda question: next(given)


def test_a_folder_with_all_seven_files_is_taken_without_a_question(tmp_path: Path) -> None:
    wanted = CsvFolder(folder_with(tmp_path))
    assert source.complete(wanted, list, Answers.ASK, nobody) == wanted


def test_synthetic_data_is_taken_without_a_question() -> None:
    assert source.complete(Synthetic(5), list, Answers.NONE, nobody) == Synthetic(5)


def test_every_missing_file_is_named_in_the_order_of_the_tables(tmp_path: Path) -> None:
    folder_with(tmp_path, set(exported_files()) - {"produtos.csv", "pedidos.csv"})
    with pytest.raises(UsageError) as caught:
        source.complete(CsvFolder(tmp_path), list, Answers.NONE, nobody)
    assert caught.value.exit_code == 2
    assert (
        caught.value.message
        == f"2 of the {len(EXPORTED)} CSV files are missing in {tmp_path}: pedidos.csv, produtos.csv"
    )
    assert "--csv-dir" in caught.value.fix


def test_a_folder_of_a_files_name_is_not_that_file(tmp_path: Path) -> None:
    folder_with(tmp_path, set(exported_files()) - {"cambio.csv"})
    (tmp_path / "cambio.csv").mkdir()
    assert source.missing_in(tmp_path) == ["cambio.csv"]


def test_a_folder_that_does_not_exist_is_said_not_to_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"{len(EXPORTED)} of the .*\(there is no such folder\)"):
        source.complete(CsvFolder(tmp_path / "no"), list, Answers.NONE, nobody)


def test_yes_goes_on_with_synthetic_data_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert source.complete(CsvFolder(tmp_path), list, Answers.DEFAULTS, nobody) == Synthetic()
    said = capsys.readouterr().err
    assert "pedidos.csv" in said
    assert "1,000 synthetic orders (seed 42) instead" in said


def test_a_person_may_name_another_folder_until_one_has_all_files(tmp_path: Path) -> None:
    good = folder_with(tmp_path / "good")
    ask = someone("f", str(tmp_path / "worse"), "folder", str(good))
    assert source.complete(CsvFolder(tmp_path), list, Answers.ASK, ask) == CsvFolder(good)


def test_a_person_may_go_on_with_synthetic_data(tmp_path: Path) -> None:
    assert source.complete(CsvFolder(tmp_path), list, Answers.ASK, someone("what?", "S")) == Synthetic()


def test_a_person_may_stop(tmp_path: Path) -> None:
    with pytest.raises(CliError, match="nothing was run"):
        source.complete(CsvFolder(tmp_path), list, Answers.ASK, someone("q"))


def test_files_missing_in_the_landing_area_are_named() -> None:
    landed = [layout.landing_key(table) for table in TABLES["bronze"] if table != "cambio"]
    with pytest.raises(
        UsageError, match=f"1 of the {len(EXPORTED)} CSV files is missing in the lake's landing area: cambio"
    ):
        source.complete(Landing(), lambda: landed, Answers.NONE, nobody)


def test_a_complete_landing_area_is_taken() -> None:
    landed = [layout.landing_key(table) for table in TABLES["bronze"]]
    assert source.complete(Landing(), lambda: landed, Answers.NONE, nobody) == Landing()


def test_csv_exports_is_found_in_the_repository_before_beside_it(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    assert source.nearby(root) is None
    (tmp_path / "csv_exports").mkdir()
    assert source.nearby(root) == tmp_path / "csv_exports"
    (root / "csv_exports").mkdir()
    assert source.nearby(root) == root / "csv_exports"


def test_the_options_name_one_source(tmp_path: Path) -> None:
    assert source.chosen(None, None, None) is None
    assert source.chosen(tmp_path, None, None) == CsvFolder(tmp_path)
    assert source.chosen(None, 7, None) == Synthetic(7, 42)
    assert source.chosen(None, 7, 0) == Synthetic(7, 0)


@pytest.mark.parametrize(("csv_dir", "orders", "seed"), [(Path("x"), 7, None), (None, None, 3), (Path("x"), None, 3)])
def test_options_that_contradict_each_other_are_refused(
    csv_dir: Path | None, orders: int | None, seed: int | None
) -> None:
    with pytest.raises(UsageError):
        source.chosen(csv_dir, orders, seed)


def test_the_message_to_the_state_machine_is_the_documented_one() -> None:
    assert source.message(CsvFolder(Path("x"))) == source.message(Landing()) == {"type": "csv"}
    assert source.message(Synthetic(10, 3)) == {"type": "synthetic", "orders": 10, "seed": 3}
    uploaded = source.message(CsvFolder(Path("x")), {"cambio": "v7"}, ("cambio",))
    assert uploaded == {"type": "csv", "inputs": {"cambio": "v7"}, "accept_volume": ["cambio"]}
    assert source.message(Synthetic(10, 3), {}, ("cambio",))["accept_volume"] == ["cambio"]
    assert source.message(Landing(), new_columns="ignore") == {"type": "csv", "new_columns": "ignore"}
