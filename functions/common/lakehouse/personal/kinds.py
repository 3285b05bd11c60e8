"""The kinds of personal and confidential values, and which values are of one. Vectorised, on distinct values.

There are patterns of its own, since presidio and datahub-classify come with language models of hundreds of megabytes,
for which a Lambda with the AWS SDK for pandas layer has no room, and neither knows CPF and CNPJ.

A value of a kind is told by its check digits where it has any, by how it is written, or by words (`names`). Bare digits
without punctuation are told only where they are the whole value, and only where most numbers of that length in the
column pass: one in a hundred has the check digits of a CPF by chance, and one in ten those of a card.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.engine.arrays import Mask, holds, is_text
from lakehouse.engine.keys import flat
from lakehouse.personal.names import GIVEN, NO_PERSON, PARTICLES, SURNAMES

Weights = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
_Digits = npt.NDArray[np.int64]

PII: Final = "PII"
CONFIDENTIAL: Final = "confidential"

# Of a longer text only the beginning is looked at.
LONGEST: Final = 2_000
_BETWEEN: Final = "\x1f"

_CPF_WEIGHTS: Final = (np.arange(10, 1, -1), np.arange(11, 1, -1))
_CNPJ_WEIGHTS: Final = (
    np.array([*range(5, 1, -1), *range(9, 1, -1)]),
    np.array([*range(6, 1, -1), *range(9, 1, -1)]),
)
_FIRST_WEIGHT_OF_RG: Final = 2
_TEN: Final = 10


class Texts(NamedTuple):
    """Distinct values, as detectors look at them.

    Attributes
    ----------
    written : pa.Array of string, shape (n,)
    folded : pa.Array of string, shape (n,)
        The same in small letters of ASCII.
    """

    written: pa.Array
    folded: pa.Array

    @classmethod
    def of(cls, values: pa.Array) -> "Texts":
        """Return values folded, all at once: letter by letter in Python would take most of a scan."""
        written = pc.utf8_slice_codeunits(values, 0, LONGEST)
        if not len(written) or pc.all(pc.string_is_ascii(written)).as_py():
            return cls(written, pc.ascii_lower(written))
        joined = _BETWEEN.join(pc.replace_substring(written, _BETWEEN, " ").to_pylist())
        plain = unicodedata.normalize("NFKD", joined).encode("ascii", "ignore").decode().lower()
        return cls(written, pa.array(plain.split(_BETWEEN), pa.string()))

    def take(self, rows: npt.NDArray[np.int64]) -> "Texts":
        """Return some of them."""
        chosen = pa.array(rows)
        return Texts(self.written.take(chosen), self.folded.take(chosen))


@dataclass(frozen=True)
class Kind:
    """One kind of personal value.

    Attributes
    ----------
    name : str
        What it is, in Portuguese.
    classification : str
        The classification that a contract should give such a column.
    matches : callable
        Takes `Texts`, shape (n,), and returns a boolean mask, shape (n,).
    least : int
        How many values of a column have to be of it, fewer where they are `share` of the column, for it to be told.
    share : float
    among : callable or None
        Which values are written as the kind is; where given, half of these have to be of it, and `least` of them.
    """

    name: str
    classification: str
    matches: Callable[[Texts], Mask]
    least: int = 1
    share: float = 0.05
    among: Callable[[Texts], Mask] | None = None

    def told(self, matched: int, written_so: int, examined: int) -> bool:
        """Return whether a column has values of this kind.

        Parameters
        ----------
        matched, written_so, examined : int
            How many values are of it, are written as it is, and were looked at at all.
        """
        if self.among is not None:
            return matched >= self.least and 2 * matched >= written_so
        return matched >= self.least or (matched > 0 and matched >= self.share * examined)


def _pattern(regex: str, exclude: str = "", needs: str = "") -> Callable[[Texts], Mask]:
    """Return a test of folded values: ``regex`` matches and ``exclude`` does not; ``needs`` is quick to find."""

    def matches(texts: Texts) -> Mask:
        rows = np.flatnonzero(holds(pc.match_substring(texts.folded, needs))) if needs else np.arange(len(texts.folded))
        folded = texts.folded.take(pa.array(rows)) if needs else texts.folded
        found = holds(pc.match_substring_regex(folded, regex))
        if exclude and found.any():
            found &= ~holds(pc.match_substring_regex(folded, exclude))
        mask = np.zeros(len(texts.folded), bool)
        mask[rows[found]] = True
        return mask

    return matches


def _numbers(shape: str, length: int, valid: Callable[[_Digits], Mask]) -> Callable[[Texts], Mask]:
    """Return a test of the first number of a shape in folded values: ``shape`` has a group ``n``.

    Letters count as their capital's ASCII code minus 48, as in the alphanumeric CNPJ (Receita Federal, IN RFB
    2.229/2024).
    """

    def matches(texts: Texts) -> Mask:
        number = pc.struct_field(pc.extract_regex(texts.folded, shape), "n")
        mask: Mask = np.asarray(number.is_valid().to_numpy(zero_copy_only=False), bool)
        if not mask.any():
            return mask
        characters = pc.ascii_upper(pc.replace_substring_regex(number.drop_null(), r"[^0-9a-z]", ""))
        text = np.asarray(characters.to_numpy(zero_copy_only=False), f"S{length}")
        digits = text.view(np.uint8).reshape(-1, length).astype(np.int64) - ord("0")
        # 111.111.111-11 passes the arithmetic, but is never issued.
        mask[np.flatnonzero(mask)] = valid(digits) & (digits != digits[:, :1]).any(axis=1)
        return mask

    return matches


def _modulo_11(weights: Weights) -> Callable[[_Digits], Mask]:
    """Return a test of the two check digits at a number's end."""

    def valid(digits: _Digits) -> Mask:
        right = np.ones(len(digits), bool)
        for weight in weights:
            rest = (digits[:, : len(weight)] * weight).sum(axis=1) % 11
            right &= digits[:, len(weight)] == np.where(rest < 2, 0, 11 - rest)
        return right

    return valid


