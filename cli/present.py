"""What the commands print: progress and problems on standard error, results on standard output."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from cli.errors import CliError
    from cli.summary import Asset

# Rich resolves sys.stdout and sys.stderr on every print, so these may be made once.
out: Final = Console(highlight=False, soft_wrap=True)
err: Final = Console(stderr=True, highlight=False, soft_wrap=True)

_VERDICT_STYLE: Final = {"pass": "green", "warn": "yellow", "fail": "bold red"}
_TABLE_WIDTH: Final = 110


def say(text: str) -> None:
    """Print one plain line of progress."""
    err.print(escape(text))


def done(text: str, seconds: float | None = None) -> None:
    """Print one finished step and how long it took."""
    took = "" if seconds is None else f" [dim]{duration(seconds)}[/dim]"
    err.print(f"[green]✓[/green] {escape(text)}{took}")


def failed(text: str, seconds: float | None = None) -> None:
    """Print one step that failed."""
    took = "" if seconds is None else f" [dim]{duration(seconds)}[/dim]"
    err.print(f"[bold red]✗[/bold red] {escape(text)}{took}")


def warn(text: str) -> None:
    """Print something the user should know although the command goes on."""
    err.print(f"[yellow]![/yellow] {escape(text)}")


def problem(error: "CliError") -> None:
    """Print why a command stops, and what to do about it."""
    err.print(f"[bold red]error:[/bold red] {escape(error.message)}")
    if error.fix:
        err.print(f"[bold]fix:[/bold] {escape(error.fix)}")


@contextmanager
def activity(text: str) -> Iterator[Callable[[str], None]]:
    """Show that something goes on; yields what to call with what it is doing now."""
    with err.status(escape(text)) as status:
        yield lambda now: status.update(escape(now))


@contextmanager
def step(text: str) -> Iterator[Callable[[str], None]]:
    """Show a step while it lasts, and its time when it ends without an error; yields what to call with its details."""
    start = monotonic()
    with activity(text) as show:
        yield lambda now: show(f"{text}: {now}")
    done(text, monotonic() - start)


@contextmanager
def transfer(text: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show bytes moving; yields what to call with the number of bytes that moved just now (from any thread)."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    start = monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(escape(text), total=total)
        yield lambda moved: progress.advance(task, moved)
    done(f"{text} ({size(total)})", monotonic() - start)


def duration(seconds: float) -> str:
    """Return a duration as people write it: ``0.8 s``, ``12 s``, ``3 min 05 s``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def size(amount: int) -> str:
    """Return a number of bytes as people write it: ``512 B``, ``3.4 MB``."""
    scaled, unit = float(amount), "B"
    for larger in ("kB", "MB", "GB"):
        if scaled < 999.95:
            break
        scaled, unit = scaled / 1000, larger
    return f"{amount} B" if unit == "B" else f"{scaled:.1f} {unit}"


def assets(found: "Sequence[Asset]") -> None:
    """Print the summary table: one line an asset, grouped by layer."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold", pad_edge=False)
    for heading in ("layer", "table"):
        table.add_column(heading, no_wrap=True)
    for heading in ("rows", "quarantined"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("audit")
    table.add_column("time", justify="right", no_wrap=True)
    previous = ""
    for asset in found:
        first = asset.layer != previous
        if first and previous:
            table.add_section()
        previous = asset.layer
        quarantined = _count(asset.quarantined)
        table.add_row(
            asset.layer if first else "",
            asset.table,
            _count(asset.rows),
            f"[yellow]{quarantined}[/yellow]" if asset.quarantined else quarantined,
            _verdict(asset),
            duration(asset.layer_seconds) if first and asset.layer_seconds is not None else "",
        )
    grid(table)


def grid(table: Table) -> None:
    """Print a table."""
    if not out.is_terminal:  # a pipe has no width, and rich's guess would fold the columns
        out.width = _TABLE_WIDTH
    out.print(table)


def _count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _verdict(asset: "Asset") -> str:
    counts = [
        f"{number} {name}{'' if number == 1 else 's'}"
        for number, name in ((asset.errors, "error"), (asset.warnings, "warning"))
        if number
    ]
    text = f"{asset.verdict} ({', '.join(counts)})" if counts else asset.verdict
    return f"[{_VERDICT_STYLE.get(asset.verdict, 'default')}]{text}[/]"


def lines(rows: Sequence[tuple[str, str]]) -> None:
    """Print pairs as two aligned columns on standard output."""
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        out.print(f"[bold]{escape(name.ljust(width))}[/bold]  {escape(value)}")
