"""The pipeline followed to its end where nobody looks at tables: a step by itself, or a run that is made again."""

from dataclasses import dataclass
from typing import Any

from cli.errors import RunFailedError
from cli.running import machines
from cli.running.alerts import show_sent
from cli.running.execution import Outcome, follow
from cli.running.machines import PIPELINE
from cli.running.progress import Progress, stop_command, why
from cli.session import Aws
from cli.terminal import present


@dataclass(frozen=True)
class Changed:
    """What was done.

    Attributes
    ----------
    run_id : str
        Of the execution that did it.
    outcome : Outcome
        It succeeded.
    """

    run_id: str
    outcome: Outcome


def change(aws: Aws, execution_input: dict[str, Any], *, run_id: str | None = None, what: str | None = None) -> Changed:
    """Start the pipeline with an input, and follow it to its end.

    All that changes what is published goes through the state machine: who may run it need not be allowed more.

    Parameters
    ----------
    aws : Aws
    execution_input : dict
        Its ``only`` says which step is to be taken by itself.
    run_id : str, optional
        The execution's name; a new one by default.
    what : str, optional
        What is shown meanwhile; the step by default.

    Raises
    ------
    RunFailedError
        It was refused, or failed; the message says why.
    """
    name, shown = run_id or machines.new_run_id(), what or str(execution_input["only"])
    arn = machines.start(aws, PIPELINE, execution_input, name)
    try:
        with present.activity(shown) as show:
            outcome = follow(aws, PIPELINE, arn, Progress(show).tell)
    except KeyboardInterrupt:
        present.warn(f"no longer following; {shown} itself goes on. To stop it: {stop_command(aws, arn)}")
        raise
    if not outcome.succeeded:
        show_sent(aws, PIPELINE, name)
        raise RunFailedError(why(outcome))
    return Changed(name, outcome)
