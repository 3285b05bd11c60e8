"""The value by which a person is sought: compared without regard to case, accents, spaces or punctuation. Pure.

A number (CPF, CNPJ, telephone) is compared by its digits. What is unmistakable, which is an e-mail address, a number or
a login, is found inside longer texts too; a name only where it is the whole value, unless that is asked for.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cli.errors import UsageError
from lakehouse.engine.arrays import Mask, holds
from lakehouse.engine.keys import flat
from lakehouse.personal.masking import masked

# What stands in place of a value that is erased where a text has to stand.
ERASED: Final = "ELIMINADO"

_LEAST: Final = 3
_SPACES: Final = "[\t-\r\x1c- ]+"
_DROPPED: Final = frozenset({"Mn", "Cf"})
# What people write between the digits of a number.
_BETWEEN: Final = r"[\s.\-/()+]"
_DIGITS: Final = 8
_CPF: Final = re.compile(r"\d{3}\.\d{3}\.\d{3}-\d{2}")
_CNPJ: Final = re.compile(r"[0-9a-z]{2}\.?[0-9a-z]{3}\.?[0-9a-z]{3}/?[0-9a-z]{4}-?\d{2}")
_DIGITS_OF_CNPJ: Final = 6
_EMAIL: Final = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[a-z]{2,}")
_LOGIN: Final = re.compile(r"[a-z]+([._][a-z0-9]+)+")
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
_BRAZIL: Final = "55"
_NATIONAL: Final = (10, 11)


class Sought:
    """A value that is looked for.

    Parameters
    ----------
    value : str
        As somebody wrote it.
    within : bool
        Whether it is also found as whole words of a longer text, whatever it is.

    Raises
    ------
    UsageError
        It is too short to be anybody's.
    """

    def __init__(self, value: str, *, within: bool = False) -> None:
        self._text = folded(value)
        if sum(each.isalnum() for each in self._text) < _LEAST:
            raise UsageError(
                f"the value has fewer than {_LEAST} letters or digits: it would be found nearly everywhere",
                "Give a whole login, name, e-mail address, CPF, CNPJ or telephone number.",
            )
        self._codes = _codes(self._text)
        self._least = min(map(len, (self._text.encode(), *self._codes)))
        self._always = within

    def __repr__(self) -> str:
        """Return what may be shown: nothing of the value."""
        return "Sought(...)"

    @cached_property
    def is_unmistakable(self) -> bool:
        """Whether it is an e-mail address, a number or a login, which means nothing else inside a longer text."""
        return bool(self._codes or _EMAIL.fullmatch(self._text) or _LOGIN.fullmatch(self._text))

    def equal(self, values: pa.Array) -> Mask:
        """Return which of some texts are this value, shape (n,); NULL is none."""
        return self._judged(values, within=False)

    def found(self, values: pa.Array) -> Mask:
        """Return which of some texts are this value or, where that may be, have it within, shape (n,)."""
        return self._judged(values, within=self.is_unmistakable or self._always)

    def mentioned(self, values: pa.Array) -> Mask:
        """Return which of some texts have this value as whole words, whatever it is, shape (n,)."""
        return self._judged(values, within=True)

    def loosely_in(self, texts: pa.Array) -> Mask:
        """Return which of some long texts may have it, without looking where its words end, shape (n,)."""
        folded_texts = _folded(texts, self._least)
        mask = np.zeros(len(texts), bool)
        for pattern in self._loose:
            mask |= holds(pc.match_substring_regex(folded_texts, pattern))
        return mask

    def is_in(self, text: str) -> bool:
        """Return whether a text is this value or, where that may be, has it within."""
        return bool(self.found(pa.array([text], pa.string()))[0])

    def is_equal(self, text: str) -> bool:
        """Return whether a text is this value, and nothing else."""
        return bool(self.equal(pa.array([text], pa.string()))[0])

    def is_mentioned(self, text: str) -> bool:
        """Return whether a text has this value as whole words, whatever it is."""
        return any(True for _ in self._places(text))

    def may_be_in(self, text: str) -> bool:
        """Return False where no part of a long text can have it; quick, and sometimes True for nothing."""
        if not text.isascii():
            text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
            if not self._text.isascii():
                return True
            text = _NOT_ASCII.sub("", text)
        text = text.lower()
        return any(pattern.search(text) for pattern in self._loosely)

    def without(self, text: str) -> str:
        """Return a text in which this value was replaced: all of it, or the words where it is within."""
        places = list(self._places(text))
        for start, end in reversed(places):
            text = text[:start] + ERASED + text[end:]
        return text

    def masked(self, text: str) -> str:
        """Return how this value is written in a text, of each word the first letter alone, of numbers nothing."""
        start, end = next(self._places(text), (0, len(text)))
        return masked(text[start:end])

    def _judged(self, values: pa.Array, *, within: bool) -> Mask:
        """Fold each distinct value once."""
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        distinct = flat(encoded.dictionary.cast(pa.string()))
        if not len(distinct):
            return np.zeros(len(values), bool)
        matches = self._within(distinct) if within else self._equal(distinct)
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        found: Mask = np.append(matches, False)[codes]
        return found

    def _equal(self, distinct: pa.Array) -> Mask:
        folded_values = _folded(distinct, self._least)
        mask = holds(pc.equal(folded_values, self._text))
        for code in self._codes:
            bare = pc.replace_substring_regex(folded_values, _BETWEEN.replace(r"\s", " "), "")
            mask |= holds(pc.equal(bare, code))
        return mask

    def _within(self, distinct: pa.Array) -> Mask:
        mask = self.loosely_in(distinct)
        # Where a word ends is looked at where it may be found at all.
        for row in np.flatnonzero(mask).tolist():
            mask[row] = self.is_mentioned(distinct[row].as_py())
        return mask

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where this value is in a text, as it is written there."""
        words, origin = _with_places(text)
        for start, end in self._places_in(words):
            after = origin[end - 1] + 1
            # An accent that is a character of its own belongs to the letter before it.
            while after < len(text) and unicodedata.category(text[after]) in _DROPPED:
                after += 1
            yield origin[start], after

    def _places_in(self, words: str) -> Iterator[tuple[int, int]]:
        """Yield where this value is in a folded text, from left to right, without overlaps."""
        found = sorted({match.span() for pattern in self._patterns for match in pattern.finditer(words)})
        last = 0
        for start, end in found:
            if start >= last:
                yield start, end
                last = end

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        word = re.escape(self._text)
        before, after = r"(?<![\w.%+@-])", r"(?![\w@]|[.-]\w)"
        if not (_EMAIL.fullmatch(self._text) or _LOGIN.fullmatch(self._text)):
            before, after = r"(?<!\w)", r"(?!\w)"
        codes = [f"(?<![0-9a-z]){_spread(code)}(?![0-9a-z])" for code in self._codes]
        return [re.compile(pattern) for pattern in (f"{before}{word}{after}", *codes)]

    @cached_property
    def _loose(self) -> list[str]:
        return [re.escape(self._text), *map(_spread, self._codes)]

    @cached_property
    def _loosely(self) -> list[re.Pattern[str]]:
        """Patterns of the words with any white space between them, and of the numbers, wherever they end."""
        words = r"\s+".join(map(re.escape, self._text.split(" ")))
        return [re.compile(pattern) for pattern in (words, *map(_spread, self._codes))]


