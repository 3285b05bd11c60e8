"""How a whole number is read, in every option that takes one."""

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli.errors import UsageError
from cli.main import app
from cli.options import read_whole, whole


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("42", 42),
        ("007", 7),
        (" 1000 ", 1000),
        ("1.000", 1000),
        ("1,000", 1000),
        ("1_000", 1000),
        ("1'000", 1000),
        ("1 000", 1000),
        ("1\u00a0000", 1000),
        ("1\u202f000", 1000),
        ("12.345", 12_345),
        ("10.000.000", 10_000_000),
        ("10,000,000", 10_000_000),
    ],
)
def test_a_whole_number_may_be_grouped_in_thousands(text: str, number: int) -> None:
    assert read_whole(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "", "abc", "-5", "+5", "1.5", "1,00", "1.0000", "1000.000", "1,000.5", "1.000,50", "1.000,000", "1,,000",
        "1.000.", ".500", "0.500", "1,00,000", "1e3", "1k", "0x10", "١٠", "9" * 31,
    ],
)  # fmt: skip
def test_what_is_none_or_may_be_another_is_not_read(text: str) -> None:
    assert read_whole(text) is None


def test_a_number_that_cannot_be_read_is_said_with_its_option_and_the_fix() -> None:
    with pytest.raises(UsageError) as caught:
        whole("--orders", 1, 5000)("1.5")
    assert caught.value.message == "--orders: '1.5' cannot be read as a whole number"
    assert caught.value.fix.startswith("Write 1 to 5,000; thousands may be grouped: 1000, 1.000, ")


@pytest.mark.parametrize(("text", "said"), [("0", "0 is too small"), ("5.001", "5,001 is too large")])
def test_a_number_out_of_bounds_is_said_with_the_bounds(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        whole("--orders", 1, 5000)(text)
    assert caught.value.message == f"--orders: {said}"
    assert caught.value.fix == "Write 1 to 5,000."


COUNTED = [
    ("run", "--orders"), ("run", "--seed"), ("demo", "--orders"), ("demo", "--seed"), ("plan", "--orders"),
    ("plan", "--memory"), ("plan", "--concurrency"), ("portal", "--port"), ("local logs", "--lines"),
    ("bench cold", "--repetitions"), ("bench engine", "--repetitions"), ("bench forecast", "--number"),
    ("vacuum", "--keep"), ("vacuum", "--days"), ("bench latency", "--parts"), ("bench latency", "--milliseconds"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "option"), COUNTED, ids=" ".join)
def test_every_whole_number_of_every_command_is_read_alike(command: str, option: str) -> None:
    refused = CliRunner().invoke(app, [*command.split(), option, "1.5"])
    assert refused.exit_code == 2
    assert f"{option}: '1.5' cannot be read as a whole number" in refused.stderr


def test_no_option_takes_a_whole_number_in_another_way() -> None:
    found = []

    def look(command: object, path: tuple[str, ...]) -> None:
        for name, inner in getattr(command, "commands", {}).items():
            look(inner, (*path, name))
        for parameter in getattr(command, "params", ()):
            if isinstance(parameter.default, int) and not parameter.is_flag and not isinstance(parameter.default, bool):
                found.append((" ".join(path), max(parameter.opts, key=len)))

    look(get_command(app), ())
    assert set(found) - {("bench engine", "--timeout"), ("bench engine", "--memory")} <= set(COUNTED)  # decimals
