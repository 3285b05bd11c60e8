"""The questions that a controller asks, each a file of SQL with a head that says it: ``queries/<name>.sql``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli import ROOT
from cli.errors import UsageError

FOLDER: Final = ROOT / "queries"
# The twelve that portal, workbook and docs/perguntas.md answer too, with the same numbers, in their order.
TWELVE: Final = (
    "a-vencer", "vencidos", "exposicao-cambial", "alta-das-moedas", "valor-em-risco", "emprestimos-do-proximo-mes",
    "previsao-do-proximo-mes", "cambio-do-ano", "mes-contra-ano-anterior", "totais-por-situacao",
    "compras-por-categoria", "data-dos-dados",
)  # fmt: skip
_QUESTION: Final = "-- Pergunta:"
_COLUMNS: Final = "-- Colunas:"
_COLUMN: Final = re.compile(r"--   (?P<name>\w+): (?P<meaning>.+)")
_MORE: Final = re.compile(r"--      *(?P<more>\S.*)")


@dataclass(frozen=True)
class Named:
    """A question with a name.

    Attributes
    ----------
    name : str
    question : str
        In Portuguese.
    columns : mapping of str to str
        What each column of the answer is.
    sql : str
        The whole file.
    """

    name: str
    question: str
    columns: Mapping[str, str]
    sql: str


def named() -> dict[str, Named]:
    """Return the questions by name, in the order of their names."""
    return {file.stem: parsed(file.stem, file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.sql"))}


def names_begun(incomplete: str) -> list[tuple[str, str]]:
    """Return the names that begin with a text, each with its question, for a shell."""
    return [(name, each.question) for name, each in named().items() if name.startswith(incomplete)]


def find(name: str) -> Named:
    """Return the question of a name; raise `UsageError`, with the nearest ones, where there is none."""
    from cli.querying.tables import nearest

    there = named()
    if name in there:
        return there[name]
    near = nearest(name, there)
    raise UsageError(
        f"there is no question '{name}'",
        (f"Is it {' or '.join(near)}? " if near else "") + "All of them: `./importau query`.",
    )


def parsed(name: str, text: str) -> Named:
    """Return a question as its file has it.

    Raises
    ------
    ValueError
        Its head does not say what is asked, or explains no column.
    """
    question, columns, into = "", dict[str, str](), ""
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        if line.startswith(_QUESTION):
            question, into = line.removeprefix(_QUESTION).strip(), "question"
        elif line.startswith(_COLUMNS):
            into = "columns"
        elif found := _COLUMN.fullmatch(line):
            columns[found["name"]], into = found["meaning"], found["name"]
        elif into == "question":
            question = f"{question} {line.removeprefix('--').strip()}".strip()
        elif (more := _MORE.fullmatch(line)) and into in columns:
            columns[into] = f"{columns[into]} {more['more']}"
    if not question or not columns:
        raise ValueError(f"queries/{name}.sql: its head lacks '{_QUESTION}' or a column under '{_COLUMNS}'")
    return Named(name, question, columns, text)


def sql_of(file: Path) -> str:
    """Return the SQL in a file; raise `UsageError` where it cannot be read."""
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no text in UTF-8", "Save it as UTF-8.") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
