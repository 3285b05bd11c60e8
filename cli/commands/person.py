"""`importau person`: what the lakehouse holds of a person, found in every version of every object, and erased."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options
from cli.errors import CliError, UsageError
from cli.session import Aws, connect
from cli.terminal import present
from cli.terminal.language import translated
from cli.terminal.questions import Answers, answers, ask, ask_hidden
from cli.versioning.agreeing import agreeing

if TYPE_CHECKING:
    from cli.person.erasing import Erased, Erasing
    from cli.person.plan import Plan
    from cli.person.search import Search, Searched
    from lakehouse.versions.version import Version

_STDIN = "-"


def person(  # noqa: PLR0913, PLR0917 - an argument an option
    value: Annotated[
        str | None,
        typer.Argument(
            metavar="[VALUE]",
            help="A login, name, e-mail address, CPF, CNPJ or telephone number; - reads it from standard input. Asked "
            "for by default, so that it is in no history of commands.",
        ),
    ] = None,
    erase: Annotated[
        bool, typer.Option("--erase", help="Erase what is found, from every version, for good. Asks first.")
    ] = False,
    within: Annotated[
        bool,
        typer.Option(
            "--within",
            help="Find a name inside longer texts too. An e-mail address, number or login is found there anyway.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --erase: without asking.")] = False,
    as_json: options.Json = False,
    local: options.Local = False,
    stage: options.Stage = None,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Find what is held of a person: uploads, quarantine, tables and reports, in every version of every object.

    Case, accents, spaces and punctuation do not matter. The value is never printed, logged or kept; what is printed is
    masked. Exit code 0 where something was found, 1 where nothing is held. With --erase it is removed: rows, keys and
    sums stay as they are.
    """
    from cli.person.value import Sought

    if yes and not erase:
        raise UsageError(
            "--yes agrees to an erasure, and nothing is to be erased", "Give --erase too, or leave it out."
        )
    who = agreeing(yes, "erase it") if erase else Answers.NONE
    sought = Sought(_given(value), within=within)
    aws = connect(local, stack, region, profile, stage)
    from cli.person.search import Search
    from cli.versioning.reading import every, lake_of

    lake = lake_of(aws)
    versions = every(lake)
    search = Search(lake, sought)
    with present.activity("searching") as progress:
        searched = search.run(versions, lambda now: progress(f"searching: {now}"))
    if erase:
        _erase(aws, search, searched, versions, who, as_json)
        return
    if as_json:
        present.out.print_json(json.dumps(searched.as_json(), ensure_ascii=False))
    elif searched.found:
        from cli.person.printing import show

        show(searched)
    if not searched.found:
        raise _nothing(searched)


def _given(value: str | None) -> str:
    """Return the value: the argument, a line of standard input, or what is typed unseen."""
    if value == _STDIN:
        return sys.stdin.readline().rstrip("\r\n")
    if value is not None:
        return value
    if answers(yes=False, no_input=False) is Answers.NONE:
        raise UsageError("there is no terminal to ask whose data", "Give it on standard input: `./importau person -`.")
    return ask_hidden(
        translated("Whose data? A login, name, e-mail address, CPF, CNPJ or telephone number (it is not shown)")
    )


def _nothing(searched: "Searched") -> CliError:
    from cli.person.printing import volume

    unread = len(searched.unread) + searched.uploads
    but = f"; {present.count(unread, 'thing')} could not be read: --json names them" if unread else ""
    return CliError(
        f"nothing found: 0 places in {volume(searched)}{but}",
        "A name inside longer texts is found with --within; case, accents and punctuation never matter.",
    )


def _erase(
    aws: Aws, search: "Search", searched: "Searched", versions: "list[Version]", who: Answers, as_json: bool
) -> None:
    from cli.contents import object_versions as objects
    from cli.person import erasing, plan
    from cli.person.printing import show, show_erased, show_plan
    from lakehouse.versions import erasure

    lake = search.lake
    erasing.refuse_where_something_is_at_work(aws, lake)
    unfinished = [each for each in erasure.erasures(lake) if not each.is_whole]
    at_work = erasing.Erasing(aws, search)
    if not searched.found:
        _finish(at_work, searched, bool(unfinished), as_json)
        return
    written = unfinished[0].uploads if unfinished else {}
    newest = versions[-1] if versions else None
    wanted = plan.planned(searched, newest, objects.listed(lake), written)
    if not as_json:
        show(searched)
        show_plan(wanted)
    _agree(who)
    with present.step("erasure") as progress:
        erased = at_work.erase(wanted, progress)
    if as_json:
        present.out.print_json(json.dumps(_told(wanted, erased), ensure_ascii=False))
    else:
        show_erased(erased)


def _told(wanted: "Plan", erased: "Erased") -> dict[str, object]:
    return {"plan": wanted.as_json(), **erased.as_json()}


def _finish(at_work: "Erasing", searched: "Searched", is_unfinished: bool, as_json: bool) -> None:
    """Where nothing is found: bring an erasure that was interrupted to its end, or say that there is nothing."""
    done = at_work.finish(lambda _: None) if is_unfinished else []
    if as_json:
        content = {**searched.as_json(), "finished": [each.name for each in done]}
        present.out.print_json(json.dumps(content, ensure_ascii=False))
    for each in done:
        present.done(f"the erasure that was begun on {each.begun[:10]} is done: nothing is found any more")
    if not done:
        raise _nothing(searched)


def _agree(who: Answers) -> None:
    """Ask for the word that agrees; raise `CliError` where something else is typed."""
    word = translated("erase")
    if who is Answers.ASK and ask(translated("Type {name} to go on", name=word)).strip().casefold() != word:
        raise CliError(translated("stopped: nothing was changed"))
