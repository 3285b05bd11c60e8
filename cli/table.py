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
          ("check", "check --role LabRole --show-commands", "check --deep", "check --json")),
    Entry("bucket", _AWS, "Make the lakehouse's bucket, or say that it is there.",
          ("bucket", "bucket --bucket importau-lakehouse-turma2 --show-commands")),
    Entry("deploy", _AWS, "Build and deploy: shows what changes, asks, follows it.",
          ("deploy", "deploy --yes --role LabRole --parameter LogLevel=DEBUG",
           "deploy --alert ana@empresa.com.br --schedule 'cron(0 6 ? * MON-FRI *)'",
           "deploy --stage dev", "deploy --stage prod --from hom")),
    Entry("plan", _AWS, "Predict time, cost and limits of a run, without running it.",
          ("plan --orders 1000000", "plan --orders 10000000000 --memory 2048", "plan --orders 1000 --no-crawl --json",
           "plan --against RUN")),
    Entry("run", _AWS, "Run a layer, governance, or the whole pipeline.",
          ("run --csv-dir csv_exports", "run gold --local", "run --hold", "run --max-usd 0.50")),
    Entry("audit", _AWS, "Audit a version, by default the newest, against its contracts.",
          ("audit", "audit silver --local --json", "audit --version 3")),
    Entry("status", _AWS, "Say what is published, runs, waits or failed, and what to do.",
          ("status", "status --local --json")),
    Entry("alerts", _AWS, "List the messages about runs that failed; with RUN, show one.",
          ("alerts", "alerts RUN", "alerts --local --json")),
    Entry("versions", _AWS, "List the versions of the lake, newest first.",
          ("versions", "versions --all --json")),
    Entry("rollback", _AWS, "Go back to an earlier version; no byte is copied.",
          ("rollback", "rollback 3 --yes")),
    Entry("publish", _AWS, "Publish a run that was held: shows what changes, asks.",
          ("publish RUN", "publish RUN --yes --local")),
    Entry("discard", _AWS, "Make sure that a run which was held is never published.",
          ("discard RUN", "discard RUN --yes --local")),
    Entry("replay", _AWS, "Make a version again from its inputs, and compare the bytes.",
          ("replay 3", "replay 3 --local --json")),
    Entry("vacuum", _AWS, "Delete what no version within the retention needs.",
          ("vacuum", "vacuum --keep 5 --days 30 --yes")),
    Entry("quarantine", _AWS, "List the rows that were set aside; export them to mend, and fix.",
          ("quarantine list", "quarantine export mend", "quarantine fix mend/TABLE.csv")),
    Entry("person", _AWS, "Find what is held of a person, in every version; or erase it.",
          ("person", "person - < value.txt", "person --erase --local")),
    Entry("logs", _AWS, "Print what the functions logged.",
          ("logs --since 10m", "logs bronze --follow", "logs --run RUN")),
    Entry("export", _AWS, "Download the tables as Parquet, or a workbook for people.",
          ("export out", "export out --version 3 --local", "export --excel importau.xlsx")),
    Entry("iceberg", _AWS, "Make each table an Iceberg table too, over the same files.",
          ("iceberg", "iceberg --drop --yes", "iceberg --local --json")),
    Entry("destroy", _AWS, "Take the lakehouse down; the data stays, unless you say so.",
          ("destroy", "destroy --delete-data --local")),
    Entry("search", _LOOK, "Search the catalogue: tables, CSVs, columns, pipelines, tasks.",
          ("search forecast", "search 'risco cambial' --type column --local")),
    Entry("query", _LOOK, "Ask the tables a question in SQL, or one of ten by its name.",
          ("query", "query NAME --excel resposta.xlsx", 'query "SELECT * FROM TABLE" --version 3 --local')),
    Entry("lineage", _LOOK, "Trace a table or column to the CSVs, or down to Gold.",
          ("lineage TABLE", "lineage TABLE.COLUMN --downstream")),
    Entry("verify", _LOOK, "Check that what is published is what was audited, and the rest.",
          ("verify", "verify TABLE", "verify --local --json", "verify --repair")),
    Entry("diff", _LOOK, "Compare two versions: rows, sums, and what moved a cell of Gold.",
          ("diff", "diff 3 7 --json", "diff 3 --explain TABLE:2024-03/CONTA_CORRENTE_PJ/USD")),
    Entry("contracts", _LOOK, "Say what changed in contracts, and if their versions say so.",
          ("contracts diff", "contracts diff published --json", "contracts check", "contracts proposed")),
    Entry("portal", _LOOK, "Build the portal: map, assets, quality, costs, dashboards.",
          ("portal --open", "portal --local --serve")),
    Entry("notebook", _LOOK, "Explore the lake in Jupyter, in Portuguese; or run it to a page.",
          ("notebook", "notebook --local", "notebook --execute --local")),
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
