"""The index of the search: which word is where, and what it is worth. The portal has the same one, as JSON.

Everything that needs a language is worked out here, once: words, their stems, the glossary's labels, and where each
term is. Asking it (`cli.finding.ranking`, portal/src/search/ranking.ts) is then a matter of whole numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from cli.finding import words as language
from cli.finding.entries import COLUMN, KINDS, TABLE, Entry
from cli.finding.words import folded, stems, telling, words
from lakehouse.contract.glossary import Term
from lakehouse.lake import layout

# Where a word or term may stand, and what it is worth there.
WORTH: Final = {"name": 8, "label": 8, "term": 9, "tag": 5, "description": 4, "other": 2, "above": 2}
FIELDS: Final = tuple(WORTH)
# An entry of a kind counts so much, in per cent: a column repeats the words of its table, a file those of all.
KIND: Final = {"table": 125, "pipeline": 105, "task": 105, "file": 90, "column": 100}
_OF_FILE: Final = 60
# Governance's own tables are of runs and costs, which is seldom what a word of the business means.
_OF_GOVERNANCE: Final = 75
# What a table's owner is worth to a question for owners.
_EVERYWHERE: Final = "other"


def index_of(entries: Sequence[Entry], terms: Iterable[Term], alike: Iterable[Sequence[str]] = ()) -> dict[str, Any]:
    """Return the index of entries.

    Parameters
    ----------
    entries : sequence of Entry
    terms : iterable of Term
        The glossary.
    alike : iterable of sequence of str
        Words that people say instead of each other, and that are no terms: they are found where one of them is written.

    Returns
    -------
    dict
        ``SearchIndex`` of portal/src/document.ts: JSON, of whole numbers and texts. ``words`` has each word with its
        stems and ``[entry, field]`` pairs; ``terms`` each term with the words of its labels and such pairs.
    """
    ordered = sorted(entries, key=lambda entry: (KINDS.index(entry.kind), entry.where))
    glossary = [*terms, *map(_term_of, alike)]
    labels = [[_words(label) for label in term.labels] for term in glossary]
    found: dict[str, dict[int, int]] = {}
    spelt: dict[str, str] = {}
    for number, entry in enumerate(ordered):
        for field, text in _texts(entry):
            for word in words(text):
                bare = folded(word)
                spelt[bare] = _accented(spelt.get(bare), word)
                _best(found.setdefault(bare, {}), number, FIELDS.index(field))
    for term in glossary:
        for label in term.labels:
            for word in telling(label):
                spelt[folded(word)] = _accented(spelt.get(folded(word)), word)
                found.setdefault(folded(word), {})
    holders, terms_of = _holders(ordered), _terms_of(labels)
    places = [_places(term, its, ordered, holders) for term, its in zip(glossary, labels, strict=True)]
    return {
        "entries": [
            {
                "kind": entry.kind,
                "where": entry.where,
                "id": entry.id,
                "percent": _percent(entry),
                "names": [_name(text, terms_of) for text in (entry.name, entry.label) if text],
            }
            for entry in ordered
        ],
        "fields": list(FIELDS),
        "worth": list(WORTH.values()),
        "words": {
            word: {"stems": list(stems(spelt[word])), "in": sorted(map(list, found[word].items()))}
            for word in sorted(found)
        },
        "terms": [
            {"id": term.id, "name": term.name, "labels": its, "in": sorted(map(list, where.items()))}
            for term, its, where in zip(glossary, labels, places, strict=True)
        ],
        "stop": sorted(language.STOP),
        "kinds": dict(sorted(language.KINDS.items())),
    }


def _term_of(words_: Sequence[str]) -> Term:
    name, other, *more = words_
    return Term("", name, other, "", tuple(more), "", everywhere=False)


def _percent(entry: Entry) -> int:
    if entry.id.startswith(f"{layout.GOVERNANCE_DATABASE}."):
        return _OF_GOVERNANCE
    return _OF_FILE if entry.is_file and entry.kind == COLUMN else KIND[entry.kind]


def _texts(entry: Entry) -> Iterable[tuple[str, str]]:
    yield "name", entry.name
    yield "label", entry.label
    yield "tag", " ".join(entry.tags)
    yield "description", entry.description
    yield "other", entry.other
    yield "above", " ".join(entry.above)


def _words(label: str) -> list[str]:
    return list(dict.fromkeys(map(folded, telling(label))))


def _accented(known: str | None, word: str) -> str:
    """Return the spelling with accents, where one of two has them: by it a word is stemmed."""
    return max(filter(None, (known, word)), key=lambda each: (each != folded(each), each))


def _best(places: dict[int, int], entry: int, field: int) -> None:
    worth = list(WORTH.values())
    if entry not in places or worth[field] > worth[places[entry]]:
        places[entry] = field


def _places(
    term: Term, labels: Sequence[Sequence[str]], entries: Sequence[Entry], holders: Mapping[str, set[int]]
) -> dict[int, int]:
    """Return where a term is: on entries that name it, on their columns, and on those whose texts have a label."""
    places: dict[int, int] = {}
    for number, entry in enumerate(entries):
        if term.id in entry.terms or (
            term.classification and entry.kind == COLUMN and term.classification in entry.tags
        ):
            _best(places, number, FIELDS.index("term"))
        if term.id in entry.above_terms:
            _best(places, number, FIELDS.index("above"))
        if term.everywhere and entry.kind == TABLE:
            _best(places, number, FIELDS.index(_EVERYWHERE))
    for label in labels:
        having = [set().union(*(holders.get(form, ()) for form in _forms(word))) for word in label]
        for number in set.intersection(*having):
            for field, text in _texts(entries[number]):
                if _within(label, text):
                    _best(places, number, FIELDS.index(field))
    return places


def _holders(entries: Sequence[Entry]) -> dict[str, set[int]]:
    """Return the entries that have a word, in any of its forms, in any of their texts."""
    holders: dict[str, set[int]] = {}
    for number, entry in enumerate(entries):
        for _, text in _texts(entry):
            for form in _forms(text):
                holders.setdefault(form, set()).add(number)
    return holders


def _within(label: Sequence[str], text: str) -> bool:
    """Return whether a text has every word of a label, in some form."""
    there = _forms(text)
    return all(not there.isdisjoint(_forms(word)) for word in label)


@cache
def _forms(text: str) -> frozenset[str]:
    """Return the words of a text and their stems."""
    return frozenset(form for word in words(text) for form in (folded(word), *stems(word)))


def _name(text: str, terms_of: Mapping[str, Sequence[tuple[int, Sequence[str]]]]) -> dict[str, Any]:
    """Return the words of a name, each with the terms that cover it: those with a label that is in the name."""
    bare = _words(text)
    covers: list[list[int]] = []
    for word in bare:
        near = (pair for form in _forms(word) for pair in terms_of.get(form, ()))
        covers.append(sorted({term for term, label in near if _within(label, text)}))
    return {"words": bare, "terms": covers}


def _terms_of(labels: Sequence[Sequence[Sequence[str]]]) -> dict[str, list[tuple[int, Sequence[str]]]]:
    """Return the labels that have a word, in any of its forms, each with the number of its term."""
    found: dict[str, list[tuple[int, Sequence[str]]]] = {}
    for term, its in enumerate(labels):
        for label in its:
            for form in {form for word in label for form in _forms(word)}:
                found.setdefault(form, []).append((term, label))
    return found
