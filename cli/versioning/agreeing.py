"""Who agrees to a change of what is published: the user at the terminal, or --yes."""

from cli.errors import CliError, UsageError
from cli.terminal.language import translated
from cli.terminal.questions import Answers, agree, answers


def agreeing(yes: bool, what: str) -> Answers:
    """Return who answers; raise `UsageError` where nobody can be asked, before anything was done."""
    who = answers(yes, False)
    if who is Answers.NONE:
        raise UsageError(f"there is no terminal to ask whether to {what}", "Say so beforehand: --yes.")
    return who


def agreed(who: Answers, question: str) -> None:
    """Ask, where somebody is to be asked; raise `CliError` where the answer is no."""
    if who is Answers.ASK and not agree(question):
        raise CliError(translated("stopped: nothing was changed"))
