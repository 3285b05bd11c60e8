"""What is known of an execution that ended: read from Step Functions' histories and from the lake.

Whatever made the run fail may keep this from being read, too; then it is said to be unknown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from alert.ended import FAILED, SUCCEEDED, Ended
from lakehouse.contract import layers
from lakehouse.errors import LakehouseError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.orchestration.pipelines import AUDIT, PIPELINE, machine_name
from lakehouse.runtime import logger
from lakehouse.versions import chain

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

# Of an execution's last events, how many are looked at for the state that it was in.
_EVENTS: Final = 50
# How many rules a message names; the report has the rest.
MOST_RULES: Final = 8
_DEEPEST: Final = 3
_NOT_READ: Final = (ClientError, BotoCoreError, LakehouseError, ValueError, KeyError, TypeError, AttributeError)
_WORKING: Final = ("TaskStateEntered", "MapStateEntered", "ParallelStateEntered")
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class Broken:
    """A rule that failed or warned.

    Attributes
    ----------
    table, rule : str
    failed, examined : int
        How many of the rows, keys or groups that it examined break it.
    """

    table: str
    rule: str
    failed: int
    examined: int


@dataclass(frozen=True)
class Published:
    """What is published now.

    Attributes
    ----------
    number : int
        Of the newest version; 0 where nothing was published yet.
    at, run : str
        When, ISO 8601, and by which run; empty where there is none.
    """

    number: int
    at: str = ""
    run: str = ""


@dataclass(frozen=True)
class Facts:
    """What is known of an execution that ended.

    Attributes
    ----------
    step : str or None
        The machine and its state that it was in, empty where none had begun; None where that could not be read.
    broken : tuple of Broken
        The rules that failed, or warned, `MOST_RULES` at most.
    more : int
        How many further ones there are.
    report : str or None
        Where the report is; None where there is none.
    published : Published or None
        None where that could not be read.
    personal : tuple of str
        The columns that look personal and that no contract declares so, `MOST_RULES` at most, their values masked.
    anomalies : tuple of str
        What is not as the runs before let expect, `MOST_RULES` at most.
    """

    step: str | None = None
    broken: tuple[Broken, ...] = ()
    more: int = 0
    report: str | None = None
    published: Published | None = None
    personal: tuple[str, ...] = ()
    anomalies: tuple[str, ...] = ()


def facts_of(ended: Ended, lake: Lake, states: "SFNClient") -> Facts:
    """Read what is known of an execution that ended."""
    step = None if ended.status == SUCCEEDED else _read("the step", lambda: _step(ended, states))
    reports = _read("the reports", lambda: list(_reports(ended, lake))) or []
    wanted = "warn" if ended.status == SUCCEEDED else "fail"
    broken = _read("the rules", lambda: [rule for _, report in reports for rule in _rules(report, wanted)]) or []
    report = next((key for key, report in reports if ended.status == SUCCEEDED or not report.get("passed")), None)
    return Facts(
        step=step,
        broken=tuple(broken[:MOST_RULES]),
        more=max(0, len(broken) - MOST_RULES),
        report=lake.uri(report) if report else None,
        published=_read("the newest version", lambda: _published(lake)),
        personal=(_read("what looks personal", lambda: _found("findings", ended, lake)) or ())
        if ended.suspected
        else (),
        anomalies=(_read("the anomalies", lambda: _found("anomalies", ended, lake)) or ()) if ended.anomalies else (),
    )


def _read(what: str, read: Callable[[], _Read]) -> _Read | None:
    """Return what is read, or None, and log why, where it cannot be."""
    try:
        return read()
    except _NOT_READ as error:
        logger.warning("not read", extra={"what": what, "error": type(error).__name__})
        return None


# ---- where it was ----------------------------------------------------------------------------------------------------


def _step(ended: Ended, states: "SFNClient") -> str:
    """Return the innermost machine and state that an execution was in when it ended; empty where none had begun."""
    arn, machine, found = ended.arn, ended.machine, ""
    for _ in range(_DEEPEST):
        state = _last_state(states, arn)
        if state is None:
            break
        found = f"{machine}: {state}"
        below = _started_by(machine, state)
        if below is None:
            break
        arn = arn.replace(f":{machine_name(machine, ended.stage)}:", f":{machine_name(below, ended.stage)}:")
        machine = below
    return found


def _started_by(machine: str, state: str) -> str | None:
    """Return the machine that a state starts, whose execution has the name of the one that starts it."""
    layer = state.removeprefix("Audit").lower()
    if layer not in layers.LAYERS or machine.startswith(AUDIT):
        return None
    return layer if machine == PIPELINE else f"{AUDIT}{layer}" if state.startswith("Audit") else None


def _last_state(states: "SFNClient", arn: str) -> str | None:
    """Return the last state of an execution that did any work; None where it succeeded, or there is no such one."""
    try:
        answer = states.get_execution_history(
            executionArn=arn, reverseOrder=True, maxResults=_EVENTS, includeExecutionData=False
        )
    except states.exceptions.ExecutionDoesNotExist:
        return None
    events: Sequence[Mapping[str, Any]] = answer["events"]
    if any(event["type"] == "ExecutionSucceeded" for event in events):
        return None
    entered = [each for each in events if "stateEnteredEventDetails" in each]
    # One that only decides or reports counts where none worked.
    last = next((each for each in entered if each["type"] in _WORKING), entered[0] if entered else None)
    return None if last is None else str(last["stateEnteredEventDetails"]["name"])


# ---- what its audits said --------------------------------------------------------------------------------------------


def _reports(ended: Ended, lake: Lake) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the reports that say why, each with its key: of a failure the one that did not pass."""
    if ended.status not in {SUCCEEDED, FAILED}:
        return
    if ended.error == "GovernanceFailed":
        key = layout.governance_report_key(ended.run)
        yield key, lake.read_json(key)
        return
    if ended.error not in {"", "AuditFailed"}:
        return
    for layer in ended.layers:
        made = layout.quality_key(ended.run, layer)
        key = layout.published_audit_key(ended.run, layer) if ended.audits_what_is_published else made
        if lake.size(key) is None:
            continue
        report = lake.read_json(key)
        if ended.status == SUCCEEDED or not report["passed"]:
            yield key, report


def _rules(report: Mapping[str, Any], status: str) -> Iterator[Broken]:
    for table in report.get("tables", ()):
        for rule in table["rules"]:
            if rule["status"] == status:
                yield Broken(table["table"], rule["rule"], int(rule["failed"]), int(rule["examined"]))


def _found(what: str, ended: Ended, lake: Lake) -> tuple[str, ...]:
    """Return what governance's report of the run lists under a name."""
    report = lake.read_json(layout.governance_report_key(ended.run))
    return tuple(str(finding) for finding in report[what][:MOST_RULES])


# ---- what stayed published -------------------------------------------------------------------------------------------


def _published(lake: Lake) -> Published:
    version = chain.newest(lake)
    return Published(0) if version is None else Published(version.number, version.made.at, version.run)
