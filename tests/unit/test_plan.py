"""What a run would take: fitted to recorded measurements, and held against one that the fit has not seen."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bench.plan import Measured, fitted
from cli.commands import plan as command
from cli.main import app
from cli.planning.account import Account, asked
from cli.planning.coefficients import MILLION, Coefficients, Linear, Stage
from cli.planning.conditions import Conditions, on_aws, timeouts
from cli.planning.limits import LAMBDA_MB, LAMBDA_SECONDS, MOST_ORDERS, limits
from cli.planning.model import plan
from cli.planning.ranges import GATHER, MERGE, RANGE, ROUND, WHOLE, InRanges
from cli.session import Aws
from lakehouse.contract.layers import LAYERS
from lakehouse.lake import layout
from lakehouse.orchestration import costs
from lakehouse.part_size import ORDERS_A_PART

STATES = ("WriteBronze", "AuditBronze", "WriteSilver", "AuditSilver", "WriteGold", "AuditGold", "Govern")
FUNCTIONS = ("bronze", "teste_bronze", "silver", "teste_silver", "gold", "teste_gold", "governance")
# Seconds of each state by orders, measured on 2 cores, as bench.plan measures them.
RECORDED = {
    10_000: (0.4922, 0.3900, 0.3508, 0.4172, 0.3050, 0.3180, 1.2965),
    100_000: (2.1537, 0.5904, 0.8562, 1.7330, 0.7912, 0.6098, 1.7799),
    300_000: (4.9603, 1.1316, 2.3822, 5.4692, 1.3028, 0.9746, 2.3331),
    1_000_000: (16.9958, 4.3504, 12.6706, 17.1377, 5.5122, 2.4235, 4.8397),
}
TOLERANCE = command.TOLERANCE


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have an account: it is not asked."""
    monkeypatch.setattr(command, "asked", lambda _: Account(unknown={"concurrency": "no", "budget": "no"}))


