"""Every difference between two contracts of a table, with what it is to those who read the table. Pure.

A contract is what a table promises to its readers. So what takes a promise away is breaking, what adds one is
compatible, and what only says it in other words is neither. Both documents are compared whole, also in what no code
reads: what is added to the standard is told as a change from then on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pyarrow as pa

from lakehouse.contract.model import arrow_type
from lakehouse.contract.odcs import read
from lakehouse.contract.semver import Level
from lakehouse.contract.structure import bare, unlike, without
from lakehouse.errors import ContractError

# Of what is not named here a change is compatible: it is another promise, and takes none away that is known.
_USUAL: Final = Level.MINOR
_WORDS: Final = r"description|businessName|tags|authoritativeDefinitions|examples|dimension"
_LEVELS: Final = {
    "contract": (
        (r"(.*\.)?(description|tags|authoritativeDefinitions)\b.*|apiVersion|name", Level.PATCH),
        (r"id|kind|servers\.\w+(\.(database|location|format|type))?", Level.MAJOR),
        (r"customProperties\.(position|role|foundBy)\b.*", Level.PATCH),
    ),
    "table": ((rf"({_WORDS})\b.*|customProperties\.\w+\.description", Level.PATCH), (r"physicalName", Level.MAJOR)),
    "column": ((rf"({_WORDS})\b.*|customProperties\.\w+\.description", Level.PATCH),),
    "rule": ((rf"({_WORDS})\b.*", Level.PATCH),),
}
# The lists of a contract whose entries have a name of their own, by which they are compared.
_NAMED_BY: Final = {"customProperties": "property", "servers": "server", "slaProperties": "property"}
_LEVEL_OF_SENSITIVE: Final = {None: 0, "confidential": 1, "PII": 2}
_HOURS: Final = {"h": 1, "d": 24, "m": 24 * 30, "y": 24 * 365}
# Whether a promise is of at least so much: of what is kept how long; the age of what is read is at most so much.
_AT_LEAST: Final = {"freshness": False, "latency": False, "retention": True, "availability": True}
_BIGINT_DIGITS: Final = 19


class Change(NamedTuple):
    """A change.

    Attributes
    ----------
    table : str
    column : str or None
        None for a change of the table.
    what : str
        In words, with both values where that is short.
    level : Level
    """

    table: str
    column: str | None
    what: str
    level: Level

    @property
    def where(self) -> str:
        """The table, or ``table.column``."""
        return self.table if self.column is None else f"{self.table}.{self.column}"

    def __str__(self) -> str:
        """Return it as a clause."""
        return f"{self.where}: {self.what} ({self.level.called})"


class Document(NamedTuple):
    """A contract in the parts that are compared each in its own way.

    Attributes
    ----------
    contract, table : mapping
        What is said of all of it, and of its table, but for what follows.
    columns, rules, promises : mapping
        By name; a rule's is that of its column, or None, and its own; a promise is one of ``slaProperties``.
    key : tuple of str
    """

    contract: Mapping[str, Any]
    table: Mapping[str, Any]
    columns: Mapping[str, Mapping[str, Any]]
    rules: Mapping[tuple[str | None, str], Mapping[str, Any]]
    key: tuple[str, ...]
    promises: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, text: str) -> "Document":
        """Return the parts of a contract's text; raise `ContractError` where it has not one schema."""
        root = dict(read(text).mapping)
        schemas = root.pop("schema", None)
        if not isinstance(schemas, Sequence) or len(schemas) != 1 or not isinstance(schemas[0], Mapping):
            raise ContractError("'schema' must have exactly one entry")
        table = dict(schemas[0])
        properties = [dict(each) for each in table.pop("properties", None) or ()]
        rules: dict[tuple[str | None, str], Mapping[str, Any]] = {
            (None, str(rule.get("name"))): rule for rule in table.pop("quality", None) or ()
        }
        for each in properties:
            rules |= {(str(each["name"]), str(rule.get("name"))): rule for rule in each.pop("quality", None) or ()}
        keyed = sorted(
            (each.get("primaryKeyPosition") or 0, str(each["name"])) for each in properties if each.get("primaryKey")
        )
        promises = _by_name(root.pop("slaProperties", None), "property")
        root.pop("version", None)
        return cls(
            _keyed(root), _keyed(table), {str(each.pop("name")): _keyed(each) for each in properties}, rules,
            tuple(name for _, name in keyed), promises,
        )  # fmt: skip


