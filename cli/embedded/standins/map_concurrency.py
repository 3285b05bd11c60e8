"""A Distributed Map may take how many of its items run at once from its input.

MiniStack knows ``MaxConcurrency`` alone, and runs 64 at once where it finds none. On AWS ``MaxConcurrencyPath`` is a
reference path into the state's input (Step Functions developer guide, "Map state fields").
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

PATH: Final = "MaxConcurrencyPath"
FIELD: Final = "MaxConcurrency"

Resolve = Callable[[str, Any, Any], Any]


def resolved(state: Mapping[str, Any], given: Any, context: Any, resolve: Resolve) -> dict[str, Any]:
    """Return a Map state with the number that its path names in the place of the path.

    Parameters
    ----------
    state : mapping
        The state's definition.
    given, context
        Its input, and the context object.
    resolve : callable
        Follows a path in them.

    Raises
    ------
    ValueError
        There is no number from 0 up: on AWS the execution fails.
    """
    if PATH not in state:
        return dict(state)
    number = resolve(state[PATH], given, context)
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError(f"The {PATH} parameter '{state[PATH]}' does not lead to a number from 0 up: {number!r}")
    return {name: value for name, value in state.items() if name != PATH} | {FIELD: number}


def install() -> None:
    """Put it into the MiniStack of this process."""
    from ministack.services import stepfunctions

    run = stepfunctions._run_distributed_map

    @functools.wraps(run)
    def mended(state: Mapping[str, Any], raw: Any, effective: Any, iterator: Any, execution: Any, context: Any) -> Any:
        resolve: Resolve = stepfunctions._resolve_path_or_ctx
        try:
            known = resolved(state, effective, context, resolve)
        except ValueError as error:
            raise stepfunctions._ExecutionError("States.Runtime", str(error)) from error
        return run(known, raw, effective, iterator, execution, context)

    stepfunctions._run_distributed_map = mended