def _of_sao_paulo(digits: _Digits) -> Mask:
    """Return which numbers of identity cards have São Paulo's check character, X for ten."""
    weights = np.arange(_FIRST_WEIGHT_OF_RG, digits.shape[1] + 1)
    check = -(digits[:, :-1] * weights).sum(axis=1) % 11
    ten = ord("X") - ord("0")
    right: Mask = digits[:, -1] == np.where(check == _TEN, ten, check)
    return right


def _luhn(digits: _Digits) -> Mask:
    """Return which numbers of cards pass Luhn's check, and begin as cards do."""
    doubled = digits[:, -2::-2] * 2
    sums = digits[:, -1::-2].sum(axis=1) + np.where(doubled > 9, doubled - 9, doubled).sum(axis=1)
    right: Mask = (sums % 10 == 0) & np.isin(digits[:, 0], [2, 3, 4, 5, 6])
    return right


def _any(*tests: Callable[[Texts], Mask]) -> Callable[[Texts], Mask]:
    """Return a test that any of several passes."""

    def matches(texts: Texts) -> Mask:
        mask = np.zeros(len(texts.folded), bool)
        for test in tests:
            mask |= test(texts)
        return mask

    return matches


def _with_digits(least: int, test: Callable[[Texts], Mask]) -> Callable[[Texts], Mask]:
    """Return a test of the values with at least so many digits alone, which are few in most columns of text."""
    digits = _pattern(rf"(?:[0-9x][^0-9]{{0,6}}?){{{least}}}")

    def matches(texts: Texts) -> Mask:
        mask = digits(texts)
        rows = np.flatnonzero(mask)
        if len(rows):
            mask[rows] = test(texts.take(rows))
        return mask

    return matches


