"""Promotion: a stage gets the code that another one runs, by its commit, and nothing else gets there."""

from collections.abc import Mapping
from typing import Any, Final

from cli.account.stack import COMMIT, parameters_of
from cli.building.checkout import Checkout, is_changed, without_changes
from cli.building.layers import ALLOWED
from cli.errors import CliError

# What the code runs on goes with it: the same layers, for the same Python and processor.
PARAMETERS: Final = (*ALLOWED, "PandasLayerArn", "PowertoolsLayerArn")
_SHORT: Final = 12
_NAMED: Final = 5


def promoted(source: str, described: Mapping[str, Any] | None, here: Checkout | None) -> dict[str, str]:
    """Return the parameters that go with the code of another stage, once this checkout is that code.

    Parameters
    ----------
    source : str
        The stage whose code is promoted.
    described : mapping or None
        Its stack as CloudFormation describes it; None where it is not deployed.
    here : Checkout or None
        This folder, and what is changed of what would be deployed.

    Raises
    ------
    CliError
        It is not, or nobody knows what the other stage runs; the fix says how to get there.
    """
    parameters = parameters_of(described)
    if not parameters:
        raise CliError(
            f"nothing to promote: stage {source} is not deployed",
            f"Deploy it first: `./importau deploy --stage {source}`.",
        )
    runs = parameters.get(COMMIT, "")
    if not runs:
        raise CliError(
            f"stage {source} does not say of which commit its code is: it was deployed by hand, or from no checkout",
            f"Deploy it from a clean checkout, and try it there: `./importau deploy --stage {source}`.",
        )
    if is_changed(runs):
        raise CliError(
            f"stage {source} runs code that is in no commit: it was deployed with changes to {_short(runs)}",
            f"Commit them, deploy that, and try it there: `./importau deploy --stage {source}`.",
        )
    if here is None:
        raise CliError(
            f"this folder is no checkout of git, and stage {source} runs {_short(runs)}",
            f"Clone the project, and check that out: git switch --detach {runs}.",
        )
    if here.commit != runs:
        raise CliError(
            f"stage {source} runs {_short(runs)}, and this is {_short(here.commit)}",
            f"Check out what it runs: git switch --detach {runs}; or bring this there first: "
            f"`./importau deploy --stage {source}`.",
        )
    if here.changed:
        more = f" and {len(here.changed) - _NAMED:,} more" if len(here.changed) > _NAMED else ""
        raise CliError(
            f"this is not {_short(runs)} as stage {source} runs it: {', '.join(here.changed[:_NAMED])}{more} "
            f"{'is' if len(here.changed) == 1 else 'are'} changed here",
            "Set the changes aside (git stash --include-untracked), or commit them and bring them to that stage first.",
        )
    return {name: parameters[name] for name in PARAMETERS if parameters.get(name)}


def _short(commit: str) -> str:
    return without_changes(commit)[:_SHORT]
