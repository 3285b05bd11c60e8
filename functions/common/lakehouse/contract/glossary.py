"""The business glossary: what the words of the business mean, and by which other words people look for them.

It is ``glue/contracts/glossario.yaml``, beside the contracts, whose tables and columns name its terms as their
``authoritativeDefinitions``.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from lakehouse.contract.odcs import Node, read
from lakehouse.errors import ContractError

FILE: Final = "glossario.yaml"
_PAIR: Final = 2


@dataclass(frozen=True)
class Term:
    """A term of the business.

    Attributes
    ----------
    id : str
        By which contracts name it.
    name, english, definition : str
        The name in Portuguese and in English; what it is, in Portuguese.
    synonyms : tuple of str
        Further words for it, in either language.
    classification : str
        The classification whose columns are all of this term; empty for most.
    everywhere : bool
        Whether every table has it.
    """

    id: str
    name: str
    english: str
    definition: str
    synonyms: tuple[str, ...]
    classification: str
    everywhere: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """Everything that it is called."""
        return (self.name, self.english, *self.synonyms)


@cache
def terms() -> dict[str, Term]:
    """Return the terms by their ids, in the order of the file.

    Raises
    ------
    ContractError
        The file cannot be read, or has a term twice.
    """
    found = parse(_text())
    return {term.id: term for term in found}


@cache
def words() -> tuple[tuple[str, ...], ...]:
    """Return words that are no terms of the business, each with those that people say instead of it.

    Raises
    ------
    ContractError
        The file cannot be read, or has a word by itself.
    """
    return parse_words(_text())


def parse(text: str) -> tuple[Term, ...]:
    """Return the terms of a glossary from its YAML; raise `ContractError` where it lacks something."""
    found = tuple(map(_term, read(text).nodes("terms")))
    twice = [name for name, times in Counter(term.id for term in found).items() if times > 1]
    if twice:
        raise ContractError(f"{FILE} has the term {', '.join(twice)} twice")
    return found


def parse_words(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the words of a glossary from its YAML; raise `ContractError` where one stands by itself."""
    groups = read(text).mapping.get("words", ())
    if not isinstance(groups, list | tuple):
        raise ContractError(f"'words' of {FILE} must be a list")
    for number, group in enumerate(groups, 1):
        if not isinstance(group, list) or not all(isinstance(each, str) for each in group) or len(set(group)) < _PAIR:
            raise ContractError(f"'words' of {FILE}, entry {number}, must be a list of two texts or more")
    return tuple(map(tuple, groups))


def _text() -> str:
    return resources.files("contracts").joinpath(FILE).read_text("utf-8")


def _term(node: Node) -> Term:
    node = node.called(f"term '{node.text('id')}'")
    synonyms = node.mapping.get("synonyms", ())
    if not isinstance(synonyms, list | tuple) or not all(isinstance(each, str) for each in synonyms):
        raise ContractError(
            f"'synonyms' of {node.where} must be a list of texts; put what YAML takes for else in quotes"
        )
    return Term(
        id=node.text("id"),
        name=node.text("name"),
        english=node.text("english"),
        definition=node.text("definition"),
        synonyms=tuple(synonyms),
        classification=str(node.mapping.get("classification", "")),
        everywhere=bool(node.mapping.get("everywhere", False)),
    )
