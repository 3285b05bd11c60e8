"""`importau plan`: how long a run of any size would take, what it would cost, and which limits it would meet."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Final

import typer
from rich.table import Table

from cli import ROOT, options
from cli.errors import CliError, UsageError
from cli.planning.coefficients import Coefficients
from cli.planning.limits import LAMBDA_CONCURRENCY, LAMBDA_MB, MOST_ORDERS, Limit, limits
from cli.planning.model import Plan
from cli.planning.model import plan as predicted
from cli.terminal import present
from lakehouse.orchestration import costs

FILE: Final = ROOT / "cli/planning/plan.toml"
# What template.yaml gives each Lambda unless told otherwise.
MEMORY_MB: Final = 3_008
TOLERANCE: Final = 0.30


def plan(  # noqa: PLR0913, PLR0917 - an argument an option
    orders: Annotated[
        int | None,
        typer.Option(
            "--orders", metavar="N", parser=options.whole("--orders", 1, MOST_ORDERS), help="How many orders a run has."
        ),
    ] = None,
    memory: Annotated[
        int,
        typer.Option(
            "--memory", metavar="MB", parser=options.whole("--memory", 512, LAMBDA_MB), help="Memory of each Lambda."
        ),
    ] = MEMORY_MB,
    concurrency: Annotated[
        int,
        typer.Option(
            "--concurrency",
            metavar="N",
            parser=options.whole("--concurrency", 1),
            help="Lambdas that your account runs at once.",
        ),
    ] = LAMBDA_CONCURRENCY,
    measure: Annotated[
        bool,
        typer.Option("--measure", help="Measure the coefficients anew (minutes), and write cli/planning/plan.toml."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Run so many orders here; exit code 1 if it is 30 % off the prediction.")
    ] = False,
    show_all: Annotated[
        bool, typer.Option("--all", help=f"List the limits that {MOST_ORDERS:,} orders do not meet, too.")
    ] = False,
    as_json: options.Json = False,
    local: options.LocalWithoutEffect = False,
) -> None:
    """Predict a run: parts, Lambdas, time, cost beside Glue Spark's, and at how many orders each limit is met.

    Nothing is run and nobody is asked: the coefficients in cli/planning/plan.toml were measured.
    """
    del local
    if measure:
        _measure()
        if orders is None:
            return
    if orders is None:
        raise UsageError("--orders is missing", "Say how many orders a run has: ./importau plan --orders 1000000")
    measured = Coefficients.read(FILE)
    run = predicted(measured, orders, memory, concurrency)
    if check:
        _check(measured, orders)
    elif as_json:
        present.out.print_json(json.dumps(_document(run, limits(measured, memory, concurrency))))
    else:
        _show(run, measured, limits(measured, memory, concurrency), show_all)


def _measure() -> None:
    # What only measurements need is not loaded by every command.
    from bench import cold
    from bench.plan import SIZES, fitted
    from bench.plan import measured as run

    with present.step("cold starts"):
        init = {name: its.median("init") for name, its in cold.measured(1).items()}
    runs = []
    for size in SIZES:
        with present.step(f"a run of {present.count(size, 'order')}"):
            runs.append(run(size))
    FILE.write_text(fitted(runs, init).written(), "utf-8")
    present.say(f"written: {FILE.relative_to(ROOT)}")


def _check(measured: Coefficients, orders: int) -> None:
    """Compare the prediction with a run on this machine: the seconds of all Lambdas, without cold starts."""
    from bench.plan import measured as run

    with present.step(f"a run of {present.count(orders, 'order')}"):
        took = run(orders)
    # The run is on this machine, where no Lambda is slowed down by a lack of memory.
    prediction = predicted(measured, orders, LAMBDA_MB)
    table = present.table(caption="seconds of Lambdas, without cold starts")
    table.add_column("Lambda")
    for heading in ("predicted", "measured", "off by"):
        table.add_column(heading, justify="right")
    actual = {state: sum(seconds) for (_, state, _), seconds in took.calls.items()}
    expected = {stage.name: stage.calls * stage.seconds for stage in prediction.stages}
    for state in expected | actual:
        table.add_row(state, *_compared(expected.get(state, 0.0), actual.get(state, 0.0)))
    whole = sum(expected.values())
    table.add_section()
    table.add_row("all", *_compared(whole, took.seconds))
    present.grid(table)
    if abs(whole - took.seconds) > TOLERANCE * took.seconds:
        raise CliError(
            f"predicted {whole:.1f} s and measured {took.seconds:.1f} s: more than {TOLERANCE:.0%} apart",
            "On a quiet machine: ./importau plan --measure",
        )


def _compared(expected: float, actual: float) -> tuple[str, str, str]:
    off = f"{(expected - actual) / actual:+.0%}" if actual else "-"
    return f"{expected:.1f}", f"{actual:.1f}", off


def _show(run: Plan, measured: Coefficients, met: list[Limit], show_all: bool) -> None:
    present.lines(
        [
            ("orders", f"{run.orders:,}"),
            ("parts", f"{run.parts:,}"),
            ("memory", f"{run.memory_mb:,} MB a Lambda; {_memory(run)}"),
            ("time", f"{present.duration(run.elapsed_seconds)} of Lambdas, {run.concurrency:,} at once at the most"),
            ("coefficients", f"measured on {measured.machine}"),
        ]
    )
    present.out.print()
    present.grid(_stages(run))
    present.out.print()
    present.grid(_costs(run))
    present.out.print()
    shown = [limit for limit in met if show_all or limit.orders is not None]
    present.grid(_limits(shown, run.orders))
    if len(shown) < len(met):
        present.say(
            f"not met up to {MOST_ORDERS:,} orders: {present.count(len(met) - len(shown), 'more limit')} (--all)"
        )


def _memory(run: Plan) -> str:
    return f"{run.least_mb:,} MB would do" if run.least_mb <= LAMBDA_MB else "no Lambda has as much as it needs"


def _stages(run: Plan) -> Table:
    table = present.table()
    table.add_column("Lambda", no_wrap=True)
    for heading in ("calls", "orders a call", "s a call", "MB", "s in all"):
        table.add_column(heading, justify="right", no_wrap=True)
    for its in run.stages:
        table.add_row(
            its.name,
            f"{its.calls:,}",
            f"{its.orders:,.0f}",
            _rounded(its.seconds),
            f"[bold red]{its.megabytes:,.0f}[/]" if its.megabytes > run.memory_mb else f"{its.megabytes:,.0f}",
            _rounded(its.billed_seconds),
        )
    return table


def _rounded(seconds: float) -> str:
    return f"{seconds:,.1f}" if seconds < 1000 else f"{seconds:,.0f}"


def _costs(run: Plan) -> Table:
    table = present.table()
    table.add_column("what a run costs")
    for heading in ("quantity", "unit", "USD"):
        table.add_column(heading, justify="right", no_wrap=True)
    for title, lines in (("together", run.lines), ("the same as Glue Spark", run.glue)):
        for line in lines:
            table.add_row(
                line.what.replace("_", " "), f"{_quantity(line.quantity)}", line.unit, f"{costs.shown(line.usd)}"
            )
        table.add_row(f"[bold]{title}[/]", "", "", f"[bold]{costs.shown(costs.total(lines))}[/]", end_section=True)
    table.caption = (
        "List prices of us-east-1. Glue: three jobs whose vCPUs work as fast as Lambda's, 4 a DPU (Glue's pricing "
        "page), two DPUs and a minute a job at the least; the same crawlers."
    )
    return table


def _quantity(amount: Decimal) -> str:
    """Return a quantity for people to read; counts have no decimals."""
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.3f}"


def _limits(met: list[Limit], orders: int) -> Table:
    table = present.table()
    table.add_column("limit")
    table.add_column("of", justify="right", no_wrap=True)
    table.add_column("met at orders", justify="right", no_wrap=True)
    table.add_column("then")
    for limit in met:
        if limit.orders is None:
            table.add_row(limit.name, limit.limit, f"[dim]over {MOST_ORDERS:,}[/]", "")
        else:
            style = "bold red" if limit.orders <= orders else ""
            table.add_row(limit.name, limit.limit, f"{limit.orders:,}", limit.then, style=style)
    return table


def _document(run: Plan, met: list[Limit]) -> dict[str, object]:
    return {
        "orders": run.orders,
        "parts": run.parts,
        "memory_mb": run.memory_mb,
        "least_memory_mb": run.least_mb,
        "concurrency": run.concurrency,
        "lambda_seconds": round(run.lambda_seconds, 3),
        "elapsed_seconds": round(run.elapsed_seconds, 3),
        "stages": [
            {
                "state": its.name,
                "layer": its.stage.layer,
                "calls": its.calls,
                "orders_a_call": round(its.orders, 1),
                "seconds_a_call": round(its.seconds, 3),
                "megabytes": round(its.megabytes),
                "lambda_seconds": round(its.billed_seconds, 3),
            }
            for its in run.stages
        ],
        "cost_usd": _usd(run.lines),
        "glue_usd": _usd(run.glue),
        "limits": [
            {"name": limit.name, "limit": limit.limit, "orders": limit.orders, "then": limit.then} for limit in met
        ],
    }


def _usd(lines: Sequence[costs.Line]) -> dict[str, str]:
    """Return amounts to the hundredth of a cent, which is finer than the prediction."""
    amounts = {line.what: line.usd for line in lines} | {"total": costs.total(lines)}
    return {what: f"{amount:.4f}" for what, amount in amounts.items()}
