"""Whole structures compared: one as it is declared, one as it was found; each place in which they differ, both values.

It knows nothing of what it compares. So whatever is added to a declaration is compared from then on.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from lakehouse.contract.drift import MISSING

# How much of a value is shown; where two values agree that far, what follows is shown.
_SHOWN: Final = 100
_NAMES: Final = ("Name", "name")


class Unlike(NamedTuple):
    """A place in which two structures differ.

    Attributes
    ----------
    path : str
        From the outside in, with the names of what is listed: ``StorageDescriptor.Columns.moeda.Comment``.
    expected, found : object
        None where that side has nothing there.
    """

    path: str
    expected: Any
    found: Any

    def __str__(self) -> str:
        """Return it as a clause in English."""
        return self.said("expected", "found")

    def said(self, expected: str, found: str) -> str:
        """Return it as a clause, with these words for the two sides."""
        one, other = _apart(_text(self.expected), _text(self.found))
        return f"{self.path}: {expected} {one}, {found} {other}"

    def of(self, name: str) -> "Unlike":
        """Return the same difference as one of a thing that holds what was compared."""
        return self._replace(path=f"{name}.{self.path}" if self.path else name)


def unlike(expected: Any, found: Any) -> Iterator[Unlike]:
    """Yield every place in which two structures of mappings, sequences and plain values differ.

    What is empty (no text, no entry, None, False, 0) is as if it were not there: a catalogue gives back more fields
    than were put in. Entries that have a name are compared by their names, and then by their order.
    """
    one, other = bare(expected), bare(found)
    if isinstance(one, Mapping) or isinstance(other, Mapping):
        one, other = ({} if side is None else side for side in (one, other))
    yield from _unlike(one, other, "")


def without(structure: Any, unwanted: Callable[[str], bool], path: str = "") -> Any:
    """Return a structure without the fields whose path is unwanted."""
    if isinstance(structure, Mapping):
        paths = {key: f"{path}.{key}" if path else str(key) for key in structure}
        return {k: without(v, unwanted, paths[k]) for k, v in structure.items() if not unwanted(paths[k])}
    return structure


def _unlike(expected: Any, found: Any, path: str) -> Iterator[Unlike]:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key in dict.fromkeys([*expected, *found]):
            yield from _unlike(expected.get(key), found.get(key), f"{path}.{key}" if path else str(key))
    elif _is_list(expected) and _is_list(found):
        yield from _unlike_lists(expected, found, path)
    elif expected != found or type(expected) is not type(found):
        yield Unlike(path, expected, found)


def _unlike_lists(expected: Sequence[Any], found: Sequence[Any], path: str) -> Iterator[Unlike]:
    names = [_names_of(each) for each in (expected, found)]
    if None in names:
        for place in range(max(len(expected), len(found))):
            one, other = (each[place] if place < len(each) else None for each in (expected, found))
            yield from _unlike(one, other, f"{path}[{place}]")
        return
    declared = dict(zip(names[0] or (), expected, strict=True))
    there = dict(zip(names[1] or (), found, strict=True))
    for name in dict.fromkeys([*declared, *there]):
        yield from _unlike(declared.get(name), there.get(name), f"{path}.{name}")
    if declared.keys() == there.keys() and list(declared) != list(there):
        yield Unlike(f"{path} (order)", list(declared), list(there))


def _names_of(entries: Sequence[Any]) -> list[str] | None:
    """Return the names of entries; None where one has none that is a text, or two have the same."""
    names = [
        next((each[key] for key in _NAMES if key in each), None) if isinstance(each, Mapping) else None
        for each in entries
    ]
    texts = [name for name in names if isinstance(name, str)]
    return texts if len(set(texts)) == len(entries) else None


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def bare(value: Any) -> Any:
    """Return a structure without what is empty in its mappings; None for what is empty itself."""
    if isinstance(value, Mapping):
        rest = {key: inner for key, each in value.items() if (inner := bare(each)) is not None}
        return rest or None
    if _is_list(value):
        return [bare(each) for each in value] or None
    return value or None


def _text(value: Any) -> str:
    if value is None:
        return MISSING
    if isinstance(value, str):
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False, default=str)


def _apart(one: str, other: str) -> tuple[str, str]:
    """Return two different texts, each cut to what is shown, from shortly before the place where they differ."""
    if max(len(one), len(other)) <= _SHOWN:
        return one, other
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, same - _SHOWN // 4)
    return _cut(one, start), _cut(other, start)


def _cut(text: str, start: int) -> str:
    if text == MISSING:
        return text
    end = start + _SHOWN
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
