"""An ODCS document as nested nodes that know their place in it, so that a message can say what is missing where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.errors import ContractError


@dataclass(frozen=True)
class Node:
    """A mapping of the document.

    Attributes
    ----------
    mapping : mapping
        Its keys and values in the document.
    where : str
        How a message names it.
    """

    mapping: Any
    where: str

    def __post_init__(self) -> None:
        if not isinstance(self.mapping, Mapping):
            raise ContractError(f"{self.where} must be a mapping")

    def called(self, where: str) -> "Node":
        """Return the same node under a better name."""
        return Node(self.mapping, where)

    def text(self, key: str) -> str:
        """Return a text on one line; raise `ContractError` when there is none."""
        value = self.mapping.get(key)
        if not isinstance(value, str) or not value.strip():
            raise ContractError(f"{self.where} lacks '{key}'; write a text")
        return " ".join(value.split())

    def number(self, key: str) -> int:
        """Return a whole number; raise `ContractError` when there is none."""
        value = self.mapping.get(key)
        if not isinstance(value, int):
            raise ContractError(f"{self.where} lacks '{key}'; write a whole number")
        return value

    def node(self, key: str) -> "Node":
        """Return the node under a key; raise `ContractError` when there is none."""
        return Node(self.mapping.get(key), f"'{key}' of {self.where}")

    def nodes(self, key: str, default: Iterable[Any] | None = None) -> "list[Node]":
        """Return the list of nodes under a key; raise `ContractError` when there is none and no default."""
        values = self.mapping.get(key, default)
        if not isinstance(values, list | tuple):
            raise ContractError(f"{self.where} lacks '{key}'; write a list")
        return [Node(value, f"'{key}' of {self.where}, entry {n}") for n, value in enumerate(values, 1)]

    def custom(self, name: str) -> Any:
        """Return the value of one of ``customProperties``, or None."""
        named = (entry for entry in self.nodes("customProperties", ()) if entry.text("property") == name)
        return next((entry.mapping.get("value") for entry in named), None)


def read(text: str) -> Node:
    """Return the root of a document; raise `ContractError` when it is not YAML, or not a mapping."""
    # Every module that needs an S3 key or a layer imports this one; few of them read a contract.
    import yaml  # noqa: PLC0415

    # PyYAML's parser in C, where PyYAML was built with it, is ten times as fast: a Lambda's cold start notices.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return Node(yaml.load(text, loader), "the contract")  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ContractError(f"it is not valid YAML: {error}") from error
