"""`importau help`: what `--help` prints, for one command or for all."""

import typer


def help(ctx: typer.Context) -> None:
    """Print the help of a command, as its option --help does; without one, the whole."""
    root = ctx.find_root()
    with root.command.make_context(root.info_name, [*ctx.args, "--help"]) as context:
        context.command.invoke(context)
