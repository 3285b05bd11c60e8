"""What a run will cost, said before anything of it starts, and whether that is too much."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cli import ROOT
from cli.errors import CliError, UsageError
from cli.planning.account import Account
from cli.planning.coefficients import Coefficients
from cli.planning.conditions import CRAWLERS, MAP_CONCURRENCY, on_aws
from cli.planning.limits import LAMBDA_CONCURRENCY
from cli.planning.model import Plan, plan
from cli.running import source
from cli.running.machines import GOVERNANCE, PIPELINE
from cli.session import Aws
from cli.terminal import present
from lakehouse.contract import layers
from lakehouse.lake import layout
from lakehouse.orchestration import costs
from lakehouse.part_size import BYTES_AN_ORDER

if TYPE_CHECKING:
    from lakehouse.lake.s3 import Lake

FILE: Final = ROOT / "cli/planning/plan.toml"
# What template.yaml gives each Lambda unless told otherwise.
MEMORY_MB: Final = 3_008
# What costs less is not worth a line.
A_FEW_CENTS: Final = Decimal("0.05")
_GOVERNANCE: Final = "governance"


@dataclass(frozen=True)
class Estimate:
    """What a run is taken to cost.

    Attributes
    ----------
    run : Plan
        With crawlers, where it may run them: whether something is new to discover shows when it is there.
    uncrawled : Plan
        Without.
    """

    run: Plan
    uncrawled: Plan

    @property
    def usd(self) -> Decimal:
        """The most that it is taken to cost."""
        return self.run.usd

    def __str__(self) -> str:
        """Return it for people to read."""
        about = f"{present.count(self.run.orders, 'order')} in {present.count(self.run.parts, 'part')}"
        less = f", {costs.shown(self.uncrawled.usd)} where no crawler runs" if self.uncrawled.usd < self.usd else ""
        return (
            f"estimate: {costs.shown(self.usd)} USD{less}, {present.duration(self.run.elapsed_seconds)}, for {about} "
            "(list prices; `./importau plan` says more)"
        )


def estimate(what: str, orders: int, account: Account, *, exported: bool = True) -> Estimate:
    """Return what a run of a machine costs.

    Parameters
    ----------
    what : str
        One of `cli.running.machines.MACHINES`, or governance.
    orders : int
    account : Account
        What the stack is set to, and the account allows.
    exported : bool
        Whether it reads exports, of which large ones are read in ranges.
    """
    measured = Coefficients.read(FILE)
    only = {PIPELINE: None, GOVERNANCE: (_GOVERNANCE,)}.get(what, (what,))
    memory = account.parameter("MemorySize", MEMORY_MB)
    maps = account.parameter("MapConcurrency", MAP_CONCURRENCY)
    at_once = account.concurrency or LAMBDA_CONCURRENCY
    crawlers = CRAWLERS if what in {PIPELINE, GOVERNANCE} else 0
    return Estimate(
        plan(measured, orders, memory, at_once, on_aws(maps, crawlers), only, exported=exported),
        plan(measured, orders, memory, at_once, on_aws(maps, 0), only, exported=exported),
    )


def of_stack(aws: Aws) -> Account:
    """Return how a stack is set, of an account that is not asked more; what is not known is as template.yaml has it."""
    return Account(parameters=aws.known_parameters)


def orders_of(aws: Aws, what: str, data: source.Source) -> int:
    """Return how many orders a run has: by its source, or where it reads none, by what is published.

    A CSV's orders are told by the size of the files, as the number of its parts is.
    """
    # pyarrow and boto3 are loaded by what reads, not by a command's help.
    from lakehouse.lake.s3 import Lake
    from lakehouse.versions.view import View

    if what in {layout.BRONZE, PIPELINE}:
        match data:
            case source.Synthetic(orders):
                return orders
            case source.CsvFolder(path):
                return _orders(sum(_bytes_in(path, table) for table in layers.cut_tables(layout.BRONZE)))
            case source.Landing():
                lake, keys = Lake(aws.bucket, aws.s3), map(layout.landing_key, layers.cut_tables(layout.BRONZE))
                return _orders(sum(_landed_bytes(lake, key) for key in keys))
    tables = View.of_version(Lake(aws.bucket, aws.s3)).tables
    ordered = layers.cut_tables(layout.BRONZE)[0]
    return max(1, tables[ordered].rows) if ordered in tables else 1


def _bytes_in(folder: Path, table: str) -> int:
    """Return the bytes of a table's CSV in a folder, as Bronze reads it."""
    from bronze.csv.compression import HEAD, TAIL, content_bytes

    path = source.file_in(folder, table)
    if path is None:
        return 0
    size = path.stat().st_size
    with path.open("rb") as content:
        head = content.read(HEAD)
        content.seek(max(0, size - TAIL))
        return content_bytes(head, content.read(), size)


def _landed_bytes(lake: "Lake", key: str) -> int:
    """Return the bytes of a CSV that was uploaded, as Bronze reads it; 0 where it is not there."""
    from bronze.csv.compression import HEAD, TAIL, content_bytes, is_compressed

    about = lake.about(key)
    if about is None or not about.bytes:
        return 0
    head = lake.range_of(key, about.etag, 0, min(HEAD, about.bytes))
    if not is_compressed(head):
        return about.bytes
    tail = lake.range_of(key, about.etag, max(0, about.bytes - TAIL), about.bytes)
    return content_bytes(head, tail, about.bytes)


def _orders(size: int) -> int:
    return max(1, size // BYTES_AN_ORDER)


def read_usd(text: str | Decimal) -> Decimal:
    """Return an amount in USD as it is written; raise `UsageError` where it is none."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise UsageError(f"--max-usd: '{text}' is no amount of USD", "Write one of 0 or more: 0.50")
    return amount


def refuse(found: Estimate, most: Decimal) -> None:
    """Stop, before anything starts, where a run costs more than it may; raise `CliError` with what makes it cheaper."""
    if found.usd <= most:
        return
    ways = []
    if found.uncrawled.usd <= most:
        ways.append(
            f"without crawlers it is {costs.shown(found.uncrawled.usd)} USD: they run where something is new to "
            f"discover, so allow it once (--max-usd {_up(found.usd)})"
        )
    elif found.run.least_mb < found.run.memory_mb:
        ways.append(
            f"{found.run.least_mb:,} MB a Lambda would do: `./importau deploy --parameter "
            f"MemorySize={found.run.least_mb}`"
        )
    if found.run.parts > 1:
        ways.append("fewer orders cost less in proportion")
    ways.append(f"or allow it: --max-usd {_up(found.usd)}")
    what = ", ".join(
        f"{line.what.replace('_', ' ')} {costs.shown(line.usd)}" for line in sorted(found.run.lines, key=_dearest)[:3]
    )
    raise CliError(
        f"the run would cost {costs.shown(found.usd)} USD ({what}), and --max-usd allows {most:f}: nothing was "
        "uploaded, and nothing started",
        f"{'; '.join(ways)}.",
    )


def _dearest(line: costs.Line) -> Decimal:
    return -line.usd


def _up(amount: Decimal) -> str:
    """Return an amount, rounded up to the cent."""
    return str(amount.quantize(Decimal("0.01"), "ROUND_CEILING"))