def _is_name(texts: Texts) -> Mask:
    """Return which values have a given name with a surname after it, at most two words or particles between.

    Capital letters do not matter, as systems export names in capitals. A short text with a word of `NO_PERSON` is the
    name of something else.
    """
    # What is joined by a point or an at sign is a login or an address of a mailbox, which are kinds of their own.
    plain = pc.replace_substring_regex(pc.replace_substring(texts.folded, "'", ""), r"\.( |$)", " ")
    spaced = pc.replace_substring_regex(plain, "[^a-z0-9.@_]+", " ")
    words = pc.split_pattern(pc.ascii_trim(spaced, characters=" "), " ")
    every, offsets = words.flatten(), words.offsets.to_numpy()
    counts = np.diff(offsets)
    given, surname, particle, thing = (
        holds(pc.is_in(every, value_set=_listed(words))) for words in (GIVEN, SURNAMES, PARTICLES, NO_PERSON)
    )
    initial = holds(pc.less_equal(pc.binary_length(every), 1))
    between = particle | initial | given | surname
    text_of = np.repeat(np.arange(len(counts)), counts)
    found = np.zeros(len(counts), bool)
    for gap in range(_MOST_BETWEEN + 1):
        last = gap + 1
        if len(every) <= last:
            break
        begins = given[:-last] & surname[last:] & (text_of[:-last] == text_of[last:])
        for step in range(1, last):
            begins &= between[step : step - last]
        found[text_of[:-last][begins]] = True
    of_thing = np.zeros(len(counts), bool)
    of_thing[text_of[thing]] = True
    named: Mask = found & ~(of_thing & (counts <= _SHORT))
    return named


def _name_by_shape(texts: Texts) -> Mask:
    """Return which values are two to five capitalised words that begin as a name does, or end as one."""
    shaped = np.flatnonzero(_shaped_as_name(texts))
    mask = np.zeros(len(texts.folded), bool)
    if not len(shaped):
        return mask
    words = pc.split_pattern(texts.folded.take(pa.array(shaped)), " ")
    first = pc.list_element(words, 0)
    last = pc.replace_substring_regex(texts.folded.take(pa.array(shaped)), "^.* ", "")
    thing = holds(pc.is_in(words.flatten(), value_set=_listed(NO_PERSON)))
    of_thing = np.zeros(len(shaped), bool)
    of_thing[np.repeat(np.arange(len(shaped)), np.diff(words.offsets.to_numpy()))[thing]] = True
    named = holds(pc.is_in(first, value_set=_listed(GIVEN))) | holds(pc.is_in(last, value_set=_listed(SURNAMES)))
    mask[shaped] = named & ~of_thing
    return mask


@cache
def _listed(words: frozenset[str]) -> pa.Array:
    """Return words as Arrow wants them; not at import, when the first array would import pandas."""
    return pa.array(sorted(words), pa.string())


_MOST_BETWEEN: Final = 2
_SHORT: Final = 7
_WORD: Final = r"\p{Lu}[\p{Ll}']+"


def _shaped_as_name(texts: Texts) -> Mask:
    found = pc.match_substring_regex(texts.written, rf"^{_WORD}(?: (?:d[aeo]s?|e|{_WORD})){{0,3}} {_WORD}$")
    return holds(found)


