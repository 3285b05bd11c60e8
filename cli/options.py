"""The options that several commands share, each defined once, and how a whole number is read."""

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.errors import UsageError
from cli.terminal.hints import remember
from lakehouse import stage as stages
from lakehouse.contract.choices import IGNORE, PROPOSE, STOP

_PLAIN: Final = re.compile(r"[0-9]{1,30}")
# Groups of three, as Portuguese (1.000), English (1,000), Swiss (1'000), SI (1 000) and Python (1_000) write them;
# one separator throughout, and no leading group of 0 (to many readers 0.500 is a half).
_GROUPED: Final = re.compile(r"[1-9][0-9]{0,2}(?P<mark>[.,_' \u00a0\u2009\u202f\u2019])[0-9]{3}((?P=mark)[0-9]{3})*")
_MARKS: Final = re.compile(r"[.,_' \u00a0\u2009\u202f\u2019]")


def read_whole(text: str) -> int | None:
    """Return the whole number that a person wrote, or None where it is none or is ambiguous.

    >>> [read_whole(text) for text in ("1000", "1.000", "1,000", "1_000", "1 000", "10.000.000")]
    [1000, 1000, 1000, 1000, 1000, 10000000]
    >>> [read_whole(text) for text in ("1.5", "1,00", "1.0000", "1,000.5", "0.500", "1e3", "-5", "")]
    [None, None, None, None, None, None, None, None]
    """
    text = text.strip()
    if _PLAIN.fullmatch(text):
        return int(text)
    return int(_MARKS.sub("", text)) if _GROUPED.fullmatch(text) else None


def whole(option: str, least: int = 0, most: int | None = None) -> Callable[[str | int], int]:
    """Return the parser of an option's whole number.

    Parameters
    ----------
    option : str
        Its name, for the message.
    least, most : int
        The smallest and the largest valid number.

    Returns
    -------
    callable
        Takes the user's text; raises `UsageError` where it is no whole number, or out of bounds.
    """
    bounds = f"{least:,} or more" if most is None else f"{least:,} to {most:,}"

    def read(text: str | int) -> int:
        number = text if isinstance(text, int) else read_whole(text)
        if number is None:
            raise UsageError(
                f"{option}: '{text}' cannot be read as a whole number",
                f"Write {bounds}; thousands may be grouped: 1000, 1.000, 1,000, 1_000 and '1 000' are the same.",
            )
        if number < least or (most is not None and number > most):
            raise UsageError(
                f"{option}: {number:,} is too {'small' if number < least else 'large'}", f"Write {bounds}."
            )
        return number

    return read


class NewColumnsChoice(StrEnum):
    """What is done with columns of the CSVs that no contract has."""

    stop = STOP
    ignore = IGNORE
    propose = PROPOSE


def read_choice(chosen: NewColumnsChoice | None, orders: int | None) -> str | None:
    """Return what is done with new columns, None: what contracts say; raise `UsageError` where data are generated."""
    if chosen is not None and orders is not None:
        raise UsageError("generated data have no other columns, so --orders takes no --new-columns", "Leave one out.")
    return chosen.value if chosen else None


AWS_PANEL = "Where the lakehouse is"
SOURCE_PANEL = "Where the data comes from"

Local = Annotated[
    bool,
    typer.Option(
        "--local",
        callback=remember,
        help="The embedded AWS of this machine instead of AWS.",
        rich_help_panel=AWS_PANEL,
    ),
]
LocalAlways = Annotated[
    bool,
    typer.Option("--local", help="Taken, and the case anyway: the embedded AWS.", rich_help_panel=AWS_PANEL),
]
LocalWithoutEffect = Annotated[
    bool,
    typer.Option(
        "--local", help="Taken, and without effect: no AWS is asked, so the answer is the same everywhere.",
        rich_help_panel=AWS_PANEL,
    ),
]  # fmt: skip
Stack = Annotated[
    str | None,
    typer.Option(
        "--stack",
        callback=remember,
        help="The CloudFormation stack; samconfig.toml's of the stage by default.",
        rich_help_panel=AWS_PANEL,
    ),
]
Stage = Annotated[
    stages.Stage | None,
    typer.Option(
        "--stage",
        callback=remember,
        envvar="IMPORTAU_STAGE",
        help="Which of the lakehouses in the account; by default the one of no stage.",
        rich_help_panel=AWS_PANEL,
    ),
]
Region = Annotated[
    str | None,
    typer.Option(
        "--region",
        callback=remember,
        envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
        help="The AWS region.",
        rich_help_panel=AWS_PANEL,
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile", callback=remember, envvar="AWS_PROFILE", help="The AWS profile.", rich_help_panel=AWS_PANEL
    ),
]
CsvDir = Annotated[
    Path | None,
    typer.Option(
        "--csv-dir",
        metavar="DIR",
        help="A folder with the exported CSVs, also as .csv.gz or .zip.",
        rich_help_panel=SOURCE_PANEL,
    ),
]
Orders = Annotated[
    int | None,
    typer.Option(
        "--orders",
        metavar="N",
        parser=whole("--orders", 1),
        help="Generate N synthetic orders instead.",
        rich_help_panel=SOURCE_PANEL,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", metavar="N", parser=whole("--seed"),
        help="Which synthetic orders: the same seed, the same data (42 by default).",
        rich_help_panel=SOURCE_PANEL,
    ),
]  # fmt: skip
NewColumns = Annotated[
    NewColumnsChoice | None,
    typer.Option(
        "--new-columns",
        help="A column that no contract has: stop, publish without it, or propose it besides; as contracts say.",
        rich_help_panel=SOURCE_PANEL,
    ),
]
Yes = Annotated[
    bool,
    typer.Option(
        "--yes", "-y", help="When a CSV is missing, go on with synthetic data without asking.",
        rich_help_panel=SOURCE_PANEL,
    ),
]  # fmt: skip
NoInput = Annotated[
    bool,
    typer.Option(
        "--no-input", help="Never ask: where there is a question, stop with exit code 2.", rich_help_panel=SOURCE_PANEL
    ),
]
Version = Annotated[
    int | None,
    typer.Option(
        "--version", metavar="N", parser=whole("--version", 1), help="Version N of the lake; the newest by default."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]
ShowCommands = Annotated[
    bool,
    typer.Option("--show-commands", help="Print each AWS CLI command, as you could run it.", rich_help_panel=AWS_PANEL),
]
Bucket = Annotated[
    str | None,
    typer.Option(
        "--bucket", metavar="NAME", envvar="IMPORTAU_BUCKET", help="The bucket; the one made of your name by default.",
        rich_help_panel=AWS_PANEL,
    ),
]  # fmt: skip
