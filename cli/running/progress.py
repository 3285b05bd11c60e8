"""What is printed about an execution: its progress, why it failed, and how to stop it."""

import shlex
from collections.abc import Callable

from cli.running.execution import Outcome, Transition
from cli.running.machines import AUDITS
from cli.session import Aws
from cli.terminal import present


class Progress:
    """Shows what is going on, and prints each state once, when it is done.

    Parameters
    ----------
    show : callable
        Shows what is going on now.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._printed: set[tuple[str, str]] = set()

    def tell(self, transition: Transition) -> None:
        """Report one transition."""
        name = f"{transition.machine}: {transition.state}"
        if transition.kind == "entered":
            self._show(name)
        elif transition.kind == "advanced":
            self._show(f"{name} {transition.done} of {transition.parts}")
        elif (transition.machine, transition.state) not in self._printed:  # a polling loop enters the same state often
            self._printed.add((transition.machine, transition.state))
            print_step = present.done if transition.kind == "exited" else present.failed
            print_step(name, transition.seconds)


def why(outcome: Outcome) -> str:
    """Return in which state an execution failed, with which error, and its cause."""
    culprit = outcome.culprit
    what = (
        f"the audit of {culprit.machine.removeprefix('teste_')}"
        if culprit.machine in AUDITS.values()
        else culprit.machine
    )
    where = f" in {culprit.state}" if culprit.state else ""
    how = {"FAILED": "failed", "TIMED_OUT": "took too long", "ABORTED": "was stopped"}[culprit.status]
    named = f" ({culprit.error})" if culprit.error else ""
    cause = culprit.cause or "no cause was given; the logs of its functions say more"
    # Several problems are listed below the line; a single one follows on it.
    text = "".join(f"\n  {line}" for line in cause.splitlines()) if "\n" in cause else f" {cause}"
    return f"{what} {how}{where}{named}:{text}"


def tell_discovery(outcome: Outcome) -> None:
    """Say which layers were crawled and what differs of what was found, or why nothing was there to discover."""
    discovery = outcome.output.get("discovery")
    if not discovery or not discovery["why"]:
        return
    if not discovery["crawlers"]:
        present.say(
            f"nothing new to discover: {discovery['why']}; `./importau run governance --crawl` crawls all the same"
        )
        return
    present.say(f"crawled {discovery['why']}")
    for difference in discovery["differences"]:
        present.warn(difference)


def stop_command(aws: Aws, arn: str) -> str:
    """Return the AWS CLI command that stops an execution."""
    profile = aws.session.profile_name
    where = {
        "--endpoint-url": aws.endpoint,
        "--region": aws.session.region_name,
        "--profile": None if aws.endpoint or profile == "default" else profile,
    }
    options = [word for option, value in where.items() if value for word in (option, value)]
    return shlex.join(["aws", "stepfunctions", "stop-execution", *options, "--execution-arn", arn])