# The area codes of Brazil.
_AREA: Final = r"(?:1[1-9]|2[12478]|3[1-578]|4[1-9]|5[1345]|6[1-9]|7[134579]|8[1-9]|9[1-9])"
_END: Final = r"(?:[^0-9a-z-]|$)"
_TELEPHONE: Final = (
    r"(?:^|[^0-9a-z.+-])(?:"
    r"\+[0-9]{1,3}[ .-]?\(?[0-9]{2,3}\)?[ .-]?(?:9[ .-])?[0-9]{3,5}[ .-]?[0-9]{4}"  # +55-11-3456-7890, +5511987654321
    r"|\((?:0|0?xx)?[0-9]{2,3}\) ?(?:9[ .-])?[0-9]{3,5}[ .-]?[0-9]{4}"  # (11) 98765-4321, (0xx11) 9 8765 4321
    rf"|(?:\+?55[ .-])?(?:0xx|xx|0)?{_AREA}[ ./-](?:9[ .-]?[0-9]{{4}}|[2-5][0-9]{{3}})[ .-][0-9]{{4}}"  # 11 98765-4321
    rf"){_END}"
)
_NEAR: Final = (
    r"\b(?:tel(?:efones?|s)?|fones?|cel(?:ular)?|whats(?:app)?|wpp|zap|ligar|contato|recado)\b[^0-9]{0,16}"
    r"(?:\+?55[ .-]?)?(?:\(?0?[1-9]{2}\)?[ .-]?)?(?:9[ .-]?[0-9]{4}|[2-5][0-9]{3})[ .-]?[0-9]{4}(?:[^0-9]|$)"
)
_BARE_TELEPHONE: Final = rf"^\s*(?:55)?0?{_AREA}(?:9[0-9]{{8}}|[2-5][0-9]{{7}})\s*$"
_EMAIL: Final = r"[^@\s,;<>()]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}"
_LOGIN: Final = r"^\s*[a-z]+([._][a-z]+)?\.[a-z]{2,}[0-9]{0,3}\s*$"
# Names of files and sites, which are written like logins.
_NO_LOGIN: Final = r"\.(com|net|org|gov|edu|br|io|csv|json|parquet|pdf|txt|xml|zip|xlsx?|docx?|png|jpe?g)\s*$"
_STATE: Final = r"(?:ac|al|ap|am|ba|ce|df|es|go|ma|mt|ms|mg|pa|pb|pr|pe|pi|rj|rn|rs|ro|rr|sc|sp|se|to)"
_RG: Final = (
    r"(?:^|[^0-9a-z.])(?:"
    r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9x]"
    rf"|{_STATE}[ -]?[0-9]{{1,2}}\.[0-9]{{3}}\.[0-9]{{3}}"
    r"|(?:rg|identidade)\b[^0-9a-z]{0,4}(?:n[o.]{0,2} ?)?(?:[a-z]{2}[ -]?)?[0-9][0-9.]{5,10}-?[0-9x]?"
    rf"){_END}"
)
_STREET: Final = r"[a-z0-9][a-z0-9 .'-]{2,50}?"
_ADDRESS: Final = (
    rf"\b(?:rua|avenida|av\.?|praca|rodovia) {_STREET},? *(?:n[ro.]{{0,2}} *)?[0-9]{{1,5}}(?:[^0-9a-z]|$)"
    rf"|\b(?:r\.|alameda|al\.|travessa|tv\.|pca\.|rod\.|estrada|estr\.|largo|viela) ?{_STREET}"
    r"(?:, *(?:n[ro.]{0,2} *)?|n[ro.]{1,2} *)[0-9]{1,5}(?:[^0-9a-z]|$)"
    r"|\bcep\b[^0-9a-z]{0,3}[0-9]{2}\.?[0-9]{3}-?[0-9]{3}\b"
)
_CPF_AS_WRITTEN: Final = r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}"
_CNPJ_AS_WRITTEN: Final = r"[0-9a-z]{2}\.[0-9a-z]{3}\.[0-9a-z]{3}/[0-9a-z]{4}-[0-9]{2}"


def _within(shape: str) -> str:
    return rf"(?:^|[^0-9a-z])(?P<n>{shape})(?:[^0-9a-z]|$)"


def _near(word: str, shape: str) -> str:
    return rf"\b{word}\b[^0-9a-z]{{0,4}}(?:n[o.]{{0,2}} ?)?(?P<n>{shape})(?:[^0-9a-z]|$)"


def _whole(shape: str) -> str:
    return rf"^\s*(?P<n>{shape})\s*$"


_IS_CPF, _IS_CNPJ = _modulo_11(_CPF_WEIGHTS), _modulo_11(_CNPJ_WEIGHTS)
_CARD: Final = r"(?:[0-9]{4}[ -]){3}[0-9]{4}"
_AMEX: Final = r"3[47][0-9]{2}[ -][0-9]{6}[ -][0-9]{5}"


def _bare(name: str, classification: str, shape: str, test: Callable[[Texts], Mask], least: int) -> Kind:
    """Return the kind of values that are nothing but a number's digits."""
    return Kind(name, classification, test, least, among=_pattern(rf"^\s*{shape}\s*$"))


