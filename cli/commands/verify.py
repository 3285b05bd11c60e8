"""`importau verify`: whether catalogue and lineage are complete, everything can be found, and nothing has drifted."""

import json
from dataclasses import asdict

from rich.markup import escape

from cli import options
from cli.errors import CliError
from cli.session import connect
from cli.terminal import present


def verify(
    as_json: options.Json = False,
    local: options.Local = False,
    stack: options.Stack = None,
    region: options.Region = None,
    profile: options.Profile = None,
) -> None:
    """Check the catalogue, lineage, discovery, classification and drift of a lakehouse that has run."""
    from cli.contents.verification import verified

    checks = list(verified(connect(local, stack, region, profile)))
    if as_json:
        present.out.print_json(json.dumps([asdict(check) for check in checks], ensure_ascii=False))
    else:
        table = present.table("check", "what", "", "found")
        for check in checks:
            mark = "[green]✓[/green]" if check.passed else "[red]✗[/red]"
            table.add_row(check.id, escape(check.description), mark, escape(check.detail))
        present.grid(table)
    failed = [check.id for check in checks if not check.passed]
    if failed:
        raise CliError(f"{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}")
