"""All tables of a lake as Iceberg tables: which versions there are to follow, and each table after the other."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from pyiceberg.table import Table

from cli.errors import CliError
from cli.iceberg.catalogue import Tables
from cli.iceberg.following import Followed, clean, follow, tags
from cli.session import Aws
from cli.terminal import present
from cli.versioning import reading
from lakehouse.clients import together
from lakehouse.versions import chain
from lakehouse.versions.erasure import erasures, note
from lakehouse.versions.version import Version
from lakehouse.versions.wholeness import differing

_NAMED: Final = 5


def follow_all(aws: Aws, show: Callable[[str], None]) -> list[Followed]:
    """Make the Iceberg tables show the newest version, and return each; where all do, nothing is written.

    Parameters
    ----------
    aws : Aws
    show : callable
        Is told which table is next.

    Raises
    ------
    UsageError
        Nothing was published yet.
    CliError
        The newest version is not what was audited, or a table cannot be followed; those before it were.
    """
    lake = reading.lake_of(aws)
    newest = reading.newest(lake)
    _require_whole(newest, differing(lake, newest.ordered))
    tables = Tables(aws, lake)
    there = {table.table: tables.find(table.table) for table in newest.ordered}
    if not all(there.values()):
        tables.make_database()
    versions = _wanted(tables, newest, there.values())
    followed = []
    for name, table in there.items():
        show(name)
        followed.append(follow(tables, table, name, _readable(tables, name, versions, newest)))
        if followed[-1].changed and (after := tables.find(name)) is not None:
            _clean(tables, after)
    return followed


def _clean(tables: Tables, table: Table) -> None:
    """Delete what nothing names any more; where that may not be, say so: no reader needs it to be gone."""
    try:
        clean(tables, table)
    except CliError as error:
        present.warn(f"old metadata of {table.name()[-1]} stay: {error.message}")


def _require_whole(version: Version, wrong: list[str]) -> None:
    if wrong:
        more = f" and {len(wrong) - _NAMED:,} more" if len(wrong) > _NAMED else ""
        raise CliError(
            f"version {version.number} is not what was audited: {'; '.join(wrong[:_NAMED])}{more}",
            "No table was changed; `./importau verify` says more.",
        )


def _wanted(tables: Tables, newest: Version, there: Iterable[Table | None]) -> dict[int, Version]:
    """Return the versions that tables have, and those that came since; not those that a person was erased from."""
    lake = tables.lake
    tagged = [tags(table) for table in there if table is not None]
    oldest = min((max(each, default=newest.number) for each in tagged), default=newest.number)
    had = {number for each in tagged for number in each}
    erased = erasures(lake)
    numbers = [
        number
        for number in chain.numbers(lake)
        if (number in had or oldest < number < newest.number) and not note(erased, number)
    ]
    read = reading.read(lake, [number for number in numbers if number < newest.number])
    return {version.number: version for version in [*read, newest]}


def _readable(tables: Tables, name: str, versions: Mapping[int, Version], newest: Version) -> dict[int, Version]:
    """Return the versions that have a table, and whose files of it are there as they were audited."""
    having = {number: version for number, version in versions.items() if name in version.tables}
    of_run = {version.tables[name].run: version.tables[name] for version in having.values()}
    known = newest.tables[name].run
    whole = together(lambda each: each.run == known or not differing(tables.lake, [each]), of_run.values())
    runs = {run for run, is_whole in zip(of_run, whole, strict=True) if is_whole}
    return {number: version for number, version in having.items() if version.tables[name].run in runs}
