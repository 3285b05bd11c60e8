"""What a lakehouse does by itself: whom it tells of runs that fail, and what starts it. Off, unless it is asked for."""

import json
import re
import zoneinfo
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.account.aws_cli import AwsCli
from cli.account.stack import parameters_of as stack_parameters
from cli.errors import DENIED, UsageError

OFF: Final = "off"
# Whom the execution role has to trust for a schedule.
SCHEDULER: Final = "scheduler.amazonaws.com"
FAILURES, WARNINGS, NOTHING = "failures", "warnings", "nothing"
_MAIL: Final = re.compile(r"[^@\s,;\"'<>]+@[^@\s,;\"'<>]+\.[^@\s,;\"'<>.]+")
_RATE: Final = re.compile(r"rate\((?P<number>[1-9]\d*) (?P<unit>minute|hour|day)(?P<several>s?)\)")
_CRON: Final = re.compile(r"cron\((?P<fields>[^()]+)\)")
_FIELD: Final = re.compile(r"[\dA-Za-z*?,/#LW-]+")
# Minutes, hours, day of the month, month, day of the week, year.
_FIELDS: Final = 6
_EXAMPLES: Final = "Write 'cron(0 6 ? * MON-FRI *)', 'rate(1 day)', or off."
_EVENTBRIDGE: Final = "EventBridgeConfiguration"


def parameters_of(
    alert: str | None = None,
    warnings: bool | None = None,
    schedule: str | None = None,
    timezone: str | None = None,
    on_upload: bool | None = None,
) -> dict[str, str]:
    """Return the parameters of template.yaml that options ask for; what is not asked for stays as it was deployed.

    Parameters
    ----------
    alert : str, optional
        An e-mail address, or ``off``.
    warnings : bool, optional
        Whether messages are also sent about audits that warned.
    schedule : str, optional
        ``cron(...)``, ``rate(...)`` or ``off``.
    timezone : str, optional
        Of the schedule, as IANA names it.
    on_upload : bool, optional

    Raises
    ------
    UsageError
        With every option that cannot be meant.
    """
    checks = ((_alert_problem, alert), (_schedule_problem, schedule), (_timezone_problem, timezone))
    problems = [problem for check, given in checks if given is not None and (problem := check(given))]
    if alert == OFF and warnings:
        problems.append(("--alert off and --alert-warnings exclude each other", "Leave one of them out."))
    if problems:
        raise UsageError("\n".join(what for what, _ in problems), "\n".join(dict.fromkeys(fix for _, fix in problems)))
    found: dict[str, str] = {}
    if alert is not None:
        found |= {"AlertEmail": "" if alert == OFF else alert, "AlertOn": NOTHING if alert == OFF else FAILURES}
    if warnings is not None and alert != OFF:
        found["AlertOn"] = WARNINGS if warnings else FAILURES
    if schedule is not None:
        found["ScheduleExpression"] = "" if schedule == OFF else schedule
    if timezone is not None:
        found["ScheduleTimezone"] = timezone
    if on_upload is not None:
        found["StartOnUpload"] = "yes" if on_upload else "no"
    return found


def starts_on_upload(parameters: Mapping[str, str], described: Mapping[str, Any] | None) -> bool:
    """Return whether a stack starts on upload, by the parameters that it is given, or else has."""
    return (stack_parameters(described) | dict(parameters)).get("StartOnUpload") == "yes"


def tell_eventbridge(aws_cli: AwsCli, bucket: str) -> str:
    """Have a bucket tell EventBridge of its objects, with all that it tells others of already.

    Returns
    -------
    str
        Empty where it does so now; otherwise the command for somebody who may.
    """
    try:
        has: dict[str, Any] = aws_cli.run("s3api", "get-bucket-notification-configuration", "--bucket", bucket) or {}
        if _EVENTBRIDGE in has:
            return ""
        wanted = {name: value for name, value in has.items() if name.endswith("Configurations")} | {_EVENTBRIDGE: {}}
        aws_cli.run(
            "s3api", "put-bucket-notification-configuration", "--bucket", bucket,
            "--notification-configuration", json.dumps(wanted, separators=(",", ":")),
        )  # fmt: skip
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        return aws_cli.command(
            "s3api", "put-bucket-notification-configuration", "--bucket", bucket,
            "--notification-configuration", json.dumps({_EVENTBRIDGE: {}}),
        )  # fmt: skip
    return ""


def _alert_problem(given: str) -> tuple[str, str] | None:
    if given == OFF or _MAIL.fullmatch(given):
        return None
    return f"--alert: '{given}' is no e-mail address", "Write one address, such as ana@empresa.com.br, or off."


def _schedule_problem(given: str) -> tuple[str, str] | None:
    if given == OFF:
        return None
    if rate := _RATE.fullmatch(given):
        if (rate["number"] == "1") == (not rate["several"]):
            return None
        return f"--schedule: '{given}': 1 is followed by {rate['unit']}, more by {rate['unit']}s", _EXAMPLES
    cron = _CRON.fullmatch(given)
    fields = cron["fields"].split() if cron else []
    if len(fields) == _FIELDS and all(map(_FIELD.fullmatch, fields)):
        if (fields[2] == "?") != (fields[4] == "?"):
            return None
        return (
            f"--schedule: '{given}': exactly one of day of month (third) and day of week (fifth) is ?",
            _EXAMPLES,
        )
    return (
        f"--schedule: '{given}' is no schedule of EventBridge: cron(minutes hours day-of-month month day-of-week year) "
        "or rate(number unit)",
        _EXAMPLES,
    )


def _timezone_problem(given: str) -> tuple[str, str] | None:
    if given in zoneinfo.available_timezones():
        return None
    return f"--timezone: there is no time zone '{given}'", "Write one such as America/Sao_Paulo or UTC."
