"""A golden file is compared; one that is written anew leaves its test red."""

import pytest
from golden import COMMAND, WRITE, assert_golden


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.delenv(WRITE, raising=False)
    file = tmp_path / "golden.json"
    file.write_text("reviewed\n", "utf-8")
    return file


def test_what_was_reviewed_passes_and_what_differs_fails_and_is_not_written(file):
    assert_golden("reviewed\n", file)
    with pytest.raises(AssertionError, match=f"write it anew: {COMMAND}"):
        assert_golden("ação\n", file)
    assert file.read_text("utf-8") == "reviewed\n"


def test_a_file_that_is_not_there_agrees_with_nothing(file):
    with pytest.raises(AssertionError):
        assert_golden("x\n", file.with_name("none.json"))
    assert not file.with_name("none.json").exists()


def test_writing_it_ends_red_once_and_the_next_run_compares(file, monkeypatch):
    monkeypatch.setenv(WRITE, "1")
    with pytest.raises(pytest.fail.Exception, match="review its difference"):
        assert_golden("ação\n", file)
    assert file.read_text("utf-8") == "ação\n"
    assert_golden("ação\n", file)
