"""What may be asked: one statement that only reads, with its tables by any of their names.

A statement is sent as it was written: only the names of tables are replaced, where they stand.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cli.contents.naming import fold
from cli.errors import UsageError
from cli.querying.tables import Meant, Tables

if TYPE_CHECKING:
    from sqlglot import exp

_ATHENA: Final = "athena"
QUERIES: Final = ("SELECT", "WITH")
_LOOKS: Final = ("SHOW", "DESCRIBE", "DESC")
READS: Final = (*QUERIES, *_LOOKS)
_ALLOWED: Final = "A query only reads: begin with SELECT, WITH, SHOW or DESCRIBE."
# Where the name of a table, or of a database, stands in SHOW and DESCRIBE.
_QUOTED: Final = r"""(?:"[^"]+"|`[^`]+`|[\w$]+)"""
_OF_TABLE: Final = re.compile(
    r"(?:DESC(?:RIBE)?(?:\s+(?:EXTENDED|FORMATTED))?|SHOW\s+(?:COLUMNS\s+(?:IN|FROM)|CREATE\s+TABLE|PARTITIONS|TBLPROPERTIES))"
    rf"\s+(?P<name>{_QUOTED}(?:\.{_QUOTED})*)",
    re.IGNORECASE,
)
_OF_DATABASE: Final = re.compile(rf"SHOW\s+(?:TABLES|VIEWS)\s+(?:IN|FROM)\s+(?P<name>{_QUOTED})", re.IGNORECASE)


@dataclass(frozen=True)
class Edit:
    """A name in a statement, and what it means.

    Attributes
    ----------
    start, end : int
        Where it stands in the text, without the end.
    meant : Meant
    alone : bool
        Whether the table's name is to be written alone: it stands before a column.
    """

    start: int
    end: int
    meant: Meant
    alone: bool = False

    def name(self, database: str = "") -> str:
        """Return what is written in its place, with another database than its own where one is given."""
        return self.meant.table if self.alone else f"{database or self.meant.place}.{self.meant.table}"