def _keyed(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a node whose lists of named entries are mappings."""
    return {key: _by_name(value, _NAMED_BY[key]) if key in _NAMED_BY else value for key, value in node.items()}


def _by_name(entries: Any, name: str) -> Mapping[str, Mapping[str, Any]]:
    return {str(each.get(name)): {key: each[key] for key in each if key != name} for each in entries or ()}


def differences(table: str, before: Document, after: Document) -> Iterator[Change]:
    """Yield the changes from one contract of a table to another."""
    renamed = _renamed(before, after)
    for old, new in renamed.items():
        yield Change(table, old, f"the column was renamed {new}", Level.MAJOR)
    for name in before.columns:
        if name not in after.columns and name not in renamed:
            yield Change(table, name, "the column was removed", Level.MAJOR)
    for name, column in after.columns.items():
        if name not in before.columns and name not in renamed.values():
            yield Change(table, name, f"the column was added, {column.get('physicalType')}", Level.MINOR)
    stay = [name for name in before.columns if name in after.columns]
    if stay != [name for name in after.columns if name in before.columns]:
        yield Change(table, None, "the columns are in another order", Level.MINOR)
    if before.key != after.key:
        keys = (", ".join(key) or "none" for key in (before.key, after.key))
        yield Change(table, None, "the key was {}, and is {}".format(*keys), Level.MAJOR)
    for old, new in (*zip(stay, stay, strict=True), *renamed.items()):
        yield from _of_column(table, old, before.columns[old], after.columns[new])
    yield from _of_rules(table, before, after, renamed)
    yield from _of_promises(table, before.promises, after.promises)
    yield from _of_status(table, before.contract.get("status"), after.contract.get("status"))
    apart = ("status",)
    yield from _others(table, None, "contract", _but(before.contract, apart), _but(after.contract, apart))
    yield from _others(table, None, "table", before.table, after.table)


def _renamed(before: Document, after: Document) -> dict[str, str]:
    """Return which columns have another name: the same type, and the same business name or description."""
    gone = [name for name in before.columns if name not in after.columns]
    new = [name for name in after.columns if name not in before.columns]
    renamed: dict[str, str] = {}
    for name in gone:
        old = before.columns[name]
        for other in new:
            column = after.columns[other]
            same_words = any(
                old.get(key) and old.get(key) == column.get(key) for key in ("businessName", "description")
            )
            if other not in renamed.values() and same_words and old.get("physicalType") == column.get("physicalType"):
                renamed[name] = other
                break
    return renamed


# ---- a column --------------------------------------------------------------------------------------------------------


def _of_column(table: str, name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    old, new = str(before.get("physicalType")), str(after.get("physicalType"))
    if old != new:
        how, level = _how_typed(old, new)
        yield Change(table, name, f"the type was {how} from {old} to {new}", level)
    if bool(before.get("required")) != bool(after.get("required")):
        may = bool(before.get("required"))
        what = "a value may be missing now" if may else "no value may be missing any more"
        yield Change(table, name, what, Level.MAJOR if may else Level.MINOR)
    yield from _of_classification(table, name, before, after)
    # The key is told of as a whole.
    apart = ("physicalType", "required", "primaryKey", "primaryKeyPosition", "classification")
    rest = (without(_but(each, apart), "customProperties.masking.value".__eq__) for each in (before, after))
    yield from _others(table, name, "column", *rest)


def _how_typed(before: str, after: str) -> tuple[str, Level]:
    """Return how a type became another one: every value of the first fits a wider one, exactly."""
    try:
        old, new = arrow_type(before), arrow_type(after)
    except ContractError:
        return "changed", Level.MAJOR
    if _fits(old, new):
        return "widened", Level.MINOR
    return ("narrowed" if _fits(new, old) else "changed"), Level.MAJOR


def _fits(inner: pa.DataType, outer: pa.DataType) -> bool:
    if not pa.types.is_decimal(outer):
        return False
    if pa.types.is_integer(inner):
        return bool(outer.precision - outer.scale >= _BIGINT_DIGITS)
    if not pa.types.is_decimal(inner):
        return False
    return bool(outer.scale >= inner.scale and outer.precision - outer.scale >= inner.precision - inner.scale)


def _of_classification(table: str, name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    old, new = before.get("classification"), after.get("classification")
    if old != new:
        # Of two that are unknown none is less than the other.
        less = _LEVEL_OF_SENSITIVE.get(new, 0) < _LEVEL_OF_SENSITIVE.get(old, 0)
        level = Level.MAJOR if less else Level.MINOR
        yield Change(table, name, f"the classification was {old or 'none'}, and is {new or 'none'}", level)
        return
    masking = [_custom(each, "masking") for each in (before, after)]
    if masking[0] != masking[1] and old:
        what = f"it was delivered masked by {masking[0] or 'drop'}, and is by {masking[1] or 'drop'}"
        yield Change(table, name, what, Level.MAJOR)


def _custom(node: Mapping[str, Any], name: str) -> Any:
    return (node.get("customProperties") or {}).get(name, {}).get("value")


# ---- rules, promises, status -----------------------------------------------------------------------------------------


def _of_rules(table: str, before: Document, after: Document, renamed: Mapping[str, str]) -> Iterator[Change]:
    """Yield the changes of rules; those of a column that is gone or new went and came with it."""
    moved = {(renamed.get(column, column) if column else None, name): (column, name) for column, name in before.rules}
    for new, rule in after.rules.items():
        column = new[0]
        if new not in moved:
            if column is None or column in before.columns:
                yield Change(table, column, f"the rule {new[1]} was added, {rule.get('severity')}", Level.MINOR)
            continue
        yield from _of_rule(table, *moved[new], before.rules[moved[new]], rule)
    for new, (column, name) in moved.items():
        if new not in after.rules and (column is None or column in after.columns or column in renamed):
            severity = before.rules[column, name].get("severity")
            yield Change(table, column, f"the rule {name} was removed, {severity}", _promised(severity))


def _of_rule(
    table: str, column: str | None, name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    old, new = before.get("severity"), after.get("severity")
    if old != new:
        level = Level.MAJOR if old == "error" else Level.MINOR
        yield Change(table, column, f"the rule {name} was {old}, and is {new}", level)
    words = ("severity", "description", "dimension", "name", "businessName", "tags")
    was, now = _but(before, words), _but(after, words)
    if bare(was) != bare(now):
        how, level = _how_ruled(
            was, now, _promised(new), same_words=before.get("description") == after.get("description")
        )
        yield Change(table, column, f"the rule {name} {how}", level)
    yield from _others(
        table, column, "rule", _only(before, words[1:3]), _only(after, words[1:3]), f"of the rule {name}: "
    )


def _how_ruled(
    before: Mapping[str, Any], after: Mapping[str, Any], breaking: Level, *, same_words: bool
) -> tuple[str, Level]:
    """Return how a rule demands something else.

    Of values that are listed it is known whether more or fewer may be there; of anything else it is not, and readers
    have to be told. A rule that says the same, in the same words, in another language than before is no other promise.
    """
    old, new = ((each.get("arguments") or {}).get("validValues") for each in (before, after))
    rest = [bare(without(each, "arguments.validValues".__eq__)) for each in (before, after)]
    if old and new and rest[0] == rest[1]:
        more, fewer = ([value for value in one if value not in other] for one, other in ((new, old), (old, new)))
        said = [
            f"{what} {', '.join(map(str, some))}"
            for what, some in (("lets in", more), ("lets no more in", fewer))
            if some
        ]
        level = breaking if more else Level.MINOR if fewer else Level.PATCH
        return " and ".join(said) or "lists its values in another order", level
    if before.get("type") != after.get("type") and same_words:
        return f"is written as {after.get('type')}, and was as {before.get('type')}", Level.MINOR
    differences = "; ".join(each.said("was", "is") for each in unlike(before, after))
    return f"demands something else: {differences}", breaking


def _promised(severity: Any) -> Level:
    """Return what it is to lose a rule: what only warns promises nothing."""
    return Level.MAJOR if severity == "error" else Level.MINOR


def _of_promises(table: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            what, level = ("added", Level.MINOR) if old is None else ("removed", Level.MAJOR)
            yield Change(table, None, f"{name} was {what}", level)
            continue
        hours = [_hours(each) for each in (old, new)]
        if hours[0] != hours[1]:
            shown = (f"{each.get('value')} {each.get('unit') or ''}".strip() for each in (old, new))
            yield Change(table, None, "{} was {}, and is {}".format(name, *shown), _how_promised(name, *hours))
        apart = ("value", "unit")
        yield from _others(table, None, "contract", _but(old, apart), _but(new, apart), f"of {name}: ")


def _hours(promise: Mapping[str, Any]) -> Any:
    value, unit = promise.get("value"), promise.get("unit")
    return value * _HOURS[unit] if isinstance(value, int) and unit in _HOURS else (value, unit)


def _how_promised(name: str, before: Any, after: Any) -> Level:
    if name not in _AT_LEAST or not (isinstance(before, int) and isinstance(after, int)):
        return Level.MAJOR
    return Level.MINOR if (after > before) == _AT_LEAST[name] else Level.MAJOR


def _of_status(table: str, before: Any, after: Any) -> Iterator[Change]:
    if before != after:
        level = Level.MAJOR if after == "retired" else Level.MINOR
        yield Change(table, None, f"the status was {before}, and is {after}", level)


# ---- everything else -------------------------------------------------------------------------------------------------


def _others(
    table: str, column: str | None, kind: str, before: Mapping[str, Any], after: Mapping[str, Any], of: str = ""
) -> Iterator[Change]:
    """Yield every other place in which two structures differ, each with both values."""
    for each in unlike(before, after):
        level = next((level for pattern, level in _LEVELS[kind] if re.fullmatch(pattern, each.path)), _USUAL)
        if kind == "contract" and each.path.startswith("servers.") and each.expected is None:
            level = Level.MINOR
        yield Change(table, column, f"{of}{each.said('was', 'is')}", level)


def _but(node: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key not in names}


def _only(node: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {key: node[key] for key in names if key in node}
