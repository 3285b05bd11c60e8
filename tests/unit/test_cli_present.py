"""How numbers, times and tables are printed."""

import pytest

from cli import present, summary
from cli.errors import CliError
from cli.summary import TableSummary


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
    assert ["bronze", "pedidos", "30", "0", "pass", "1.5", "s"] in lines
    assert ["emprestimos", "29", "1", "warn", "(2", "warnings)"] in lines
    assert ["silver", "fato_pedido_correlacionado", "1,014", "0", "fail", "(1", "error)", "0.7", "s"] in lines
    assert ["gold", "agregado_ml_forecast_risco_cambial", "-", "-", "not", "run"] in lines


def test_a_message_with_brackets_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    present.problem(CliError("the rule [bold]x[/bold] failed", "see [1]"))
    assert capsys.readouterr().err == "error: the rule [bold]x[/bold] failed\nfix: see [1]\n"
