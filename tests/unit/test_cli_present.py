"""How numbers, times and tables are printed."""

from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bench.engines import ENGINES
from cli.commands import bench
from cli.errors import CliError
from cli.main import app
from cli.running import summary
from cli.running.summary import TableSummary
from cli.terminal import present


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.84, "0.8 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (108_210, "30 h 04 min"),
    ],
)
def test_a_duration_is_written_as_people_write_it(seconds: float, text: str) -> None:
    assert present.duration(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (5 * 10**12, "5000.0 GB"),
    ],
)
def test_a_size_is_written_as_people_write_it(amount: int, text: str) -> None:
    assert present.size(amount) == text


def test_the_summary_says_rows_quarantine_verdict_and_the_layers_time_once(capsys: pytest.CaptureFixture[str]) -> None:
    summary.show(
        [
            TableSummary("bronze", "pedidos", 30, 0, "pass", layer_seconds=1.5),
            TableSummary("bronze", "emprestimos", 29, 1, "warn", warnings=2, layer_seconds=1.5),
            TableSummary("silver", "fato_pedido_correlacionado", 1014, 0, "fail", errors=1, layer_seconds=0.7),
            TableSummary("gold", "agregado_ml_forecast_risco_cambial", None, None, "not run"),
        ]
    )
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["bronze", "1.5", "s"] in lines
    assert ["pedidos", "30", "0", "pass"] in lines
    assert ["emprestimos", "29", "1", "2", "warnings"] in lines
    assert ["silver", "0.7", "s"] in lines
    assert ["fato_pedido_correlacionado", "1,014", "0", "1", "error"] in lines
    assert ["gold"] in lines
    assert ["agregado_ml_forecast_risco_cambial", "-", "-", "not", "run"] in lines


def test_a_message_with_brackets_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    present.problem(CliError("the rule [bold]x[/bold] failed", "see [1]"))
    assert capsys.readouterr().err == "error: the rule [bold]x[/bold] failed\nfix: see [1]\n"


@pytest.mark.parametrize(
    ("number", "more", "text"), [(1, "", "1 order"), (0, "", "0 orders"), (1000, "", "1,000 orders"), (2, "ox", "2 ox")]
)
def test_a_number_of_things_is_in_the_singular_for_one(number: int, more: str, text: str) -> None:
    assert present.count(number, "order", more) == text


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Make both consoles one terminal of 80 columns; return what gives the lines that it shows."""
    screen = StringIO()
    console = Console(
        file=screen, force_terminal=True, color_system=None, width=80, highlight=False, soft_wrap=True, no_color=True
    )
    monkeypatch.setattr(present, "out", console)
    monkeypatch.setattr(present, "err", console)
    return lambda: screen.getvalue().splitlines()


def test_the_largest_summary_fits_a_terminal(terminal: Callable[[], list[str]]) -> None:
    longest = "agregado_ml_forecast_risco_cambial"
    summary.show([TableSummary("gold", longest, 10**10, 10**6, "fail", errors=1, warnings=1, layer_seconds=1e5)])
    assert all(len(line) <= 80 for line in terminal())
    assert any(longest in line and "10,000,000,000" in line and "1 error," in line for line in terminal())


@pytest.mark.parametrize("orders", ["1", "1000000", "10000000000"])
def test_a_plan_of_any_size_fits_a_terminal_and_loses_nothing(terminal: Callable[[], list[str]], orders: str) -> None:
    assert CliRunner().invoke(app, ["plan", "--orders", orders, "--all"]).exit_code == 0
    assert [line for line in terminal() if len(line) > 80 or "…" in line] == []


def test_a_measurement_fits_a_terminal_and_loses_nothing(terminal: Callable[[], list[str]]) -> None:
    its = {"failure": "", "wall": 12345.67, "cpu": 12345.67, "peak": 1.2e10, "repetitions": 3}
    engines = {engine.name: its | {"failure": "it ran out of memory" if engine.is_floor else ""} for engine in ENGINES}
    bench._show({"job": "engine", "engines": engines, "rows": 10**9})
    assert [line for line in terminal() if len(line) > 80 or "…" in line] == []
    assert any("12345.67" in line and "12,000" in line for line in terminal())


def test_on_a_terminal_text_is_wrapped_between_words_and_goes_on_at_its_margin(
    terminal: Callable[[], list[str]],
) -> None:
    present.lines([("name", "word " * 20 + "end"), ("a longer name", "")])
    first, second, third = terminal()
    assert first == "name           " + " ".join(["word"] * 13)
    assert second == " " * 15 + " ".join(["word"] * 7) + " end"
    assert third.rstrip() == "a longer name"


def test_what_is_longer_than_a_line_stays_whole(terminal: Callable[[], list[str]]) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:" + "x" * 80
    present.say(f"to stop it: {arn} now")
    assert terminal() == ["to stop it:", arn, "now"]


def test_paragraphs_and_what_is_indented_keep_their_form(terminal: Callable[[], list[str]]) -> None:
    present.problem(CliError("several things:\n  " + "word " * 20 + "end\nlast"))
    assert terminal() == [
        "error: several things:", "  " + " ".join(["word"] * 15), "  " + " ".join(["word"] * 5) + " end", "last",
    ]  # fmt: skip


def test_records_too_wide_for_the_terminal_become_blocks_in_which_nothing_is_cut(
    terminal: Callable[[], list[str]],
) -> None:
    rows = [("task", "machine.Task", "what it does " * 10, ""), ("column", "table.column", "", "PII")]
    present.records(("type", "where", "what", "tags"), rows)
    shown = terminal()
    assert shown[0] == "task    machine.Task"
    assert shown[1].startswith("        what it does ")
    assert all(len(line) <= 80 for line in shown)
    assert shown[-2:] == ["column  table.column", "        PII"]


def test_records_that_fit_are_a_table(terminal: Callable[[], list[str]]) -> None:
    present.records(("type", "where"), [("task", "machine.Task")])
    assert next(line.split() for line in terminal()) == ["type", "where"]


def test_in_a_pipe_no_line_is_wrapped_and_no_cell_cut(capsys: pytest.CaptureFixture[str]) -> None:
    long = "word " * 60 + "end"
    present.records(("type", "what"), [("task", long)])
    present.lines([("name", long)])
    present.say(long)
    said = capsys.readouterr()
    assert [long in line for line in said.out.splitlines()] == [False, True, True]
    assert said.err == f"{long}\n"


def test_a_tables_caption_is_text_below_it(terminal: Callable[[], list[str]]) -> None:
    made = present.table("a", caption="word " * 20 + "end")
    made.add_row("1")
    present.grid(made)
    assert terminal()[-2:] == [" ".join(["word"] * 16), " ".join(["word"] * 4) + " end"]
