"""Every command in one table: all that the whole help needs, so that only the command asked for is loaded."""

from dataclasses import dataclass
from typing import Final

_START, _AWS, _LOOK, _DEVELOP, _ABOUT = "Start here", "The lakehouse", "What is in it", "Development", "About importau"


@dataclass(frozen=True)
class Entry:
    """A command as the whole help shows it, and where the rest of it is.

    Attributes
    ----------
    name : str
    place : str
        ``module:attribute`` of a function, or of a `cli.help.Typer` for a command that has commands of its own.
    panel : str
        The heading under which the whole help lists it.
    summary : str
        What it is for, on one line of 80 columns.
    examples : tuple of str
        Shown at the end of its help, without ``./importau``.
    takes : str
        What it takes besides options of its own and reads itself, as its usage shows it; empty: nothing.
    hidden : bool
        Whether the whole help leaves it out.
    """

    name: str
    place: str
    panel: str
    summary: str
    examples: tuple[str, ...] = ()
    takes: str = ""
    hidden: bool = False


# fmt: off
COMMANDS: Final = (
    Entry("demo", "cli.commands.demo:demo", _START, "Deploy and run it all on this machine: no account, no Docker.",
          ("demo", "demo --csv-dir ../csv_exports --export out", "demo --orders 100000")),
    Entry("local", "cli.commands.local:app", _START, "Start, stop or empty the embedded AWS of this machine."),
    Entry("check", "cli.commands.check:check", _AWS, "Say who you are and what your account allows; changes nothing.",
          ("check", "check --role LabRole --show-commands", "check --json")),
    Entry("bucket", "cli.commands.bucket:bucket", _AWS, "Make the lakehouse's bucket, or say that it is there.",
          ("bucket", "bucket --bucket importau-lakehouse-turma2 --show-commands")),
    Entry("deploy", "cli.commands.deploy:deploy", _AWS, "Build and deploy: shows what changes, asks, follows it.",
          ("deploy", "deploy --yes --role LabRole --parameter LogLevel=DEBUG")),
    Entry("plan", "cli.commands.plan:plan", _AWS, "Predict time, cost and limits of a run, without running it.",
          ("plan --orders 1000000", "plan --orders 10000000000 --memory 2048")),
    Entry("run", "cli.commands.run:run", _AWS, "Run a layer, governance, or the whole pipeline.",
          ("run --csv-dir csv_exports", "run gold --local")),
    Entry("audit", "cli.commands.audit:audit", _AWS, "Audit what is published now, against its contracts.",
          ("audit", "audit silver --local --json")),
    Entry("logs", "cli.commands.logs:logs", _AWS, "Print what the functions logged.",
          ("logs --since 10m", "logs bronze --follow", "logs --run RUN")),
    Entry("export", "cli.commands.export:export", _AWS, "Download the ten tables as Parquet, with quality reports.",
          ("export out", "export out --local")),
    Entry("destroy", "cli.commands.destroy:destroy", _AWS, "Take the lakehouse down; the data stays, unless you say so.",
          ("destroy", "destroy --delete-data --local")),
    Entry("search", "cli.commands.search:search", _LOOK, "Search the catalogue: tables, columns, pipelines, tasks.",
          ("search forecast", "search 'risco cambial' --type column --local")),
    Entry("lineage", "cli.commands.lineage:lineage", _LOOK, "Trace a table or column to the CSVs, or down to Gold.",
          ("lineage agregado_fluxo_de_caixa_mensal", "lineage cambio.taxa_ptax --downstream")),
    Entry("verify", "cli.commands.verify:verify", _LOOK, "Check catalogue, lineage, classification and drift after a run.",
          ("verify", "verify --local --json")),
    Entry("portal", "cli.commands.portal:portal", _LOOK, "Build the portal: map, assets, quality, costs, dashboards.",
          ("portal --open", "portal --local --serve")),
    Entry("test", "cli.commands.test:test", _DEVELOP, "Run every check and test; with arguments, pytest on them alone.",
          ("test", "test tests/unit -k rateio"), takes="[PYTEST_ARGUMENTS]..."),
    Entry("bench", "cli.commands.bench:app", _DEVELOP, "Measure how quick it is, beside other engines too."),
    Entry("sample", "cli.commands.sample:sample", _DEVELOP, "Write the sample export, csv_exports/, anew.",
          ("sample", "sample my_exports")),
    Entry("docs", "cli.commands.docs:docs", _DEVELOP, "Write docs/commands.md anew from the commands.",
          ("docs",), hidden=True),
    Entry("help", "cli.help:explain", _ABOUT, "Print the help of a command.", ("help", "help local up"),
          takes="[COMMAND]..."),
    Entry("version", "cli.commands.version:version", _ABOUT, "Print the version, the commit, Python and the main packages.",
          ("version", "version --json")),
    Entry("completion", "cli.completion:completion", _ABOUT, "Print what makes bash, zsh or fish complete commands.",
          ("completion bash >> ~/.bashrc", "completion zsh >> ~/.zshrc",
           "completion fish > ~/.config/fish/completions/importau.fish")),
)
# fmt: on
