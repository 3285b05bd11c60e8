"""The contracts that versions were published under: their texts are kept, so that later ones can be compared."""

import hashlib
from typing import Final

from lakehouse.clients import together
from lakehouse.contract import layers
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.versions.code import contract_sha256
from lakehouse.versions.version import Version

_YAML: Final = "application/yaml"


def keep(lake: Lake, version: Version) -> None:
    """Keep the text of each contract that a version's tables were audited under, unless it is kept already.

    Tables that an earlier code wrote were audited under its contracts, which it has kept.
    """
    wanted = {
        layout.contract_key(table.table, table.contract_sha256): table.table
        for table in version.ordered
        if table.contract_sha256 == contract_sha256(table.table)
    }
    missing = wanted.keys() - set(lake.list(layout.CONTRACTS_PREFIX))
    list(together(lambda key: lake.put_new(layers.text_of(wanted[key]).encode(), key, _YAML), sorted(missing)))


def kept(lake: Lake, version: Version) -> dict[str, str]:
    """Return the contracts of a version's tables, by table: those that were kept, and are what they were."""
    texts = together(lambda table: _text(lake, table.table, table.contract_sha256), version.ordered)
    return {
        table.table: text for table, text in zip(version.ordered, texts, strict=True) if text is not None
    }  # fmt: skip


def _text(lake: Lake, table: str, sha256: str) -> str | None:
    if table in layers.all_tables() and contract_sha256(table) == sha256:
        return layers.text_of(table)
    try:
        content = lake.read_bytes(layout.contract_key(table, sha256))
    except StorageError:
        return None
    return content.decode() if hashlib.sha256(content).hexdigest() == sha256 else None
