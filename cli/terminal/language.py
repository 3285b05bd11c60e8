"""Questions, and the text around them, in Portuguese where the locale is Portuguese."""

import os
from collections.abc import Mapping
from typing import Final

YES: Final = frozenset({"y", "yes", "s", "sim"})
FOLDER: Final = frozenset({"f", "folder", "p", "pasta"})
SYNTHETIC: Final = frozenset({"s", "synthetic", "sintetico", "sintético", "sinteticos", "sintéticos"})
QUIT: Final = frozenset({"q", "quit", "c", "cancel", "cancelar", "sair"})

PORTUGUESE: Final = {
    # A file is missing.
    "1 of the {all} CSV files is missing in {place}: {names}": "falta 1 dos {all} arquivos CSV ({place}): {names}",
    "{count} of the {all} CSV files are missing in {place}: {names}": (
        "faltam {count} dos {all} arquivos CSV ({place}): {names}"
    ),
    "{folder} (there is no such folder)": "{folder}, que não existe",
    "the lake's landing area": "a área de entrada do lake, landing",
    "Name the folder that has them (--csv-dir DIR), or go on with synthetic data (--orders N or --yes).": (
        "Indique a pasta que os tem (--csv-dir PASTA), ou siga com dados sintéticos (--orders N ou --yes)."
    ),
    "going on with {orders} synthetic orders (seed {seed}) instead, as --yes says": (
        "sigo com {orders} pedidos sintéticos (semente {seed}), como diz --yes"
    ),
    "Look in another [f]older, go on with {orders} [s]ynthetic orders, or [q]uit? (f/s/q)": (
        "Procurar em outra [p]asta, seguir com {orders} pedidos [s]intéticos, ou [c]ancelar? (p/s/c)"
    ),
    "Folder with the CSV files": "Pasta com os arquivos CSV",
    "stopped: nothing was uploaded and nothing was run": "parado: nada foi enviado e nada foi executado",
    # A deployment.
    "what changes in the stack {stack}:": "o que muda na stack {stack}:",
    "Make this change? (y/n)": "Fazer esta mudança? (s/n)",
    "Make these {count} changes? (y/n)": "Fazer estas {count} mudanças? (s/n)",
    "stopped: nothing was changed": "parado: nada foi mudado",
    "  (stage {stage})": "  (estágio {stage})",
    # A demo on a lake in use.
    "the lake s3://{bucket} on the embedded AWS is in use: its run {run} was not a demo's, and a demo replaces its "
    "tables": (
        "o lake s3://{bucket} na AWS embutida está em uso: a sua execução {run} não foi de uma demo, e uma demo "
        "substitui as suas tabelas"
    ),
    "the lake s3://{bucket} on the embedded AWS is in use: {count} of its runs, the last of them {run}, were not a "
    "demo's, and a demo replaces its tables": (
        "o lake s3://{bucket} na AWS embutida está em uso: {count} das suas execuções, a última {run}, não foram de "
        "uma demo, e uma demo substitui as suas tabelas"
    ),
    "Agree to it (--yes), leave this lake alone (IMPORTAU_HOME=DIR ./importau demo has one of its own), empty it first "
    "(`./importau local reset`), or run on it as it is (`./importau run --local`).": (
        "Concorde (--yes), deixe este lake em paz (IMPORTAU_HOME=PASTA ./importau demo tem um só seu), esvazie-o antes "
        "(`./importau local reset`), ou execute nele como está (`./importau run --local`)."
    ),
    "Replace them? (y/n)": "Substituí-las? (s/n)",
    "stopped: nothing was written": "parado: nada foi gravado",
    # Versions of the lake.
    "Go back to version {number}? (y/n)": "Voltar à versão {number}? (s/n)",
    "Publish it? (y/n)": "Publicar? (s/n)",
    "Discard run {run}? (y/n)": "Descartar a execução {run}? (s/n)",
    "Drop the Iceberg tables? (y/n)": "Remover as tabelas Iceberg? (s/n)",
    "Delete {count} objects? (y/n)": "Apagar {count} objetos? (s/n)",
    # A person's data.
    "Whose data? A login, name, e-mail address, CPF, CNPJ or telephone number (it is not shown)": (
        "Dados de quem? Login, nome, e-mail, CPF, CNPJ ou telefone (não aparece na tela)"
    ),
    "erase": "eliminar",
    "to be erased, for good:": "a eliminar, para sempre:",
    # Deleting the lakehouse.
    "to be deleted in account {account}: the stack {stack} with": "a apagar na conta {account}: a stack {stack}, com",
    "the bucket {bucket} and all data in it stay (--delete-data deletes them too)": (
        "o bucket {bucket} e todos os dados nele ficam (--delete-data os apaga também)"
    ),
    "the bucket {bucket} goes, with everything in it and every version of it, for good": (
        "o bucket {bucket} será apagado, com tudo o que há nele, em todas as versões, para sempre"
    ),
    "in the bucket {bucket} everything of the lakehouse goes, for good; the bucket itself stays, as it was not made "
    "for the lakehouse": (
        "no bucket {bucket} tudo o que é do lakehouse será apagado, para sempre; o bucket fica, pois não foi criado "
        "para o lakehouse"
    ),
    "Type {name} to go on": "Digite {name} para continuar",
    "stopped: nothing was deleted": "parado: nada foi apagado",
}


def is_portuguese(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether the locale of messages is Portuguese, of any country."""
    locale = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return locale.replace("-", "_").partition(".")[0].partition("@")[0].partition("_")[0].lower() == "pt"


def translated(text: str, **values: object) -> str:
    """Return a text in the user's language, its fields filled; whole numbers are grouped as the language does.

    Parameters
    ----------
    text : str
        English, a key of `PORTUGUESE`.
    **values : object
        The values of its fields.
    """
    portuguese = is_portuguese()
    shown = {name: _number(value, portuguese) if isinstance(value, int) else value for name, value in values.items()}
    return (PORTUGUESE[text] if portuguese else text).format(**shown)


def _number(value: int, portuguese: bool) -> str:
    return f"{value:,}".replace(",", ".") if portuguese else f"{value:,}"
