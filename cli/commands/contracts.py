"""`importau contracts`: what was changed in contracts, whether they have the version for it, and what runs propose."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import ROOT, options
from cli.errors import CliError, UsageError
from cli.help import Typer
from cli.session import connect
from cli.terminal import present

if TYPE_CHECKING:
    from cli.session import Aws

app = Typer(help="The contracts: how they differ from earlier ones, their versions, and changes that runs propose.")

_PUBLISHED, _DEPLOYED = "published", "deployed"
From = Annotated[
    str | None,
    typer.Argument(
        metavar="FROM",
        help="A commit, branch or tag; a version of the lake (3); published; deployed. By default what this branch or "
        "commit began from.",
        autocompletion=lambda incomplete: [each for each in (_PUBLISHED, _DEPLOYED) if each.startswith(incomplete)],
    ),
]


@app.command()
def diff(  # noqa: PLR0917 - an argument an option
    before: From = None,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Say what was changed in the contracts of this folder: table, column, class, and the version that each needs.

    Breaking is what takes from readers what was promised to them; compatible is what promises more; the rest is words.
    """
    from cli.contracts import commits, printing
    from lakehouse.contract.changes import compared

    now, unknown = commits.here(), list[str]()
    if before is not None and (before.isdecimal() or before in {_PUBLISHED, _DEPLOYED}):
        aws = connect(local, stack, region, profile, stage)
        if before == _DEPLOYED:
            since = _deployed(aws)
            texts = commits.at(ROOT, since)
        else:
            from cli.contents.opening import opened
            from cli.contents.published_contracts import texts_of

            view = opened(aws, None if before == _PUBLISHED else int(before))
            texts, unknown = texts_of(view)
            since = f"version {view.number} of the lake"
    elif before is not None:
        since, texts = before, commits.at(ROOT, before)
    else:
        base = commits.base_of(ROOT)
        if base is None:
            raise UsageError("there is no earlier commit here to compare with", "Name one, or a version of the lake.")
        since, texts = str(base), commits.at(ROOT, base.commit)
    found = compared(texts, {table: text for table, text in now.items() if table not in unknown})
    if as_json:
        told = {"since": since, "contracts": printing.as_json(found), "not_compared": unknown}
        present.out.print_json(json.dumps(told, ensure_ascii=False))
        return
    present.say(f"since {since}")
    printing.show(found)
    for table in unknown:
        present.warn(f"{table} is not compared: nobody kept the contract that it was published under")


@app.command()
def check(before: Annotated[str | None, typer.Argument(metavar="COMMIT", help="As of `diff`; of git.")] = None) -> None:
    """Fail where a contract was changed without the version that it needs, or has a column nobody has described.

    It is one of the checks of `./importau test`, and needs no account.
    """
    from cli.contracts.checked import check as checked

    found = checked(ROOT, before)
    present.done(f"{present.count(len(found), 'contract')} changed, each with the version that it needs")


@app.command()
def proposed(  # noqa: PLR0913, PLR0917 - an argument an option
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="The run; the last one that proposed any.")] = None,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FILE", help="Write the patch there instead of printing it.")
    ] = None,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Print the change of contracts that a run proposes for new columns of its CSVs, as a patch for `git apply`.

    Its types are those that fit every value; what the columns say is for a person to write. No value is in it.
    """
    from cli.contents.proposals import patches, proposals
    from lakehouse.lake.s3 import Lake

    aws = connect(local, stack, region, profile, stage)
    found = proposals(Lake(aws.bucket, aws.s3), run)
    if as_json:
        present.out.print_json(json.dumps([each.as_json() for each in found], ensure_ascii=False))
        return
    if not found:
        raise CliError(
            f"run {run} proposes nothing" if run else "no run proposes anything",
            "A run proposes where its CSVs have new columns: `./importau run --new-columns propose`.",
        )
    text = "".join(patches(found))
    if write is None:
        typer.echo(text, nl=False)
    else:
        try:
            write.expanduser().write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{write} cannot be written: {error.strerror}") from error
        present.done(f"{write}, of run {found[0].run_id}")
    names = ", ".join(f"{each.table}.{column.name}" for each in found for column in each.columns)
    then = f"`git apply {write or 'FILE'}`, then describe"
    present.say(f"{then} {names}, add them to the sample and the generator, and `./importau generate`")


def _deployed(aws: "Aws") -> str:
    """Return the commit that the stack runs."""
    from cli.account.stack import COMMIT
    from cli.building.checkout import without_changes

    commit = aws.parameters.get(COMMIT, "")
    if not commit:
        raise UsageError(
            f"the stack {aws.stack} does not say of which commit its code is", "Name a commit, or `published`."
        )
    return without_changes(commit)
