"""The messages about runs that failed, as the Alert Lambda keeps them; on the embedded AWS, which mails none, shown."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cli.session import Aws
from cli.terminal import present
from lakehouse.lake import layout

# The output of a stack that has somebody told of runs that fail.
TOPIC: Final = "AlertTopicArn"
_PATIENCE: Final = 20.0
_PAUSE: Final = 0.2


@dataclass(frozen=True)
class Alert:
    """A message that was sent.

    Attributes
    ----------
    at : str
        When the execution ended, ISO 8601 in UTC.
    run, machine, status, kind : str
    subject, text : str
    """

    at: str
    run: str
    machine: str
    status: str
    kind: str
    subject: str
    text: str

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` has of it."""
        return dict(vars(self))


def are_sent(aws: Aws) -> bool:
    """Return whether the stack has somebody told of runs that fail."""
    return TOPIC in aws.outputs


def sent(aws: Aws, most: int | None = None, run: str | None = None) -> list[Alert]:
    """Return the messages that were sent, newest first.

    Parameters
    ----------
    aws : Aws
    most : int, optional
        How many; all by default.
    run : str, optional
        Only those about a run.
    """
    from lakehouse.clients import together
    from lakehouse.lake.s3 import Lake

    lake = Lake(aws.bucket, aws.s3)
    # Their keys sort by time.
    keys = sorted(lake.list(layout.ALERTS_PREFIX), reverse=True)
    if run is None:
        return [_alert(content) for content in together(lake.read_json, keys[:most])]
    found: list[Alert] = []
    for key in keys:
        if most is not None and len(found) >= most:
            break
        alert = _alert(lake.read_json(key))
        if run == alert.run:
            found.append(alert)
    return found


def show_sent(aws: Aws, machine: str, run_id: str, pause: Callable[[float], None] = time.sleep) -> None:
    """Show the message about an execution that failed, where no mail is sent; elsewhere say where it is.

    Parameters
    ----------
    aws : Aws
    machine, run_id : str
        The machine, and the name of its execution.
    pause : callable
        Waits that many seconds.
    """
    if not are_sent(aws):
        return
    if aws.endpoint is None:
        present.say(f"a message is sent about it; `./importau alerts {run_id}` shows it, too")
        return
    from lakehouse.lake.s3 import Lake

    lake = Lake(aws.bucket, aws.s3)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        for key in lake.list(layout.ALERTS_PREFIX):
            if layout.is_alert_of(key, machine, run_id):
                present.say("the message that --alert mails on an account:")
                present.say("\n".join(f"  {line}".rstrip() for line in shown(_alert(lake.read_json(key)))))
                return
        pause(_PAUSE)
    present.warn("no message about it was sent yet; `./importau logs alert` says why")


def shown(alert: Alert) -> list[str]:
    """Return a message as it is mailed: its subject, and its text."""
    return [alert.subject, "", *alert.text.rstrip("\n").splitlines()]


def _alert(content: dict[str, Any]) -> Alert:
    return Alert(**{name: str(content.get(name, "")) for name in Alert.__dataclass_fields__})