KINDS: Final = (
    Kind("e-mail", PII, _pattern(_EMAIL, needs="@")),
    Kind("telefone", PII, _with_digits(8, _any(_pattern(_TELEPHONE), _pattern(_NEAR))), least=2),
    _bare("telefone sem pontuação", PII, r"[0-9]{10,13}", _pattern(_BARE_TELEPHONE), 3),
    Kind(
        "CPF", PII,
        _with_digits(
            11, _any(_numbers(_within(_CPF_AS_WRITTEN), 11, _IS_CPF), _numbers(_near("cpf", "[0-9]{11}"), 11, _IS_CPF))
        ),
    ),
    _bare("CPF sem pontuação", PII, r"[0-9]{11}", _numbers(_whole("[0-9]{11}"), 11, _IS_CPF), 2),
    Kind(
        "CNPJ", CONFIDENTIAL,
        _any(
            _numbers(_within(_CNPJ_AS_WRITTEN), 14, _IS_CNPJ),
            _numbers(_near("cnpj", "[0-9a-z]{12}[0-9]{2}"), 14, _IS_CNPJ),
        ),
    ),
    _bare(
        "CNPJ sem pontuação", CONFIDENTIAL, r"[0-9a-z]{12}[0-9]{2}",
        _numbers(_whole("[0-9a-z]{12}[0-9]{2}"), 14, _IS_CNPJ), 2,
    ),
    Kind("RG", PII, _with_digits(7, _pattern(_RG)), least=2),
    _bare("RG sem pontuação", PII, r"[0-9]{8}[0-9x]", _numbers(_whole("[0-9]{8}[0-9x]"), 9, _of_sao_paulo), 3),
    Kind(
        "cartão", PII,
        _with_digits(15, _any(_numbers(_within(_CARD), 16, _luhn), _numbers(_within(_AMEX), 15, _luhn))),
    ),
    _bare("cartão sem pontuação", PII, r"[0-9]{16}", _numbers(_whole("[0-9]{16}"), 16, _luhn), 3),
    Kind("nome de pessoa", PII, _is_name, least=3),
    Kind("nome de pessoa pela forma", PII, _name_by_shape, least=3, among=_shaped_as_name),
    Kind("endereço", PII, _pattern(_ADDRESS), least=2),
    Kind("login de pessoa", PII, _pattern(_LOGIN, _NO_LOGIN), least=3),
)  # fmt: skip


def texts_of(column: pa.ChunkedArray) -> tuple[Texts, npt.NDArray[np.int64]] | None:
    """Return the distinct values of a text column, and how often each is there; None for a column of any other type."""
    if not is_text(column.type):
        return None
    counted = flat(column.cast(pa.string())).drop_null().value_counts()
    return Texts.of(counted.field("values")), counted.field("counts").to_numpy()


class Told(NamedTuple):
    """A kind that a column has values of.

    Attributes
    ----------
    kind : Kind
    mask : Mask
        Which of the distinct values are of it, shape (n,).
    matched : int
        How many values that are.
    """

    kind: Kind
    mask: Mask
    matched: int


def kinds_in(texts: Texts, counts: npt.NDArray[np.int64], kinds: Iterable[Kind] = KINDS) -> Iterator[Told]:
    """Yield the kinds that a column of text has values of.

    Parameters
    ----------
    texts : Texts, shape (n,)
        Its distinct values.
    counts : numpy int64, shape (n,)
        How often each is there.
    kinds : iterable of Kind
        Those that are looked for.
    """
    examined = int(counts.sum())
    for kind in kinds:
        mask = kind.matches(texts)
        matched = int(counts[mask].sum())
        if matched:
            written_so = int(counts[kind.among(texts)].sum()) if kind.among else examined
            if kind.told(matched, written_so, examined):
                yield Told(kind, mask, matched)


def personal(texts: Texts) -> Mask:
    """Return which values are of a kind that a single value is told by, shape (n,)."""
    mask = np.zeros(len(texts.folded), bool)
    for kind in KINDS:
        if kind.name not in _ONLY_IN_COLUMNS:
            mask |= kind.matches(texts)
    return mask


def looks_personal(values: pa.Array) -> bool:
    """Return whether any of some texts is of a kind that a single value is told by."""
    return bool(personal(Texts.of(values)).any())


_ONLY_IN_COLUMNS: Final = frozenset({"nome de pessoa pela forma", "RG sem pontuação", "telefone sem pontuação"})
