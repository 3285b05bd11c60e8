"""In how many parts a layer is written and audited, and where S3 lists the part files."""

from typing import Any

from lakehouse.contract import layers
from lakehouse.contract.model import inputs_of
from lakehouse.lake import layout
from lakehouse.versions.view import View


def parts_to_write(view: View, layer: str) -> dict[str, Any]:
    """Return ``parts`` and ``parts_prefix`` of what a layer is made from: a part of it makes a part of the layer."""
    cut = [table for table in inputs_of(layer) if layers.is_cut(table)]
    return _listed(view, cut if layer in layers.IN_PARTS else [])


def audited_parts(view: View, layer: str) -> dict[str, Any]:
    """Return ``parts`` and ``parts_prefix`` of a layer, or where it cuts no table, of what it is made from."""
    own = layers.cut_tables(layer)
    return _listed(view, [table for table in own if table in view.tables]) if own else parts_to_write(view, layer)


def _listed(view: View, cut: list[str]) -> dict[str, Any]:
    if not cut:
        return {"parts": 1, "parts_prefix": ""}
    parts, first = view.parts(cut), view.table(cut[0])
    return {"parts": parts, "parts_prefix": layout.parts_listed(first.table, first.run) if parts > 1 else ""}
