"""Words as they are compared: without accents, case and endings, in Portuguese and English."""

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_HUMP: Final = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")
_WORD: Final = re.compile(r"[^\W_]+")
# Plurals that Portuguese's stemmer leaves apart from their singulars where a word is short.
_PLURALS: Final = (("oes", "ao"), ("aes", "ao"), ("ais", "al"), ("eis", "el"), ("ois", "ol"), ("ns", "m"))
# What says nothing of what is looked for.
_STOP: Final = """
    a o as os um uma uns umas de do da dos das em no na nos nas por pelo pela pelos pelas para com sem sob sobre entre
    ao aos e ou que qual quais quem quanto quanta quantos quantas quando onde como se seu sua seus suas nosso nossa
    nossos nossas meu minha este esta isto esse essa isso aquele aquela ser sao foi era esta estao tem ter ha ainda
    ja mais menos nao sim eu ele ela nos eles elas me lhe mostra mostre mostrar quero queria preciso ver achar buscar
    encontrar tudo todo toda todos todas dado dados hoje agora informacao informacoes
    the an of in on at by for with without from to into and or which who whom whose what when where how is are was were
    be been has have had do does did not no yes i we you he she it they our your my me us this that these those all any
    show find get give list need want see there data today now information per
"""
STOP: Final = frozenset(_STOP.split())
# Words for a kind of thing: they prefer it, and need not be found.
KINDS: Final = {
    **dict.fromkeys(("tabela", "tabelas", "table", "tables", "dataset"), "table"),
    **dict.fromkeys(("coluna", "colunas", "campo", "campos", "column", "columns", "field", "fields"), "column"),
    **dict.fromkeys(("tarefa", "tarefas", "etapa", "task", "tasks", "step"), "task"),
    **dict.fromkeys(("pipeline", "pipelines", "maquina", "machine"), "pipeline"),
    **dict.fromkeys(("arquivo", "arquivos", "csv", "csvs", "file", "files"), "file"),
}


def folded(text: str) -> str:
    """Return a text without accents and case."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def words(text: str) -> list[str]:
    """Return the words of a text, or of a name in snake_case or CamelCase, in lower case and with their accents.

    >>> words("StateMachine_DAG_gold, preço")
    ['state', 'machine', 'dag', 'gold', 'preço']
    """
    return [word.lower() for word in _WORD.findall(_HUMP.sub(" ", unicodedata.normalize("NFC", text)))]


def telling(text: str) -> list[str]:
    """Return the words of a text that say something of what it is about; all of them where none does."""
    found = words(text)
    return [word for word in found if folded(word) not in STOP] or found


@cache
def stems(word: str) -> tuple[str, ...]:
    """Return what a word is compared by beside itself: its stems in either language, without accents.

    Accents decide where a Portuguese ending begins, and people leave them out: both spellings are stemmed.

    >>> set(stems("cotações")) & set(stems("cotacao"))
    {'cotaca'}
    """
    portuguese, english = _stemmers()
    bare = folded(word)
    singular = next((bare.removesuffix(many) + one for many, one in _PLURALS if bare.endswith(many)), bare)
    # Most words are spelt in one way, and stemming them is what an index takes its time for.
    found = [folded(portuguese.stemWord(spelt)) for spelt in dict.fromkeys((word, bare, singular))]
    return tuple(dict.fromkeys((*found, english.stemWord(bare))))


@cache
def _stemmers() -> "Sequence[Any]":
    import snowballstemmer  # type: ignore[import-untyped]

    return snowballstemmer.stemmer("portuguese"), snowballstemmer.stemmer("english")
