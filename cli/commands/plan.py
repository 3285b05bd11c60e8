"""`importau plan`: what a run of any size would take and cost, and which limits it would meet."""

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
    made = predicted(measured, orders, memory, concurrency)
    if check:
        _check(measured, orders)
    elif as_json:
        present.out.print_json(json.dumps(_document(made, limits(measured, memory, concurrency))))
    else:
        _show(made, measured, limits(measured, memory, concurrency), show_all)


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
    """Hold the prediction against a run here: seconds of all Lambdas, without cold starts."""
    from bench.plan import measured as run

    with present.step(f"a run of {present.count(orders, 'order')}"):
        took = run(orders)
    # The run was on the machine of the measurements, so nothing of it is slowed down for want of memory.
    made = predicted(measured, orders, LAMBDA_MB)
    table = present.table(caption="seconds of Lambdas, without cold starts")
    table.add_column("Lambda")
    for heading in ("predicted", "measured", "off by"):
        table.add_column(heading, justify="right")
    found = {state: sum(seconds) for (_, state, _), seconds in took.calls.items()}
    foreseen = {stage.name: stage.calls * stage.seconds for stage in made.stages}
    for state in foreseen | found:
        table.add_row(state, *_compared(foreseen.get(state, 0.0), found.get(state, 0.0)))
    whole = sum(foreseen.values())
    table.add_section()
    table.add_row("all", *_compared(whole, took.seconds))
    present.grid(table)
    if abs(whole - took.seconds) > TOLERANCE * took.seconds:
        raise CliError(
            f"predicted {whole:.1f} s and measured {took.seconds:.1f} s: more than {TOLERANCE:.0%} apart",
            "On a quiet machine: ./importau plan --measure",
        )


def _compared(foreseen: float, found: float) -> tuple[str, str, str]:
    off = f"{(foreseen - found) / found:+.0%}" if found else "-"
    return f"{foreseen:.1f}", f"{found:.1f}", off


def _show(made: Plan, measured: Coefficients, met: list[Limit], show_all: bool) -> None:
    present.lines(
        [
            ("orders", f"{made.orders:,}"),
            ("parts", f"{made.parts:,}"),
            ("memory", f"{made.memory_mb:,} MB a Lambda; {_memory(made)}"),
            ("time", f"{present.duration(made.elapsed_seconds)} of Lambdas, {made.concurrency:,} at once at the most"),
            ("coefficients", f"measured on {measured.machine}"),
        ]
    )
    present.out.print()
    present.grid(_stages(made))
    present.out.print()
    present.grid(_costs(made))
    present.out.print()
    shown = [limit for limit in met if show_all or limit.orders is not None]
    present.grid(_limits(shown, made.orders))
    if len(shown) < len(met):
        present.say(
            f"not met up to {MOST_ORDERS:,} orders: {present.count(len(met) - len(shown), 'more limit')} (--all)"
        )


def _memory(made: Plan) -> str:
    return f"{made.least_mb:,} MB would do" if made.least_mb <= LAMBDA_MB else "no Lambda has as much as it needs"


def _stages(made: Plan) -> Table:
    table = present.table()
    table.add_column("Lambda", no_wrap=True)
    for heading in ("calls", "orders a call", "s a call", "MB", "s in all"):
        table.add_column(heading, justify="right", no_wrap=True)
    for its in made.stages:
        table.add_row(
            its.name,
            f"{its.calls:,}",
            f"{its.orders:,.0f}",
            _rounded(its.seconds),
            f"[bold red]{its.megabytes:,.0f}[/]" if its.megabytes > made.memory_mb else f"{its.megabytes:,.0f}",
            _rounded(its.billed_seconds),
        )
    return table


def _rounded(seconds: float) -> str:
    return f"{seconds:,.1f}" if seconds < 1000 else f"{seconds:,.0f}"


def _costs(made: Plan) -> Table:
    table = present.table()
    table.add_column("what a run costs")
    for heading in ("quantity", "unit", "USD"):
        table.add_column(heading, justify="right", no_wrap=True)
    for title, lines in (("together", made.lines), ("the same as Glue Spark", made.glue)):
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
    """Return a quantity as people read it: what is counted without decimals."""
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


def _document(made: Plan, met: list[Limit]) -> dict[str, object]:
    return {
        "orders": made.orders,
        "parts": made.parts,
        "memory_mb": made.memory_mb,
        "least_memory_mb": made.least_mb,
        "concurrency": made.concurrency,
        "lambda_seconds": round(made.lambda_seconds, 3),
        "elapsed_seconds": round(made.elapsed_seconds, 3),
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
            for its in made.stages
        ],
        "cost_usd": _usd(made.lines),
        "glue_usd": _usd(made.glue),
        "limits": [
            {"name": limit.name, "limit": limit.limit, "orders": limit.orders, "then": limit.then} for limit in met
        ],
    }


def _usd(lines: Sequence[costs.Line]) -> dict[str, str]:
    """Return amounts to the hundredth of a cent, which is finer than the prediction."""
    amounts = {line.what: line.usd for line in lines} | {"total": costs.total(lines)}
    return {what: f"{amount:.4f}" for what, amount in amounts.items()}
