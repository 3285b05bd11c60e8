"""What a shell offers for the number of a version, or for a run that waits: asked of the lakehouse that is meant."""

from typing import Any

import typer

from cli.errors import CliError, aws_errors
from cli.session import connect


def numbers_begun(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the numbers of versions that begin with a text, newest first; none where nobody answers."""
    return [number for number in _asked(ctx, _numbers) if number.startswith(incomplete)]


def runs_begun(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the runs that wait whose names begin with a text, newest first; none where nobody answers."""
    return [run for run in _asked(ctx, _held) if run.startswith(incomplete)]


def _asked(ctx: typer.Context, ask: Any) -> list[str]:
    from lakehouse.errors import LakehouseError

    where = (
        ctx.params.get("local", False),
        *(ctx.params.get(name) for name in ("stack", "region", "profile", "stage")),
    )
    try:
        found: list[str] = ask(connect(*where))
    except (CliError, LakehouseError, *aws_errors()):
        return []
    return found


def _numbers(aws: Any) -> list[str]:
    from cli.versioning.reading import lake_of
    from lakehouse.versions import chain

    return [str(number) for number in reversed(chain.numbers(lake_of(aws)))]


def _held(aws: Any) -> list[str]:
    from cli.versioning.held import waiting
    from cli.versioning.reading import lake_of

    return [held.run for held in waiting(lake_of(aws))]
