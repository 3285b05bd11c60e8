"""Every command in one table, with all that the whole help needs, so that only one command is loaded."""

from dataclasses import dataclass
from typing import Final

_START, _AWS, _LOOK, _DEVELOP, _ABOUT = "Start here", "The lakehouse", "What is in it", "Development", "About importau"


@dataclass(frozen=True)
class Entry:
    """A command as the whole help shows it. The rest is in the file of its name in `cli.commands`.

    Attributes
    ----------
    name : str
    panel : str
        The heading under which the whole help lists it.
    summary : str
        What it is for, on one line of 80 columns.
    examples : tuple of str
        Shown at the end of its help, without ``./importau``.
    takes : str
        The arguments that it parses itself, as its usage shows them; empty: none.
    """

    name: str
    panel: str
    summary: str
    examples: tuple[str, ...] = ()
    takes: str = ""


# fmt: off
COMMANDS: Final = (
    Entry("demo", _START, "Deploy and run it all on this machine: no account, no Docker.",
          ("demo", "demo --csv-dir ../csv_exports --export out", "demo --orders 100000")),
    Entry("local", _START, "Start, stop or empty the embedded AWS of this machine."),
    Entry("check", _AWS, "Say who you are and what your account allows; changes nothing.",
          ("check", "check --role LabRole --show-commands", "check --json")),
    Entry("bucket", _AWS, "Make the lakehouse's bucket, or say that it is there.",
          ("bucket", "bucket --bucket importau-lakehouse-turma2 --show-commands")),
    Entry("deploy", _AWS, "Build and deploy: shows what changes, asks, follows it.",
          ("deploy", "deploy --yes --role LabRole --parameter LogLevel=DEBUG")),
    Entry("plan", _AWS, "Predict time, cost and limits of a run, without running it.",
          ("plan --orders 1000000", "plan --orders 10000000000 --memory 2048")),
    Entry("run", _AWS, "Run a layer, governance, or the whole pipeline.",
          ("run --csv-dir csv_exports", "run gold --local")),
    Entry("audit", _AWS, "Audit what is published now, against its contracts.",
          ("audit", "audit silver --local --json")),
    Entry("logs", _AWS, "Print what the functions logged.",
          ("logs --since 10m", "logs bronze --follow", "logs --run RUN")),
    Entry("export", _AWS, "Download the tables as Parquet, with quality reports.",
          ("export out", "export out --local")),
    Entry("destroy", _AWS, "Take the lakehouse down; the data stays, unless you say so.",
          ("destroy", "destroy --delete-data --local")),
    Entry("search", _LOOK, "Search the catalogue: tables, columns, pipelines, tasks.",
          ("search forecast", "search 'risco cambial' --type column --local")),
    Entry("lineage", _LOOK, "Trace a table or column to the CSVs, or down to Gold.",
          ("lineage TABLE", "lineage TABLE.COLUMN --downstream")),
    Entry("verify", _LOOK, "Check catalogue, lineage, classification and drift after a run.",
          ("verify", "verify --local --json")),
    Entry("portal", _LOOK, "Build the portal: map, assets, quality, costs, dashboards.",
          ("portal --open", "portal --local --serve")),
    Entry("test", _DEVELOP, "Run every check and test; with arguments, pytest on them alone.",
          ("test", "test tests/unit -k rateio"), takes="[PYTEST_ARGUMENTS]..."),
    Entry("bench", _DEVELOP, "Measure how quick it is, beside other engines too."),
    Entry("sample", _DEVELOP, "Write the sample export, csv_exports/, anew.",
          ("sample", "sample my_exports")),
    Entry("generate", _DEVELOP, "Write anew what is derived from contracts, commands and code.",
          ("generate", "generate --golden")),
    Entry("docs", _DEVELOP, "Build the pages into a site.", ("docs", "docs out/docs")),
    Entry("help", _ABOUT, "Print the help of a command.", ("help", "help local up"),
          takes="[COMMAND]..."),
    Entry("version", _ABOUT, "Print the version, the commit, Python and the main packages.",
          ("version", "version --json")),
    Entry("completion", _ABOUT, "Print what makes bash, zsh or fish complete commands.",
          ("completion bash >> ~/.bashrc", "completion zsh >> ~/.zshrc",
           "completion fish > ~/.config/fish/completions/importau.fish")),
)
# fmt: on
