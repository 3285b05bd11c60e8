"""The output of commands: progress and problems on standard error, results on standard output.

On a terminal, text is wrapped between words and tables fit the width. In a pipe every line stays whole, however long:
what reads it has no width.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from cli.terminal.hints import complete

if TYPE_CHECKING:
    from cli.errors import CliError

# In a pipe: wider than any table, and the greatest length of the rule below a table's head.
_ENDLESS: Final = 10_000
_RULE: Final = 120
# Rich resolves sys.stdout and sys.stderr at every print, so these can be made once.
out: Final = Console(highlight=False, soft_wrap=True)
err: Final = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Print one plain line of progress."""
    _tell("", text)


def done(text: str, seconds: float | None = None) -> None:
    """Print one finished step and how long it took."""
    _tell("[green]✓[/green] ", text, seconds)


def failed(text: str, seconds: float | None = None) -> None:
    """Print one step that failed."""
    _tell("[bold red]✗[/bold red] ", text, seconds)


def warn(text: str) -> None:
    """Print something the user should know although the command goes on."""
    _tell("[yellow]![/yellow] ", text)


def problem(error: "CliError") -> None:
    """Print why a command stops, and what to do about it."""
    _tell("[bold red]error:[/bold red] ", error.message)
    if error.fix:
        _tell("[bold]fix:[/bold] ", error.fix)


def _tell(mark: str, text: str, seconds: float | None = None) -> None:
    """Print a message, with the options in its commands completed, so that they can be typed as they are."""
    took = "" if seconds is None else f" [dim]{duration(seconds)}[/dim]"
    flow(err, f"{mark}{escape(complete(text))}{took}")


def flow(console: Console, markup: str, head: str = "", margin: int | None = None) -> None:
    """Print text; on a terminal wrapped between words, with a word longer than a line (an ARN, a path) kept whole.

    Parameters
    ----------
    console : Console
    markup : str
    head : str
        Markup before the text.
    margin : int, optional
        The column at which the following lines begin; that of the text by default.
    """
    if not console.is_terminal:
        console.print(f"{head}{markup}", soft_wrap=True)
        return
    before = Text.from_markup(head)
    for paragraph in Text.from_markup(markup).split("\n", allow_blank=True):
        # An indented paragraph continues at its own margin.
        own = before.cell_len + len(paragraph.plain) - len(paragraph.plain.lstrip())
        following = own if margin is None else margin
        breaks = list(_breaks(paragraph.plain, before.cell_len, following, console.width))
        for number, line in enumerate(paragraph.divide(breaks)):
            line.rstrip()
            console.print((Text(" " * following) if number else before) + line, soft_wrap=True)
        before = Text(" " * before.cell_len)


def _breaks(text: str, first: int, margin: int, width: int) -> Iterator[int]:
    """Yield where to break a paragraph whose first line begins at column ``first``, and the others at ``margin``."""
    column = first
    for word in re.finditer(r"^\s*\S+|\S+", text):
        if word.start() and column + cell_len(word[0]) > width:
            yield word.start()
            column = margin
        column += cell_len(word[0]) + 1


@contextmanager
def activity(text: str) -> Iterator[Callable[[str], None]]:
    """Show that something is going on; yields a function to call with what is being done now."""
    with err.status(escape(text)) as status:
        yield lambda now: status.update(escape(now))


@contextmanager
def step(text: str) -> Iterator[Callable[[str], None]]:
    """Show a step while it lasts, and its time when it succeeds; yields a function to call with its details."""
    start = monotonic()
    with activity(text) as show:
        yield lambda now: show(f"{text}: {now}")
    done(text, monotonic() - start)


@contextmanager
def transfer(text: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show the progress of a transfer; yields a function to call, from any thread, with the bytes just transferred."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    start = monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(escape(text), total=total)
        yield lambda moved: progress.advance(task, moved)
    done(f"{text} ({size(total)})", monotonic() - start)


def duration(seconds: float) -> str:
    """Return a duration for people to read: ``0.8 s``, ``12 s``, ``3 min 05 s``, ``30 h 04 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,} h {minutes:02d} min"


def place(path: Path) -> str:
    """Return a path as one would type it in the current folder: relative, if it is inside."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def size(amount: int) -> str:
    """Return a number of bytes for people to read: ``512 B``, ``3.4 MB``."""
    scaled, unit = float(amount), "B"
    for larger in ("kB", "MB", "GB"):
        if scaled < 999.95:
            break
        scaled, unit = scaled / 1000, larger
    return f"{amount} B" if unit == "B" else f"{scaled:.1f} {unit}"


def count(number: int, one: str, more: str = "") -> str:
    """Return a number of things: ``1 order``, ``1,000 orders``; ``more`` is the plural where it is not ``one`` + s."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def table(*columns: Column | str, caption: str | None = None) -> Table:
    """Return an empty table in the style of all tables."""
    rendered = Table(
        *columns, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold",
        caption=caption,
    )  # fmt: skip
    for column in rendered.columns:
        column.no_wrap |= column.justify == "right"
        column.overflow = "fold"  # rather than cutting off the end of a word
    return rendered


def grid(table: Table) -> None:
    """Print a table, and its caption as text."""
    caption, table.caption = table.caption, None
    if out.is_terminal:
        out.print(table)
    else:
        pipe = Console(highlight=False, width=_ENDLESS)
        if Measurement.get(pipe, pipe.options, table).maximum > _RULE:
            table.box = None  # a longer rule would be as wide as the longest cell
        with pipe.capture() as printed:
            pipe.print(table)
        for line in printed.get().splitlines():
            out.print(line.rstrip(), markup=False)
    if isinstance(caption, str):
        flow(out, f"[dim]{escape(caption)}[/dim]")


def records(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of markup as a table, or as blocks of lines on a terminal too narrow for the table.

    Parameters
    ----------
    headings : sequence of str
    rows : sequence of sequence of str
        One cell per heading. In a block, the first two are side by side, and the others below the second.
    """
    rendered = table(*headings)
    for row in rows:
        rendered.add_row(*row)
    if not out.is_terminal or Measurement.get(out, out.options.update(width=_ENDLESS), rendered).maximum <= out.width:
        grid(rendered)
        return
    margin = max(Text.from_markup(first).cell_len for first, *_ in rows) + 2
    for first, second, *others in rows:
        flow(out, f"[bold]{second}[/bold]", head=first + " " * (margin - Text.from_markup(first).cell_len))
        for text in filter(None, others):
            flow(out, text, head=" " * margin)


def lines(rows: Sequence[tuple[str, str]]) -> None:
    """Print pairs as two aligned columns on standard output."""
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        flow(out, escape(value), head=f"[bold]{escape(name.ljust(width))}[/bold]  ")
