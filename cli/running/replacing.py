"""What a demo would replace, and whether it may: it must not overwrite a lake that somebody works with."""

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from cli.errors import CliError, UsageError
from cli.running.machines import is_of_demo
from cli.session import Aws
from cli.terminal import present
from cli.terminal.language import translated
from cli.terminal.questions import Answers, agree
from lakehouse.lake import layout

if TYPE_CHECKING:
    from lakehouse.lake.s3 import Lake

_IN_USE: Final = (
    "the lake s3://{bucket} on the embedded AWS is in use: its run {run} was not a demo's, and a demo replaces its "
    "tables",
    "the lake s3://{bucket} on the embedded AWS is in use: {count} of its runs, the last of them {run}, were not a "
    "demo's, and a demo replaces its tables",
)


def may_replace(aws: Aws, bucket: str, answers: Answers) -> None:
    """Print what a demo replaces, and ask where that is not another demo's.

    Parameters
    ----------
    aws : Aws
        The embedded AWS; deployed or not.
    bucket : str
        The lake's bucket, which may not exist.
    answers : Answers
        Who answers.

    Raises
    ------
    UsageError
        Somebody works with the lake, and no questions may be asked.
    CliError
        The user does not agree.
    """
    from lakehouse.lake.s3 import Lake

    all_runs = runs(Lake(bucket, aws.s3))
    others = [run for run in all_runs if not is_of_demo(run)]
    if not others:
        if all_runs:
            present.say(f"the tables of the last demo, run {all_runs[-1]}, will be replaced")
        return
    problem = translated(_IN_USE[len(others) > 1], bucket=bucket, count=len(others), run=others[-1])
    if answers is Answers.NONE:
        raise UsageError(
            problem,
            translated(
                "Agree to it (--yes), leave this lake alone (IMPORTAU_HOME=DIR ./importau demo has one of its own), "
                "empty it first (`./importau local reset`), or run on it as it is (`./importau run --local`)."
            ),
        )
    present.warn(problem)
    if answers is Answers.ASK and not agree(translated("Replace them? (y/n)")):
        raise CliError(translated("stopped: nothing was changed"))


def runs(lake: "Lake") -> list[str]:
    """Return the runs whose tables were audited in a lake, oldest first; empty where there is no such bucket."""
    prefixes = [layout.quality_prefix(layer) for layer in layout.LAYERS]
    try:
        keys = {key.removeprefix(prefix) for prefix in prefixes for key in lake.list(prefix)}
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return []
        raise
    return sorted(key.removesuffix(".json") for key in keys)