def recorded(orders: int, parts: int = 1) -> Measured:
    """Return a recorded run, its layers' states called once a part."""
    run = Measured(orders, csv_bytes=376 * orders, object_bytes=69 * orders // parts, files=parts, transitions=31)
    for function, state, seconds in zip(FUNCTIONS, STATES, RECORDED[orders], strict=True):
        run.calls[function, state, state[-6:].lower()] = [seconds / parts] * parts
        run.megabytes[function] = 150 + 1e-3 * orders / parts
        run.cpu_seconds[function] = seconds
    return run


def coefficients(*sizes: int, parts: int = 1) -> Coefficients:
    return fitted([recorded(size, parts) for size in sizes], dict.fromkeys(FUNCTIONS, 0.7))


@pytest.mark.parametrize("held_out", [100_000, 300_000, 1_000_000])
def test_a_run_that_was_not_fitted_is_predicted_within_thirty_per_cent(held_out: int):
    measured = coefficients(*(size for size in RECORDED if size != held_out))
    made = plan(measured, held_out, LAMBDA_MB)
    foreseen = sum(its.calls * its.seconds for its in made.stages)
    assert foreseen == pytest.approx(sum(RECORDED[held_out]), rel=TOLERANCE)


@given(st.floats(0.01, 10), st.floats(0, 100))
def test_a_line_is_found_again(fixed: float, each: float):
    sizes = [0.01, 0.1, 1.0]
    line = Linear.fitted(sizes, [fixed + each * size for size in sizes])
    assert [line.at(size) for size in sizes] == pytest.approx([fixed + each * size for size in sizes], abs=1e-6)


@given(st.lists(st.tuples(st.floats(0.01, 10), st.floats(0.001, 1000)), min_size=1, max_size=8))
def test_neither_part_of_a_line_is_negative(points: list[tuple[float, float]]):
    line = Linear.fitted(*zip(*points, strict=True))
    assert line.fixed >= 0
    assert line.each >= 0


def test_what_does_not_vary_does_not_grow():
    assert Linear.fitted([1, 1, 8], [31, 31, 31]) == Linear(pytest.approx(31), 0)


def stage(per_part: bool = False, vcpus: float = 1.0) -> Stage:
    return Stage("WriteSilver", "silver", "silver", per_part, False, 0.5, Linear(1, 100), Linear(100, 1000), vcpus)


def of(one: Stage) -> Coefficients:
    flat = Linear(10, 0)
    return Coefficients("here", (one,), flat, flat, flat, flat, flat, 400, 70)


def test_a_limit_is_met_from_the_number_of_orders_that_is_told_and_not_before():
    (late,) = (limit for limit in limits(of(stage()), 3_008) if limit.name == "WriteSilver: time")
    assert late.orders is not None
    assert stage().seconds.at(late.orders / MILLION) > LAMBDA_SECONDS
    assert stage().seconds.at((late.orders - 1) / MILLION) <= LAMBDA_SECONDS


def test_limits_come_in_the_order_in_which_they_are_met():
    met = [limit.orders or MOST_ORDERS + 1 for limit in limits(of(stage()), 3_008)]
    assert met == sorted(met)


def test_a_lambda_that_works_on_one_part_never_meets_its_own_limits():
    met = {limit.name: limit.orders for limit in limits(of(stage(per_part=True)), 3_008)}
    assert {name: met[name] for name in met if name.startswith("WriteSilver")} == {
        "WriteSilver: time": None, "WriteSilver: memory set": None, "WriteSilver: memory": None,
    }  # fmt: skip
    assert met["Lambda: calls at once"] == 1_000 * ORDERS_A_PART + 1


def test_ten_billion_orders_are_as_many_calls_as_parts_and_take_turns():
    made = plan(of(stage(per_part=True)), MOST_ORDERS, 3_008)
    (its,) = made.stages
    assert its.calls == made.parts == -(-MOST_ORDERS // ORDERS_A_PART)
    assert its.elapsed_seconds == pytest.approx(0.5 + -(-made.parts // 1_000) * its.seconds)
    assert its.billed_seconds == pytest.approx(made.parts * its.seconds + 1_000 * 0.5)


def test_less_memory_has_fewer_vcpus_and_takes_longer_and_more_is_no_quicker():
    seconds = [plan(of(stage(vcpus=1.0)), MILLION, memory).stages[0].seconds for memory in (884, 1_769, 3_008)]
    assert seconds[0] == pytest.approx(2 * seconds[1], rel=0.01)
    assert seconds[1] == seconds[2]


def test_the_memory_that_would_do_is_that_of_the_hungriest_with_a_margin():
    assert plan(of(stage()), MILLION, 512).least_mb == 1_408


def test_glue_is_billed_for_the_vcpu_seconds_or_for_a_minute_a_job():
    assert costs.glue_work(3, 1.0) == costs.glue_work(3, 4 * 2 * 180)
    assert costs.glue_work(3, 4 * 3600 * 10).usd == costs.Line("glue_jobs", costs.Decimal(10)).usd


def test_large_exports_are_read_in_ranges_and_small_ones_by_one_call():
    measured = Coefficients.read(command.FILE)
    kinds = {
        orders: {its.stage.of_ranges: its.calls for its in plan(measured, orders, 3_008).stages if its.stage.of_ranges}
        for orders in (600_000, 20 * MILLION, MOST_ORDERS)
    }
    assert kinds[600_000] == {WHOLE: 1}
    assert kinds[20 * MILLION].keys() == {RANGE, MERGE, ROUND}
    assert kinds[MOST_ORDERS].keys() == {RANGE, GATHER, MERGE, ROUND}
    assert all(calls < 50_000 for calls in kinds[MOST_ORDERS].values())
    generated = plan(measured, 20 * MILLION, 3_008, exported=False).stages
    assert {its.stage.of_ranges: its.calls for its in generated if its.stage.of_ranges} == {WHOLE: 1}


def test_bronze_of_ten_billion_orders_is_read_within_an_hour_of_what_an_account_allows():
    measured = Coefficients.read(command.FILE)
    bronze = plan(measured, MOST_ORDERS, 3_008, 1_000, on_aws(1_000), {layout.BRONZE})
    read = [its for its in bronze.stages if its.stage.of_ranges]
    assert sum(its.elapsed_seconds for its in read) < 3_600
    assert max(its.megabytes for its in read) < 1_000
    assert max(its.seconds for its in read) < LAMBDA_SECONDS
    assert InRanges.of(MOST_ORDERS * measured.csv_bytes, bronze.parts).reads < 20 * MILLION


def test_measuring_anew_keeps_what_is_known_of_ranges():
    kept = Coefficients.read(command.FILE)
    made = replace(kept, stages=tuple(stage for stage in kept.stages if stage.of_ranges in {"", WHOLE}))
    whole = replace(made, stages=tuple(replace(stage, of_ranges="") for stage in made.stages))
    assert whole.with_ranges_of(kept) == kept


def test_coefficients_are_read_as_they_were_written(tmp_path: Path):
    file = tmp_path / "plan.toml"
    file.write_text(of(stage(per_part=True, vcpus=1.5)).written(), "utf-8")
    assert Coefficients.read(file) == of(stage(per_part=True, vcpus=1.5))


def in_parts(orders: int, parts: int) -> Measured:
    """Return a run whose Silver is written in parts and put together."""
    run = Measured(orders)
    seconds = 0.2 + 10 * orders / parts / MILLION
    if parts > 1:
        run.calls["silver", "WriteSilverPart", "silver"] = [seconds] * parts
        run.calls["silver", "WriteSilver", "silver"] = [0.1 + 0.01 * parts]
    else:
        run.calls["silver", "WriteSilver", "silver"] = [seconds]
    run.megabytes["silver"], run.cpu_seconds["silver"] = 200, 1.0
    return run


def test_what_one_call_does_for_a_small_run_says_what_a_part_takes_and_not_what_putting_together_takes():
    runs = [in_parts(orders, parts) for orders, parts in ((10_000, 1), (60_000, 1), (300_000, 5), (MILLION, 16))]
    part, together = fitted(runs, {"silver": 0.5}).stages
    assert (part.name, part.is_per_part, part.is_combining) == ("WriteSilverPart", True, False)
    assert (part.seconds.fixed, part.seconds.each) == (pytest.approx(0.2), pytest.approx(10))
    assert (together.name, together.is_per_part, together.is_combining) == ("WriteSilver", False, True)
    assert together.seconds.at(1.0) == pytest.approx(0.26)


def test_a_stage_is_of_a_part_where_it_was_called_once_a_part():
    by_part = coefficients(MILLION, parts=8)
    assert all(its.is_per_part for its in by_part.stages)
    assert by_part.stages[0].seconds.at(0.125) == pytest.approx(RECORDED[MILLION][0] / 8)
    assert not any(its.is_per_part for its in coefficients(MILLION).stages)


# ---- the command -----------------------------------------------------------------------------------------------------


def test_the_command_predicts_from_what_was_measured_here():
    done = CliRunner().invoke(app, ["plan", "--orders", "10000000000", "--json"])
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert said["parts"] == -(-MOST_ORDERS // ORDERS_A_PART)
    assert float(said["cost_usd"]["total"]) > 1
    assert {limit["limit"] for limit in said["limits"]} >= {"15 min", "10,240 MB", "5 GB", "256 KB", "40 TB"}


def test_a_million_orders_are_predicted_within_thirty_per_cent_of_a_run_that_was_not_fitted():
    # Seconds of all calls of each state, of a run by itself that `./importau plan --check` made where plan.toml was.
    took = {
        "Open": 0.0, "WriteBronzePart": 5.6, "WriteBronze": 0.8, "AuditBronzePart": 3.2, "AuditBronze": 0.6,
        "WriteSilverPart": 2.4, "WriteSilver": 0.3, "AuditSilverPart": 7.7, "AuditSilver": 0.3,
        "WriteGoldPart": 1.1, "WriteGold": 0.5, "AuditGoldPart": 0.8, "AuditGold": 0.4,
        "WriteForecast": 0.9, "AuditForecast": 0.6, "Govern": 2.4, "Publish": 0.2, "Discover": 0.2, "NoteCrawled": 0.1,
    }  # fmt: skip
    foreseen = dict.fromkeys(took, 0.0)
    for its in plan(Coefficients.read(command.FILE), MILLION, LAMBDA_MB).stages:
        foreseen[its.name.partition(":")[0]] += its.calls * its.seconds
    assert all(foreseen.values())
    assert sum(foreseen.values()) == pytest.approx(sum(took.values()), rel=TOLERANCE)


def test_the_tables_name_every_lambda_and_every_limit():
    done = CliRunner().invoke(app, ["plan", "--orders", "1000000", "--all"])
    assert done.exit_code == 0
    parts = ("AuditBronzePart", "WriteSilverPart", "AuditSilverPart", "WriteGoldPart", "AuditGoldPart")
    for name in (*STATES, *parts, "Glue Spark", "PutObject", "10,240 MB"):
        assert name in done.stdout


def test_limits_that_no_run_meets_are_counted_and_not_listed():
    short = CliRunner().invoke(app, ["plan", "--orders", "1000000"])
    whole = CliRunner().invoke(app, ["plan", "--orders", "1000000", "--all"])
    unmet = whole.stdout.count("over 10,000,000,000")
    assert unmet > 1
    assert "over 10,000,000,000" not in short.stdout
    assert f"{unmet} more limits (--all)" in short.stderr
    assert whole.stderr == ""


def test_amounts_are_said_to_the_tenth_of_a_cent_and_no_finer():
    shown = CliRunner().invoke(app, ["plan", "--orders", "1000000"]).stdout
    assert re.findall(r"\d\.\d{4,}", shown) == []
    assert re.search(r"crawlers +1\.333 +DPU-h +0\.587", shown)
    said = json.loads(CliRunner().invoke(app, ["plan", "--orders", "1000000", "--json"]).stdout)
    amounts = (said["cost_usd"] | said["glue_usd"]).values()
    assert all(re.fullmatch(r"\d+\.\d{4}", amount) for amount in amounts)


def test_where_no_account_answers_the_plan_is_the_same_and_says_what_is_unknown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(command, "asked", asked)
    monkeypatch.setattr(command, "connect", lambda *_: Aws(boto3.Session(region_name="us-east-1"), "importau"))
    monkeypatch.setattr(boto3.Session, "get_credentials", lambda _: None)
    alone = json.loads(CliRunner().invoke(app, ["plan", "--orders", "1.000", "--json"]).stdout)
    unasked = json.loads(CliRunner().invoke(app, ["plan", "--orders", "1000", "--json", "--no-account"]).stdout)
    assert alone.pop("unknown").keys() == {"concurrency", "budget", "stack"}
    assert unasked.pop("unknown") == {"concurrency": "not asked", "budget": "not asked"}
    assert alone == unasked
    assert (alone["concurrency"], alone["concurrency_known"]) == (1_000, False)


class Answers:
    """An account: what each service says, or how it refuses."""

    def __init__(self, **said: Any) -> None:
        self.said = said

    def client(self, service: str, **_: Any) -> Any:
        answer = self.said[service]
        refused = ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, "DescribeBudgets")

        def say(**_: Any) -> Any:
            if answer is None:
                raise refused
            return answer

        pages = SimpleNamespace(paginate=lambda **_: [say()])
        return SimpleNamespace(
            get_account_settings=say, get_caller_identity=say, describe_stacks=say, get_paginator=lambda _: pages
        )

    def get_credentials(self) -> str:
        return "some"


def budget(name: str, limit: str, spent: str, **more: Any) -> dict[str, Any]:
    amounts = {
        "BudgetLimit": {"Amount": limit, "Unit": "USD"},
        "CalculatedSpend": {"ActualSpend": {"Amount": spent, "Unit": "USD"}},
    }
    return {"BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY"} | amounts | more


def of_account(**said: Any) -> Account:
    session = Answers(
        **{
            "lambda": {"AccountLimit": {"ConcurrentExecutions": 10}},
            "sts": {"Account": "123456789012"},
            "budgets": {"Budgets": []},
            "cloudformation": {"Stacks": [{"Parameters": [{"ParameterKey": "MapConcurrency", "ParameterValue": "3"}]}]},
        }
        | said
    )
    return asked(lambda: Aws(cast("Any", session), "importau"))


def test_an_account_is_asked_how_much_it_allows_and_what_its_tightest_budget_leaves():
    budgets = [
        budget("wide", "100.0", "1.5"), budget("tight", "50", "49.58"), budget("yearly", "1", "9", TimeUnit="ANNUALLY"),
        budget("hours", "1", "9", BudgetType="USAGE"),
    ]  # fmt: skip
    found = of_account(budgets={"Budgets": budgets})
    assert found.concurrency == 10
    assert found.budget is not None
    assert (found.budget.name, found.budget.left) == ("tight", Decimal("0.42"))
    assert found.parameter("MapConcurrency", 8) == 3
    assert found.parameter("MemorySize", 3_008) == 3_008
    assert found.unknown == {}


@pytest.mark.parametrize("service", ["lambda", "budgets", "cloudformation"])
def test_what_an_account_refuses_to_say_is_unknown_and_the_rest_is_not(service: str):
    found = of_account(**{service: None})
    assert list(found.unknown.values()) == ["DescribeBudgets: AccessDeniedException"]
    assert (found.concurrency is None) == (service == "lambda")
    assert found.budget is None
    assert bool(found.parameters) == (service != "cloudformation")


def test_the_plan_is_of_what_the_account_allows(monkeypatch: pytest.MonkeyPatch):
    tight = budget("lab", "50", "49.9")
    monkeypatch.setattr(command, "asked", lambda _: of_account(budgets={"Budgets": [tight]}))
    said = json.loads(CliRunner().invoke(app, ["plan", "--orders", "10000000", "--json"]).stdout)
    assert (said["concurrency"], said["map_concurrency"], said["concurrency_known"]) == (10, 3, True)
    assert said["quicker"]["map_concurrency"] == 8
    assert said["quicker"]["elapsed_seconds"] < said["elapsed_seconds"]
    assert said["budget_usd"] == {"name": "lab", "limit": "50", "left": "0.1"}
    shown = " ".join(CliRunner().invoke(app, ["plan", "--orders", "10000000"]).stdout.split())
    assert "10 Lambdas at once (asked)" in shown
    assert "0.10 of 50.00 USD left this month (lab): less than this run costs" in shown
    assert "with --parameter MapConcurrency=8" in shown


def test_a_run_that_its_state_machine_would_stop_is_said_to_be_and_more_parts_at_once_help():
    arguments = ["plan", "--orders", "5000000000", "--no-account", "--json"]
    slow = json.loads(CliRunner().invoke(app, [*arguments, "--map-concurrency", "8"]).stdout)
    assert "layer" in slow["stopped"]
    assert slow["machine_seconds"]["layer"] > timeouts()["layer"] == 14_400
    assert {"layer", "teste", "pipeline"} == set(timeouts())
    quick = json.loads(CliRunner().invoke(app, [*arguments, "--map-concurrency", "1000"]).stdout)
    assert quick["machine_seconds"]["teste"] < slow["machine_seconds"]["teste"]
    warned = CliRunner().invoke(app, arguments[:-1]).stderr
    assert "TimeoutSeconds of statemachine/layer.asl.json" in " ".join(warned.split())


def test_crawlers_cost_nothing_where_none_runs():
    with_them, without = (
        json.loads(CliRunner().invoke(app, ["plan", "--orders", "1000", "--no-account", "--json", option]).stdout)
        for option in ("--crawl", "--no-crawl")
    )
    assert "crawlers" in with_them["cost_usd"]
    assert "crawlers" not in without["cost_usd"]
    difference = Decimal(with_them["cost_usd"]["total"]) - Decimal(without["cost_usd"]["total"])
    assert difference == Decimal(with_them["cost_usd"]["crawlers"])
    assert with_them["elapsed_seconds"] - without["elapsed_seconds"] == pytest.approx(120)


def test_waiting_starting_and_moving_take_the_time_that_they_are_said_to():
    one = replace(stage(per_part=True), waits=Linear(4, 0.5), moved=1000.0)
    orders = 10 * ORDERS_A_PART
    bare = plan(of(one), orders, 3_008)
    real = plan(of(one), orders, 3_008, 1_000, Conditions(0.025, 1.0, 0.0, 1e6, 4, 0))
    (its,), (was,) = real.stages, bare.stages
    assert its.waiting_seconds == pytest.approx((4 + 0.5 * 10) * 0.025 + 1000 * ORDERS_A_PART / 1e6)
    assert its.seconds == pytest.approx(was.seconds + its.waiting_seconds)
    # Four at once: three waves, each with the start of a child; four cold starts.
    assert its.elapsed_seconds == pytest.approx(0.5 + 3 * (its.seconds + 1.0))
    assert its.billed_seconds == pytest.approx(10 * its.seconds + 4 * 0.5)
    assert real.children == 10
    requests, time = real.express
    assert requests.quantity == 10
    # 64 MB, each execution up to the next tenth of a second.
    assert float(time.quantity) == pytest.approx((10 * its.seconds + 10 * 0.1) / 16, rel=1e-3)


def test_the_prediction_of_some_layers_is_theirs_alone():
    measured = Coefficients.read(command.FILE)
    parts = [plan(measured, MILLION, 3_008, only=(layer,)) for layer in (*LAYERS, "governance")]
    whole = plan(measured, MILLION, 3_008)
    assert sum(len(each.stages) for each in parts) == len(whole.stages)
    assert sum(each.lambda_seconds for each in parts) == pytest.approx(whole.lambda_seconds)


def test_a_run_of_one_part_has_no_lambda_of_a_part():
    done = CliRunner().invoke(app, ["plan", "--orders", str(ORDERS_A_PART), "--json"])
    found = [its["state"] for its in json.loads(done.stdout)["stages"]]
    worked = [state for state in found if state not in {"Open", "Publish", "Discover", "NoteCrawled"}]
    assert worked == [*STATES[:-1], "WriteForecast", "AuditForecast", STATES[-1]]
    # The pipeline and each layer open what they read; the pipeline publishes, and looks for what there is to discover.
    assert found.count("Open") == 1 + len(LAYERS)
    assert found[-3:] == ["Publish", "Discover", "NoteCrawled"]


def test_the_number_of_orders_has_to_be_said():
    done = CliRunner().invoke(app, ["plan"])
    assert done.exit_code == 2
    assert "--orders" in done.stderr


def test_coefficients_that_cannot_be_read_are_to_be_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cli.commands.plan.FILE", tmp_path / "plan.toml")
    for content in (None, "stage = 1", "[[stage]]\nname = 'x'", "= not TOML"):
        if content is not None:
            (tmp_path / "plan.toml").write_text(content, "utf-8")
        done = CliRunner().invoke(app, ["plan", "--orders", "1"])
        assert done.exit_code == 1
        assert "--measure" in done.stderr


def test_a_prediction_that_is_off_fails_the_check(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bench.plan.measured", recorded)
    measured = coefficients(*RECORDED)
    command._check(measured, 300_000)
    monkeypatch.setattr("bench.plan.measured", lambda orders: recorded(MILLION))
    with pytest.raises(command.CliError, match="more than 30% apart"):
        command._check(measured, 300_000)
