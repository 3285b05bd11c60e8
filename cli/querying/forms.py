"""The forms in which an answer is wanted: on the terminal, as a file, as JSON."""

from dataclasses import dataclass
from pathlib import Path

from cli.querying.asking import Answered
from cli.querying.files import require_place, write_csv, write_excel
from cli.querying.printing import as_json, cost, print_json, show
from cli.terminal import present


@dataclass(frozen=True)
class Forms:
    """What is wanted of an answer.

    Attributes
    ----------
    csv, excel : Path or None
        The files to write.
    as_json : bool
        Whether JSON is printed.
    limit : int or None
        No more rows than that.
    """

    csv: Path | None = None
    excel: Path | None = None
    as_json: bool = False
    limit: int | None = None

    def require_places(self) -> None:
        """Raise `UsageError` where a file cannot be written, before anything is asked."""
        for file, ending in ((self.csv, ".csv"), (self.excel, ".xlsx")):
            if file is not None:
                require_place(file, ending)

    def hand_over(self, answered: Answered, question: str) -> None:
        """Write and print an answer; ``question`` is empty where it has none in words."""
        if self.csv is not None:
            _wrote(write_csv(answered, self.csv, self.limit), self.csv)
        if self.excel is not None:
            _wrote(write_excel(answered, self.excel, self.limit, question), self.excel)
        if self.as_json:
            print_json(as_json(answered, self.limit, answered.schema.names))
        elif self.csv or self.excel:
            present.say(cost(answered))
        else:
            if question:
                present.flow(present.out, f"[bold]{question}[/bold]")
            show(answered, self.limit)


def _wrote(rows: int, file: Path) -> None:
    present.done(f"{present.count(rows, 'row')} in {present.place(file)}")
