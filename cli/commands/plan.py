"""`importau plan`: how long a run of any size would take, what it would cost, and which limits it would meet."""

import json
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table

from cli import ROOT, options
from cli.errors import CliError, UsageError
from cli.planning.account import BUDGET, CONCURRENCY, Account, asked
from cli.planning.coefficients import Coefficients
from cli.planning.conditions import CRAWLERS, MAP_CONCURRENCY, on_aws, timeouts
from cli.planning.limits import LAMBDA_CONCURRENCY, LAMBDA_MB, MOST_ORDERS, Limit, limits
from cli.planning.model import Plan
from cli.planning.model import plan as predicted
from cli.session import Aws, connect
from cli.terminal import present
from lakehouse.orchestration import costs

if TYPE_CHECKING:
    from cli.running.comparing import Comparison

FILE: Final = ROOT / "cli/planning/plan.toml"
# What template.yaml gives each Lambda unless told otherwise.
MEMORY_MB: Final = 3_008
TOLERANCE: Final = 0.30
# What a Learner Lab of ten keeps for whoever else works.
_FOR_OTHERS: Final = 2
_MOST_MAPS: Final = 10_000
# How many executions of each state machine are looked at for a run.
_LAST: Final = 50
_NOT_ASKED: Final = "not asked"


def plan(  # noqa: PLR0913, PLR0917 - an argument an option
    orders: Annotated[
        int | None,
        typer.Option(
            "--orders", metavar="N", parser=options.whole("--orders", 1, MOST_ORDERS), help="How many orders a run has."
        ),
    ] = None,
    memory: Annotated[
        int | None,
        typer.Option(
            "--memory",
            metavar="MB",
            parser=options.whole("--memory", 512, LAMBDA_MB),
            help=f"Memory of each Lambda; the stack's by default, {MEMORY_MB:,} without one.",
        ),
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(
            "--concurrency",
            metavar="N",
            parser=options.whole("--concurrency", 1),
            help="Lambdas that the account runs at once; it is asked by default.",
        ),
    ] = None,
    map_concurrency: Annotated[
        int | None,
        typer.Option(
            "--map-concurrency",
            metavar="N",
            parser=options.whole("--map-concurrency", 1, _MOST_MAPS),
            help=f"Parts at once (MapConcurrency); the stack's by default, {MAP_CONCURRENCY} without one.",
        ),
    ] = None,
    crawl: Annotated[
        bool, typer.Option("--crawl/--no-crawl", help="With crawlers, which run where something is new to discover.")
    ] = True,
    ask: Annotated[
        bool, typer.Option("--account/--no-account", help="Ask the account for its concurrency, stack and budget.")
    ] = True,
    measure: Annotated[
        bool,
        typer.Option("--measure", help="Measure the coefficients anew (minutes), and write cli/planning/plan.toml."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Run so many orders here; exit code 1 if it is 30 % off the prediction.")
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="RUN",
            help="Hold the estimate of a run against what was recorded: cost, time.",
        ),
    ] = None,
    show_all: Annotated[
        bool, typer.Option("--all", help=f"List the limits that {MOST_ORDERS:,} orders do not meet, too.")
    ] = False,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Predict a run: parts, Lambdas, time, cost beside Glue Spark's, and at how many orders each limit is met.

    Nothing is run: the coefficients in cli/planning/plan.toml were measured. The account is asked what it allows and
    what its budget leaves; what it does not say is said to be unknown.
    """
    if measure:
        _measure()
        if orders is None:
            return
    if against is not None:
        if orders is not None or check:
            raise UsageError(
                "--against is about a run that there was, so it takes no --orders and no --check", "Leave them out."
            )
        found = _recorded(connect(local, stack, region, profile, stage), against)
        if as_json:
            present.out.print_json(json.dumps(found.as_json()))
        else:
            _show_compared(found)
        return
    if orders is None:
        raise UsageError("--orders is missing", "Say how many orders a run has: ./importau plan --orders 1000000")
    measured = Coefficients.read(FILE)
    if check:
        _check(measured, orders)
        return
    account = asked(lambda: connect(local, stack, region, profile, stage)) if ask else _unasked()
    memory = memory or account.parameter("MemorySize", MEMORY_MB)
    at_once = concurrency or account.concurrency or LAMBDA_CONCURRENCY
    maps = map_concurrency or account.parameter("MapConcurrency", MAP_CONCURRENCY)
    conditions = on_aws(maps, CRAWLERS if crawl else 0)

    def of(size: int, parts_at_once: int = maps) -> Plan:
        chosen = on_aws(parts_at_once, conditions.crawlers)
        return predicted(measured, size, memory, at_once, chosen)

    run, met = of(orders), limits(measured, memory, at_once, lambda size: of(size).machine_seconds)
    quicker = of(orders, max(1, min(at_once - _FOR_OTHERS, _MOST_MAPS)))
    if as_json:
        present.out.print_json(json.dumps(_document(run, met, account, quicker, given=concurrency is not None)))
    else:
        _show(run, measured, met, show_all, _account_lines(run, account, quicker, given=concurrency is not None))


def _recorded(aws: Aws, run_id: str) -> "Comparison":
    """Return a run beside its estimate; raise `UsageError` where there is none of that name among the last."""
    # They load boto3 and pyarrow, which help does without.
    from cli.portal.machines import runs
    from cli.running.comparing import compared
    from cli.running.estimate import estimate, of_stack, orders_of
    from cli.running.machines import GOVERNANCE, MACHINES, PIPELINE
    from cli.running.recorded import orders_in
    from cli.running.source import Landing
    from lakehouse.lake.s3 import Lake
    from lakehouse.orchestration.pipelines import short_name
    from lakehouse.orchestration.stepfunctions import StateMachines, executions_of

    states, lake = StateMachines(aws.states), Lake(aws.bucket, aws.s3)
    machines = states.deployed(map(aws.state_machine, MACHINES))
    executions = executions_of(states, machines, {}, _LAST)
    known = runs(executions, machines, lake, int(aws.parameter("MemorySize")), aws.stage)
    run = next((each for each in known if each["run_id"] == run_id), None)
    if run is None:
        newest = ", ".join(each["run_id"] for each in known[:3]) or "none"
        raise UsageError(
            f"there is no run {run_id} among the last {_LAST} of each state machine", f"The newest are: {newest}."
        )
    what = short_name(run["pipeline"], aws.stage)
    # The pipeline also governs, publishes and goes back by itself: then it ran no layer.
    what = GOVERNANCE if what == PIPELINE and not run["cost"]["glue"] else what
    orders = orders_in(lake, run_id) or orders_of(aws, GOVERNANCE, Landing())
    return compared(estimate(what, orders, of_stack(aws)), run["cost"]["lines"], run["seconds"])


def _show_compared(found: "Comparison") -> None:
    table = present.table(caption="USD at list prices; S3 requests as far as objects and tasks tell them.")
    table.add_column("what a run costs")
    for heading in ("estimated", "recorded"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in found.lines:
        table.add_row(line.what.replace("_", " "), costs.shown(line.estimated), costs.shown(line.recorded))
    table.add_section()
    table.add_row("[bold]together[/]", costs.shown(found.estimated), costs.shown(found.recorded))
    took = "not ended" if found.recorded_seconds is None else present.duration(found.recorded_seconds)
    table.add_row("[bold]time[/]", present.duration(found.estimated_seconds), took)
    present.grid(table)
    present.say(f"estimated for {present.count(found.orders, 'order')}")


def _unasked() -> Account:
    return Account(unknown=dict.fromkeys((CONCURRENCY, BUDGET), _NOT_ASKED))


def _measure() -> None:
    # What only measurements need is not loaded by every command.
    from bench import cold
    from bench.plan import SIZES, fitted
    from bench.plan import measured as run
    from bench.waiting import measured_waits

    with present.step("round trips"):
        waits, moved = measured_waits()
    with present.step("cold starts"):
        init = {name: its.median("init") for name, its in cold.measured(1).items()}
    runs = []
    for size in SIZES:
        with present.step(f"a run of {present.count(size, 'order')}"):
            runs.append(run(size))
    made = fitted(runs, init, waits, moved).with_ranges_of(Coefficients.read(FILE))
    FILE.write_text(made.written(), "utf-8")
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
    expected: dict[str, float] = defaultdict(float)
    for stage in prediction.stages:
        expected[stage.state] += stage.calls * stage.seconds
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


def _show(
    run: Plan, measured: Coefficients, met: list[Limit], show_all: bool, about_account: Sequence[tuple[str, str]]
) -> None:
    present.lines(
        [
            ("orders", f"{run.orders:,}"),
            ("parts", f"{run.parts:,}"),
            ("memory", f"{run.memory_mb:,} MB a Lambda; {_memory(run)}"),
            ("time", f"{present.duration(run.elapsed_seconds)}{', crawlers included' if _crawls(run) else ''}"),
            ("waiting for S3", f"{present.duration(run.waiting_seconds)} of {present.duration(run.lambda_seconds)} "
             "of Lambdas (25 ms a request, 75 MB/s)"),
            *about_account,
            ("coefficients", f"measured on {measured.machine}"),
        ]
    )  # fmt: skip
    for kind, allowed, seconds in _stopped(run):
        present.warn(
            f"{kind} would take {present.duration(seconds)} and be stopped after {present.duration(allowed)} "
            f"(TimeoutSeconds of statemachine/{kind}.asl.json): more parts at once (MapConcurrency), or raise it"
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


def _crawls(run: Plan) -> bool:
    return run.conditions.crawlers > 0


def _stopped(run: Plan) -> list[tuple[str, int, float]]:
    """Return the kinds of state machines that would be stopped, when, and how long they would take."""
    takes = run.machine_seconds
    return [(kind, allowed, takes[kind]) for kind, allowed in timeouts().items() if takes[kind] > allowed]


def _account_lines(run: Plan, account: Account, quicker: Plan, *, given: bool) -> list[tuple[str, str]]:
    """Return what the account makes of the run."""
    whence = "as you say" if given else "asked" if account.concurrency else _unknown(account, CONCURRENCY)
    lines = [("account", f"{run.concurrency:,} Lambdas at once ({whence})")]
    if run.parts > 1:
        maps, more = run.conditions.map_concurrency, quicker.conditions.map_concurrency
        text = f"{min(maps, run.concurrency):,} (MapConcurrency {maps:,})"
        if more > maps:
            text += f"; {present.duration(quicker.elapsed_seconds)} with --parameter MapConcurrency={more}"
        lines.append(("parts at once", text))
        lines.append(
            ("children", f"{run.children:,} STANDARD executions, {costs.shown(_standard(run))} USD "
             f"({costs.shown(costs.total(run.express))} as EXPRESS: ADR 18)")
        )  # fmt: skip
    budget = account.budget
    if budget is None:
        why = _unknown(account, BUDGET) if BUDGET in account.unknown else "the account has no monthly budget of costs"
        lines.append(("budget", why))
    else:
        short = "" if budget.left >= run.usd else ": less than this run costs"
        lines.append(
            ("budget", f"{budget.left:,.2f} of {budget.limit:,.2f} USD left this month ({budget.name}){short}")
        )
    return lines


def _unknown(account: Account, what: str) -> str:
    return f"unknown: {account.unknown.get(what, 'not said')}"


def _standard(run: Plan) -> Decimal:
    """Return what the child executions cost, a state each."""
    return costs.Line("transitions", Decimal(run.children)).usd


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
        "List prices of us-east-1. Glue: a job a layer whose vCPUs work as fast as Lambda's, 4 a DPU (Glue's pricing "
        "page), two DPUs and a minute a job at the least; the same crawlers, which run where something is new."
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


def _document(run: Plan, met: list[Limit], account: Account, quicker: Plan, *, given: bool) -> dict[str, object]:
    budget = account.budget
    return {
        "orders": run.orders,
        "parts": run.parts,
        "memory_mb": run.memory_mb,
        "least_memory_mb": run.least_mb,
        "concurrency": run.concurrency,
        "concurrency_known": given or account.concurrency is not None,
        "map_concurrency": run.conditions.map_concurrency,
        "crawlers": run.conditions.crawlers,
        "unknown": dict(account.unknown),
        "budget_usd": None
        if budget is None
        else {"name": budget.name, "limit": f"{budget.limit:f}", "left": f"{budget.left:f}"},
        "waiting_seconds": round(run.waiting_seconds, 3),
        "machine_seconds": {kind: round(seconds, 3) for kind, seconds in run.machine_seconds.items()},
        "stopped": [kind for kind, _, _ in _stopped(run)],
        "quicker": {
            "map_concurrency": quicker.conditions.map_concurrency,
            "elapsed_seconds": round(quicker.elapsed_seconds, 3),
        },
        "children": run.children,
        "children_usd": {"standard": f"{_standard(run):.4f}", "express": f"{costs.total(run.express):.4f}"},
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