@dataclass(frozen=True)
class Statement:
    """A statement that only reads.

    Attributes
    ----------
    text : str
        As it was written, without the semicolon at its end.
    is_query : bool
        Whether it is SELECT or WITH, and not SHOW or DESCRIBE.
    edits : tuple of Edit
        The names of tables in it, in their order.
    others : tuple of str
        Tables that are none of the project's.
    """

    text: str
    is_query: bool
    edits: tuple[Edit, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of the lake that it reads, each once."""
        return tuple(dict.fromkeys(each.meant.table for each in self.edits if each.meant.of_lake))

    @property
    def unversioned(self) -> tuple[str, ...]:
        """What it reads besides, of which the lake has no versions."""
        own = (f"{each.meant.database}.{each.meant.table}" for each in self.edits if not each.meant.of_lake)
        return tuple(dict.fromkeys((*own, *self.others)))

    def sql(self, database: str = "") -> str:
        """Return it with the names that Athena knows.

        Parameters
        ----------
        database : str
            Where its tables are to be read; empty: each in its own database.
        """
        text = self.text
        for edit in reversed(self.edits):
            text = text[: edit.start] + edit.name(database) + text[edit.end :]
        return text

    def place(self, line: int, column: int, database: str = "") -> tuple[int, int]:
        """Return the line and column, as it was written, of a place in what `sql` returns; both from 1."""
        sent = self.sql(database).splitlines(keepends=True)
        at = sum(map(len, sent[: line - 1])) + column - 1
        for edit in self.edits:
            longer = len(edit.name(database)) - (edit.end - edit.start)
            if at < edit.end + longer:
                at = min(at, edit.start) if at >= edit.start else at
                break
            at -= longer
        before = self.text[:at]
        return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


def read(text: str, tables: Tables) -> Statement:
    """Return the one statement of a text.

    Raises
    ------
    UsageError
        There is none, or more than one; it does more than read; it is not SQL; or it names a table that there is not.
    """
    one, start, first = _one(text)
    if first not in READS:
        raise UsageError(f"'{first}' is refused: nothing was sent", _ALLOWED)
    if first in _LOOKS:
        return _look(one[start:], tables)
    tree = _tree(one)
    edits, others = [], []
    for node in _read_tables(tree):
        written = _written(node)
        meant = tables.meant(written)
        if meant is None:
            others.append(written)
        else:
            edits.append(Edit(*_span(node.parts), meant))
            if not node.alias:
                edits += _before_columns(tree, written, meant)
    unique = {edit.start: edit for edit in edits}
    return Statement(one, True, tuple(unique[start] for start in sorted(unique)), tuple(dict.fromkeys(others)))


def _one(text: str) -> tuple[str, int, str]:
    """Return the one statement of a text, where it begins behind its comments, and its first word in capitals."""
    import sqlglot
    from sqlglot.errors import TokenError
    from sqlglot.tokenizer_core import TokenType

    try:
        # What Athena gives to Hive begins with a mark of sqlglot's own.
        found = sqlglot.tokenize(text, read=_ATHENA)
        tokens = [token for token in found if token.token_type is not TokenType.HIVE_TOKEN_STREAM]
    except TokenError as error:
        raise UsageError(
            "the SQL cannot be read: a quotation mark or a comment has no end", "Text stands in ' and names in \"."
        ) from error
    if not any(token.token_type is not TokenType.SEMICOLON for token in tokens):
        raise UsageError("there is no statement to send", _ALLOWED)
    while tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    if any(token.token_type is TokenType.SEMICOLON for token in tokens):
        raise UsageError("there is more than one statement: nothing was sent", "Ask one question at a time.")
    first = next((token for token in tokens if token.token_type is not TokenType.L_PAREN), tokens[0])
    return text[: tokens[-1].end + 1], tokens[0].start, first.text.upper()


def _tree(text: str) -> "exp.Query":
    """Return a query parsed."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ParseError, SqlglotError

    try:
        tree = sqlglot.parse_one(text, read=_ATHENA)
    except ParseError as error:
        wrong = error.errors[0] if error.errors else {}
        near, line, column = wrong.get("highlight") or "", wrong.get("line"), wrong.get("col")
        where = f" in line {line}, column {max(1, column - len(near) + 1)}" if line and column else ""
        raise UsageError(
            f"the SQL cannot be read{where}{f', at {near!r}' if near else ''}: nothing was sent",
            "Something is missing there, or before it.",
        ) from error
    except SqlglotError as error:
        raise UsageError("the SQL cannot be read: nothing was sent", str(error).partition("\n")[0]) from error
    changes = tree.find(exp.DML, exp.DDL, exp.Into, exp.Command) if isinstance(tree, exp.Query) else tree
    if changes is not None and not (isinstance(tree, exp.Query) and isinstance(changes, exp.Query)):
        raise UsageError(f"'{changes.key.upper()}' is refused: nothing was sent", _ALLOWED)
    return tree  # type: ignore[return-value]


def _read_tables(tree: "exp.Query") -> Iterator["exp.Table"]:
    """Yield the tables that a query reads, without the names that it defines itself."""
    from sqlglot import exp
    from sqlglot.errors import OptimizeError
    from sqlglot.optimizer.scope import traverse_scope

    try:
        scopes = traverse_scope(tree)
    except OptimizeError as error:
        raise UsageError(f"the SQL cannot be read: {error}", "Give each table a name of its own, with AS.") from error
    seen = set()
    for scope in scopes:
        for source in scope.sources.values():
            if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier) and id(source) not in seen:
                seen.add(id(source))
                yield source


def _before_columns(tree: "exp.Query", written: str, meant: Meant) -> Iterator[Edit]:
    """Yield where a table's name stands before a column, and is not the one that Athena knows."""
    from sqlglot import exp

    table = fold(written.rpartition(".")[2])
    places = ("", fold(written.rpartition(".")[0]), meant.database, meant.layer)
    names = {".".join(filter(None, (place, table))) for place in places} - {meant.table}
    for column in tree.find_all(exp.Column):
        qualifier = column.parts[:-1]
        if not qualifier or not all("start" in part.meta for part in qualifier):
            continue
        if fold(".".join(part.name for part in qualifier)) in names:
            yield Edit(*_span(qualifier), meant, alone=True)


def _written(table: "exp.Table") -> str:
    return ".".join(part.name for part in table.parts)


def _span(parts: Sequence[Any]) -> tuple[int, int]:
    return parts[0].meta["start"], parts[-1].meta["end"] + 1


def _look(text: str, tables: Tables) -> Statement:
    """Return SHOW or DESCRIBE with the names that Athena knows."""
    found = _OF_TABLE.match(text)
    if found:
        written = re.sub(r"[\"`]", "", found["name"])
        meant = tables.meant(written)
        edits = () if meant is None else (Edit(*found.span("name"), meant),)
        return Statement(text, False, edits, () if meant else (written,))
    found = _OF_DATABASE.match(text)
    if found:
        place = tables.database(re.sub(r"[\"`]", "", found["name"]))
        text = text[: found.start("name")] + place + text[found.end("name") :]
    return Statement(text, False)
