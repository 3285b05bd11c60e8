"""What a message may quote of the data: how a value is written, never what it says.

Every text that quotes a value passes through this module: reasons of the quarantine, problems of a file's header, keys
in audit reports, and whatever an error of a library says when a handler fails. A column may hold anything, as somebody
may have exported the wrong one, or left out the header: so it is not asked whether a value looks personal.

The shape of a value has ``a`` for each small letter, ``A`` for each capital one, ``9`` for each digit, ``?`` for what
is neither, nor punctuation that numbers, dates and addresses are written with. ``dd/mm/yyyy`` is told from
``yyyy-mm-dd`` by it, and ``10.000`` from ``10,00``, which is what somebody needs who mends the row.
"""

import re
from collections.abc import Callable, Collection
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_LONGEST: Final = 40
_SHAPE: Final = (
    (r"[\p{Ll}\p{Lm}\p{Lo}]", "a"),
    (r"[\p{Lu}\p{Lt}]", "A"),
    (r"\p{N}", "9"),
    (r"[^Aa9 .,;:@/+()%$_-]", "?"),
)
_ASCII: Final = bytes(
    ord("a" if chr(byte).islower() else "A" if chr(byte).isupper() else "9" if chr(byte).isdigit() else
        chr(byte) if chr(byte) in " .,;:@/+()%$_-" else "?")
    for byte in range(128)
) + bytes(128)  # fmt: skip
# What identifies a row and nobody: a code of letters and a number (PED001), a currency, a day, a month, a short number.
_KEY: Final = r"^(?:[A-Z]{1,16}[_-]?[0-9]{1,18}|[A-Z]{3}|[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?|[0-9]{1,6}|-)$"
# Codes of letters and a number that are somebody's all the same: an identity card's with its state's letters, and
# numbers with their name in front.
_NO_KEY: Final = (
    r"^(?:[A-Z]{2}-?[0-9]{6,9}|(?:CPF|CNPJ|RG|TEL|FONE|CEL|CNH|PIS).*|[A-Z]*(?:[0-9]{10,11}|[0-9]{13,16}))$"
)
# Personal values that are recognised in any text by how they are written alone.
_PERSONAL: Final = re.compile(
    r"[^\s@<>\"'=]+@[^\s@<>\"']+\.[^\s@<>\"',;)]+"
    r"|\b\d{3}\.?\d{3}\.?\d{3}-?\d{2}\b"
    r"|\b[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-\d{2}\b|\b\d{14}\b|\b\d{8}/\d{4}-?\d{2}\b"
    r"|\b\d{1,2}\.\d{3}\.\d{3}-[\dXx]\b"
    r"|\(\d{2}\)\s?9?\s?\d{4}[-. ]?\d{4}|\+\d{1,3}[ .-]?\(?\d{2,3}\)?[ .-]?\d{3,5}[ .-]?\d{4}\b"
    r"|(?<![\w-])\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?![\w-])"
)
_HIDDEN: Final = "[...]"
_LEFT_OUT: Final = "the message of the library is left out, as it may quote a value of the data"
_IN_QUOTES: Final = re.compile(r"'[^']*'|\"[^\"]*\"|'.*'|\".*\"", re.DOTALL)


def shapes(values: pa.Array) -> pa.Array:
    """Return how values are written, each of at most 40 characters and ``…`` where there were more.

    Parameters
    ----------
    values : pa.Array of string, shape (n,)

    Returns
    -------
    pa.Array of string, shape (n,)
        It depends on the classes of the characters alone: values of one shape cannot be told apart. NULL stays.
    """
    # Of a shape a few characters are shown: a longer text is cut before it is looked at, letter by letter.
    cut = pc.utf8_slice_codeunits(values, 0, _LONGEST)
    if pc.all(pc.string_is_ascii(cut)).as_py() is not False:
        cut = _of_ascii(cut)
    else:
        for pattern, written in _SHAPE:
            cut = pc.replace_substring_regex(cut, pattern, written)
    ends = pc.if_else(pc.greater(pc.utf8_length(values), _LONGEST), "…", "")
    return pc.binary_join_element_wise(cut, ends, "")


def _of_ascii(values: pa.Array) -> pa.Array:
    """Return what `_SHAPE` makes of ASCII, byte by byte: its patterns take longer to prepare than a thousand values."""
    validity, bounds, text = values.buffers()
    written = pa.py_buffer(text.to_pybytes().translate(_ASCII)) if text is not None else None
    return pa.StringArray.from_buffers(len(values), bounds, written, validity, values.null_count, values.offset)


def shape(value: str) -> str:
    """Return how a value is written.

    >>> shape("joana@exemplo.com.br"), shape("2024-02-30"), shape("R$ 10,00")
    ('aaaaa@aaaaaaa.aaa.aa', '9999-99-99', 'A$ 99,99')
    """
    text: str = shapes(pa.array([value], pa.string()))[0].as_py()
    return text


def quoted(values: pa.Array) -> pa.Array:
    """Return values as a message may quote them, in quotes, shape (n,)."""
    return pc.binary_join_element_wise("'", shapes(values), "'", "")


def quoted_name(name: str, words: Collection[str]) -> str:
    """Return a name out of a file as a message may quote it.

    Parameters
    ----------
    name : str
        A field of the header, which may be a row's value where the header is missing.
    words : collection of str
        Small letters. A name that consists of them is the name of a column; of any other one the shape is shown.
    """
    parts = name.strip().lower().split("_")
    return f"'{name.strip() if all(part in words for part in parts) else shape(name)}'"


def keys(values: pa.Array, words: Callable[[], Collection[str]]) -> pa.Array:
    """Return keys as a report may show them, shape (n,): codes, currencies, days and known words; of others the shape.

    Parameters
    ----------
    values : pa.Array of string, shape (n,)
    words : callable
        What contracts name: it is shown as it is. It is asked for where a key is none by its shape alone.
    """
    is_key = pc.and_not(pc.match_substring_regex(values, _KEY), pc.match_substring_regex(values, _NO_KEY))
    if pc.all(is_key).as_py() is not False:
        return values
    is_known = pc.is_in(values, value_set=pa.array(sorted(words()), pa.string()))
    return pc.if_else(pc.or_(is_key, is_known), values, shapes(values))


def without_personal(text: str) -> str:
    """Return a text in which what looks like a person's is replaced, for texts that no value should be in at all."""
    return _PERSONAL.sub(_HIDDEN, text)


def cleanse(error: BaseException) -> None:
    """Take what may be a value of the data out of an error, and of those that it was raised from.

    Messages of this project quote by way of this module, and stay; so do those of AWS's SDK. What any other library
    says is not written with personal data in mind: of Arrow's errors the text is left out, of others what is in quotes.
    Types and tracebacks stay.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        waiting += [
            each.__cause__,
            each.__context__,
            *(each.exceptions if isinstance(each, BaseExceptionGroup) else ()),
        ]
        if not isinstance(each, BaseExceptionGroup):
            cleansed = tuple(_cleansed(each, argument) for argument in each.args)
            if cleansed != each.args:
                each.args = cleansed


def _cleansed(error: BaseException, argument: object) -> object:
    if isinstance(error, pa.ArrowException):
        return _LEFT_OUT
    if isinstance(error, KeyError) and not isinstance(argument, int):
        return shape(str(argument))
    if not isinstance(argument, str):
        return argument
    if type(error).__module__.partition(".")[0] in {"lakehouse", "botocore", "boto3"}:
        return without_personal(argument)
    return without_personal(_IN_QUOTES.sub(lambda match: f"'{shape(match[0][1:-1])}'", argument))
