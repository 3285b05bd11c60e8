"""Asking the index: what is found, best first, and why. portal/src/search/ranking.ts is the same, line by line.

A word that is asked for is found as it is, by its stem, or else by its beginning or mistyped; words that are together a
label of the glossary are found wherever its term is. An entry counts for each word the most that one of these gives,
and more the rarer the word is; then, how many of the words it has, how much of its name they are, and its kind. All of
it in whole numbers, so that two programs agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cli.finding.words import folded, stems, words

# How near a word is to the one that was asked for, in per cent.
SAME, STEM, BEGINNING, TYPO, TYPOS = 100, 92, 65, 60, 45
# A label of several words says more than one word for another.
LABEL, LABELS = 88, 100
HOW: Final = {SAME: "same", STEM: "stem", BEGINNING: "beginning", TYPO: "typo", TYPOS: "typo"}
# From so many letters on a word may be the beginning of another, have one letter wrong, or two.
_BEGINS, _ONE, _TWO = 3, 4, 8
_NAMED: Final = 60
_PREFERRED: Final = 150
_WHOLE: Final = 1_000_000_000
# What has less than this part of the best one's points is not what was meant, in per cent.
_LEAST: Final = 12


@dataclass(frozen=True)
class Why:
    """Why an entry was found: a word that was asked for, and what it met.

    Attributes
    ----------
    asked : str
    found : str
        The word of the entry, or the term of the glossary.
    how : {'same', 'stem', 'beginning', 'typo', 'glossary'}
    field : str
        Where it stands: ``name``, ``label`` (what people call it), ``term``, ``tag``, ``description``, ``other``,
        ``above`` (the table of a column).
    """

    asked: str
    found: str
    how: str
    field: str


@dataclass(frozen=True)
class Found:
    """An entry that was found.

    Attributes
    ----------
    entry : int
        Its number in the index.
    points : int
    why : tuple of Why
        One for each word that was asked for and that it has, in the order of the question.
    """

    entry: int
    points: int
    why: tuple[Why, ...]


@dataclass(frozen=True)
class Answer:
    """What is found by a question.

    Attributes
    ----------
    found : tuple of Found
        Best first.
    unknown : tuple of str
        The words that are nowhere.
    """

    found: tuple[Found, ...]
    unknown: tuple[str, ...]


class Search:
    """An index that can be asked.

    Parameters
    ----------
    index : mapping
        As `cli.finding.index.index_of` makes it.
    """

    def __init__(self, index: Mapping[str, Any]) -> None:
        self._index = index
        self._of_stem: dict[str, list[str]] = {}
        for word, its in index["words"].items():
            for stem in its["stems"]:
                self._of_stem.setdefault(stem, []).append(word)
        self._stop = set(index["stop"])
        self._whole = {
            folded(name): number for number, each in enumerate(index["entries"]) for name in (each["where"], each["id"])
        }

    def __call__(self, question: str, *, all_of_it: bool = False) -> Answer:
        """Return what is found by a question; ``all_of_it`` without leaving out what has few points."""
        asked, preferred = self._asked(question)
        near = [self._near(word) for word in asked]
        terms = self._terms(near)
        best = [self._best(number, word, near[number], terms) for number, word in enumerate(asked)]
        entries = self._index["entries"]
        weights = [(len(entries) // len(each)).bit_length() if each else 0 for each in best]
        total = sum(weights)
        named = {word for each in near for word in each}
        whole = self._whole.get(folded(question.strip()))
        found = []
        for number in sorted({entry for each in best for entry in each} | ({whole} if whole is not None else set())):
            entry = entries[number]
            points = sum(weight * each[number][0] for weight, each in zip(weights, best, strict=True) if number in each)
            met = sum(weight for weight, each in zip(weights, best, strict=True) if number in each)
            covered = met * 100 // total if total else 0
            points = points * covered * covered // 10_000
            points = points * (100 + _NAMED * _share(entry["names"], named, terms) // 100) // 100
            points = points * entry["percent"] * (_PREFERRED if entry["kind"] in preferred else 100) // 10_000
            if number == whole:
                points += _WHOLE
            found.append(Found(number, points, tuple(each[number][1] for each in best if number in each)))
        found.sort(key=lambda each: (-each.points, each.entry))
        least = 0 if all_of_it or not found else found[0].points * _LEAST // 100
        unknown = tuple(word for word, each in zip(asked, best, strict=True) if not each)
        return Answer(tuple(each for each in found if each.points and each.points >= least), unknown)

    def _asked(self, question: str) -> tuple[list[str], set[str]]:
        """Return the words that have to be found, with their accents, and the kinds that are preferred."""
        said = list(dict.fromkeys(words(question)))
        told = [word for word in said if folded(word) not in self._stop] or said
        kinds = {word: self._index["kinds"].get(folded(word)) for word in told}
        rest = [word for word in told if kinds[word] is None]
        return (rest, {kind for kind in kinds.values() if kind}) if rest else (told, set())

    def _near(self, word: str) -> dict[str, int]:
        """Return the words of the index that a word is taken for, each with how near it is."""
        bare, known = folded(word), self._index["words"]
        near = {other: STEM for stem in stems(word) for other in self._of_stem.get(stem, ())}
        if bare in known:
            near[bare] = SAME
        if near:
            return near
        if len(bare) >= _BEGINS:
            near = {other: BEGINNING for other in known if other.startswith(bare)}
        return near or _mistyped(bare, known)

    def _terms(self, near: Sequence[Mapping[str, int]]) -> dict[int, dict[int, int]]:
        """Return the terms that the question has a label of: for each, how near its words are, by their numbers."""
        found: dict[int, dict[int, int]] = {}
        for number, term in enumerate(self._index["terms"]):
            for label in term["labels"]:
                meets = [{n: each[word] for n, each in enumerate(near) if word in each} for word in label]
                if label and all(meets):
                    nearness = min(max(each.values()) for each in meets) * (LABEL if len(label) == 1 else LABELS) // 100
                    its = found.setdefault(number, {})
                    for n in {n for each in meets for n in each}:
                        its[n] = max(its.get(n, 0), nearness)
        return found

    def _best(
        self, number: int, asked: str, near: Mapping[str, int], terms: Mapping[int, Mapping[int, int]]
    ) -> dict[int, tuple[int, Why]]:
        """Return the entries that have a word: for each the most that it gives, and by what."""
        worth, fields = self._index["worth"], self._index["fields"]
        best: dict[int, tuple[int, Why]] = {}
        for word, nearness in near.items():
            for entry, field in self._index["words"][word]["in"]:
                points = worth[field] * nearness
                if entry not in best or _key(points, word) > _key(best[entry][0], best[entry][1].found):
                    best[entry] = points, Why(asked, word, HOW[nearness], fields[field])
        for each, its in terms.items():
            term = self._index["terms"][each]
            for entry, field in term["in"] if number in its else ():
                points = worth[field] * its[number]
                if entry not in best or points > best[entry][0]:
                    best[entry] = points, Why(asked, term["name"], "glossary", fields[field])
        return best


def _key(points: int, word: str) -> tuple[int, int, str]:
    return points, -len(word), word


def _mistyped(word: str, known: Mapping[str, Any]) -> dict[str, int]:
    """Return the words that have a letter more, less, another or two exchanged; two such where a word is long."""
    from rapidfuzz.distance import OSA

    most = 0 if len(word) < _ONE else 1 if len(word) < _TWO else 2
    far = {
        other: OSA.distance(word, other, score_cutoff=most) for other in known if abs(len(other) - len(word)) <= most
    }
    nearest = min(far.values(), default=0)
    if not most or nearest > most:
        return {}
    return {other: TYPO if nearest == 1 else TYPOS for other, distance in far.items() if distance == nearest}


def _share(names: Sequence[Mapping[str, Any]], near: set[str], terms: Mapping[int, Any]) -> int:
    """Return how much of one of its names the question has, in per cent."""
    shares = [0]
    for name in names:
        covered = zip(name["words"], name["terms"], strict=True)
        met = [word in near or any(term in terms for term in its) for word, its in covered]
        shares.append(sum(met) * 100 // len(met) if met else 0)
    return max(shares)
