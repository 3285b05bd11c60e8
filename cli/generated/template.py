"""The parts of ``template.yaml`` that name tables: what the contracts say, between two comments of the file."""

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from lakehouse.contract.layers import BRONZE, IN_PARTS, LAYERS, cut_tables, is_cut, tables_of
from lakehouse.contract.model import inputs_of, load
from lakehouse.contract.owners import owner_of_machine, owner_of_task
from lakehouse.errors import ContractError
from lakehouse.lake import layout
from lakehouse.orchestration.pipelines import PIPELINE

_NONE: Final = "-"
_WIDTH: Final = 120
_BLOCK: Final = re.compile(
    r"^(?P<indent> *)# generated: (?P<name>\w+)(?: (?P<layer>\w+))?\n(?P<body>.*?)^(?P=indent)# generated: end\n",
    re.MULTILINE | re.DOTALL,
)


def template(text: str) -> str:
    """Return the template with every generated part as the contracts say now.

    Parameters
    ----------
    text : str
        ``template.yaml``; a generated part stands between ``# generated: NAME [LAYER]`` and ``# generated: end``.

    Raises
    ------
    ContractError
        A part has a name that is not known here.
    """

    def anew(block: re.Match[str]) -> str:
        indent, name, layer = block["indent"], block["name"], block["layer"]
        if name not in _PARTS or (layer is not None and layer not in LAYERS):
            raise ContractError(
                f"template.yaml: '# generated: {name} {layer or ''}' is unknown; use {', '.join(_PARTS)}"
            )
        opening, closing = block[0][: block.start("body") - block.start()], f"{indent}# generated: end\n"
        return opening + "".join(f"{indent}{line}\n" for line in _PARTS[name](layer or "", indent)) + closing

    return _BLOCK.sub(anew, text)


def _machine(layer: str, indent: str) -> Iterator[str]:
    """Yield the substitutions of a layer's state machine that name its tables and what they are made from."""
    cut = [table for table in inputs_of(layer) if is_cut(table) and layer in IN_PARTS]
    return _written(
        {
            "Inputs": _inputs(layer),
            "Tables": _named(tables_of(layer)),
            # An audit goes through the layer's own parts, or where it cuts no table, through those of its inputs.
            "PartsAudited": ["$.staged" if cut_tables(layer) or layer not in IN_PARTS else "$.opened"],
            "PartInputs": _inputs(layer) if cut else [],
            "PartOutput": _named(cut_tables(layer)) if cut else [],
            "Audited": _audited(layer),
            "Owner": [owner_of_machine(layer)],
        },
        indent,
    )


def _audit(layer: str, indent: str) -> Iterator[str]:
    """Yield the substitutions of a layer's audit; a layer that cuts no table is audited in the parts of its inputs."""
    own = cut_tables(layer)
    below = [table for table in inputs_of(layer) if is_cut(table) and layer in IN_PARTS]
    return _written(
        {
            "Audited": _audited(layer),
            "AuditedInParts": _audited(layer) if own else _named(below),
            "Owner": [owner_of_machine(layer)],
        },
        indent,
    )


def _pipeline(_: str, indent: str) -> Iterator[str]:
    tables = {f"{layer.capitalize()}Tables": _named(tables_of(layer)) for layer in LAYERS}
    owners = {f"{layer.capitalize()}Owner": [owner_of_task(PIPELINE, tables_of(layer))] for layer in LAYERS}
    owners["Owner"] = [owner_of_machine(PIPELINE)]
    inputs = {f"{layer.capitalize()}Inputs": _inputs(layer) for layer in LAYERS}
    return _written(inputs | tables | owners, indent)


def _crawler(layer: str, _: str) -> Iterator[str]:
    bucket = "{Bucket: !If [CreatesBucket, !Ref LakeBucket, !Ref ExistingBucket]}"
    for table in tables_of(layer):
        yield f'- Path: !Sub ["s3://${{Bucket}}/{layout.table_prefix(table)}", {bucket}]'
        yield "  SampleSize: 1"


_PARTS: Final[Mapping[str, Callable[[str, str], Iterator[str]]]] = {
    "machine": _machine,
    "audit": _audit,
    "pipeline": _pipeline,
    "crawler": _crawler,
}


def _named(tables: Iterable[str]) -> list[str]:
    return [load(table).qualified_name for table in tables]


def _inputs(layer: str) -> list[str]:
    """Return a layer's inputs, as its tasks declare them: the exported CSVs, or tables."""
    if layer == BRONZE:
        return [f"{layout.LANDING}.{table}" for table in tables_of(BRONZE)]
    return _named(inputs_of(layer))


def _audited(layer: str) -> list[str]:
    """Return an audit's inputs: the layer's tables, and those that they are compared with."""
    return _named((*tables_of(layer), *inputs_of(layer)))


def _written(substitutions: Mapping[str, list[str]], indent: str) -> Iterator[str]:
    """Yield the lines of a mapping: a single value beside its key, several values folded below it."""
    for name, values in substitutions.items():
        if len(values) > 1:
            yield f"{name}: >-"
            yield from textwrap.wrap(
                ", ".join(values), _WIDTH - len(indent), initial_indent="  ", subsequent_indent="  ",
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
        else:
            value = values[0] if values else f'"{_NONE}"'
            yield f"{name}: {value}"
