"""An ODCS document as nested nodes that know where they are, so that a message can name what is missing and where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.errors import ContractError


@dataclass(frozen=True)
class Node:
    """A mapping of the document.

    Attributes
    ----------
    given : mapping
        As it was written.
    where : str
        What a message calls it.
    """

    given: Any
    where: str

    def __post_init__(self) -> None:
        if not isinstance(self.given, Mapping):
            raise ContractError(f"{self.where} must be a mapping")

    def called(self, where: str) -> "Node":
        """Return the same node under a better name."""
        return Node(self.given, where)

    def text(self, key: str) -> str:
        """Return a text on one line; raise `ContractError` when there is none."""
        value = self.given.get(key)
        if not isinstance(value, str) or not value.strip():
            raise ContractError(f"{self.where} lacks '{key}'; write a text")
        return " ".join(value.split())

    def number(self, key: str) -> int:
        """Return a whole number; raise `ContractError` when there is none."""
        value = self.given.get(key)
        if not isinstance(value, int):
            raise ContractError(f"{self.where} lacks '{key}'; write a whole number")
        return value

    def node(self, key: str) -> "Node":
        """Return the node under a key; raise `ContractError` when there is none."""
        return Node(self.given.get(key), f"'{key}' of {self.where}")

    def nodes(self, key: str, default: Iterable[Any] | None = None) -> "list[Node]":
        """Return the list of nodes under a key; raise `ContractError` when there is none and no default."""
        values = self.given.get(key, default)
        if not isinstance(values, list | tuple):
            raise ContractError(f"{self.where} lacks '{key}'; write a list")
        return [Node(value, f"'{key}' of {self.where}, entry {n}") for n, value in enumerate(values, 1)]

    def custom(self, name: str) -> Any:
        """Return the value of one of ``customProperties``, or None."""
        named = (entry for entry in self.nodes("customProperties", ()) if entry.text("property") == name)
        return next((entry.given.get("value") for entry in named), None)


def read(text: str) -> Node:
    """Return a whole document; raise `ContractError` when it is not YAML, or no mapping."""
    # Whatever knows a key or a layer imports this module; few read a contract.
    import yaml  # noqa: PLC0415

    # PyYAML's parser in C, where it was built with it, is ten times as fast: a Lambda's cold start notices.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return Node(yaml.load(text, loader), "the contract")  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ContractError(f"it is not valid YAML: {error}") from error