def folded(text: str) -> str:
    """Return a text as it is compared: small letters without accents, one space between words."""
    return _with_places(text)[0]


def _codes(text: str) -> tuple[str, ...]:
    """Return the digits of a number, in each form in which it may be written; none where it is no number."""
    code = re.sub(_BETWEEN, "", text)
    if code.isascii() and code.isdigit() and len(code) >= _DIGITS:
        return (code, *([] if _CPF.fullmatch(text) or "/" in text else _telephones(text, code)))
    if _CNPJ.fullmatch(text) and sum(each.isdigit() for each in code) >= _DIGITS_OF_CNPJ:
        return (code,)
    return ()


def _telephones(text: str, code: str) -> list[str]:
    """Return the digits of a telephone number with Brazil's country code, or without it."""
    national = code.removeprefix(_BRAZIL)
    if code.startswith(_BRAZIL) and len(national) in _NATIONAL:
        return [national]
    return [] if text.startswith("+") or len(code) not in _NATIONAL else [_BRAZIL + code]


def _spread(code: str) -> str:
    """Return a pattern of a number with anything that people write between digits."""
    return f"{_BETWEEN}*".join(map(re.escape, code))


@lru_cache(maxsize=4096)
def _folded_character(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(each for each in decomposed if unicodedata.category(each) not in _DROPPED)


def _with_places(text: str) -> tuple[str, list[int]]:
    """Return a folded text, and from which character of the text each of its characters comes."""
    characters: list[str] = []
    origin: list[int] = []
    for place, character in enumerate(text):
        for each in character.lower() if character.isascii() else _folded_character(character):
            if each.isspace():
                if not characters or characters[-1] == " ":
                    continue
                each = " "  # noqa: PLW2901 - any white space is one space
            characters.append(each)
            origin.append(place)
    if characters and characters[-1] == " ":
        characters.pop()
        origin.pop()
    return "".join(characters), origin


def _folded(distinct: pa.Array, least: int) -> pa.Array:
    """Fold texts, shape (n,); those that are too short to have ``least`` bytes left become NULL."""
    is_ascii = pc.string_is_ascii(distinct)
    long_enough = pc.greater_equal(pc.binary_length(distinct), least)
    wanted = pc.if_else(pc.or_(pc.invert(is_ascii), long_enough), distinct, None)
    spaced = pc.replace_substring_regex(pc.ascii_lower(wanted), _SPACES, " ")
    plain = pc.ascii_trim(spaced, characters=" ")
    others = np.flatnonzero(~holds(is_ascii))
    if not len(others):
        return plain
    texts = [None if text is None else folded(text) for text in distinct.take(pa.array(others)).to_pylist()]
    return pc.replace_with_mask(plain, pc.invert(pc.fill_null(is_ascii, True)), pa.array(texts, pa.string()))
