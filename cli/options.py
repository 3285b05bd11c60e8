"""The options several commands share, each said once."""

from pathlib import Path
from typing import Annotated

import typer

AWS_PANEL = "Where the lakehouse is"
SOURCE_PANEL = "Where the data comes from"

Local = Annotated[
    bool,
    typer.Option("--local", help="The embedded AWS of this machine instead of AWS.", rich_help_panel=AWS_PANEL),
]
Stack = Annotated[
    str | None,
    typer.Option("--stack", help="The CloudFormation stack; samconfig.toml's by default.", rich_help_panel=AWS_PANEL),
]
Region = Annotated[
    str | None,
    typer.Option(
        "--region", envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="The AWS region.", rich_help_panel=AWS_PANEL
    ),
]
Profile = Annotated[
    str | None,
    typer.Option("--profile", envvar="AWS_PROFILE", help="The AWS profile.", rich_help_panel=AWS_PANEL),
]
CsvDir = Annotated[
    Path | None,
    typer.Option("--csv-dir", metavar="DIR", help="A folder with the seven CSVs.", rich_help_panel=SOURCE_PANEL),
]
Orders = Annotated[
    int | None,
    typer.Option(
        "--orders", metavar="N", min=1, help="Generate N synthetic orders instead.", rich_help_panel=SOURCE_PANEL
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", metavar="N", min=0, help="Which synthetic orders: the same seed, the same data (42 by default).",
        rich_help_panel=SOURCE_PANEL,
    ),
]  # fmt: skip
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
        "--no-input", help="Never ask: when a CSV is missing, stop with exit code 2.", rich_help_panel=SOURCE_PANEL
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
