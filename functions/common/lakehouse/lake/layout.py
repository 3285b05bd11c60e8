"""Every S3 key of the lakehouse, as pure functions of layer, table and run (see docs/architecture.md)."""

import re
from collections.abc import Iterable
from typing import Final

BRONZE: Final = "bronze"
SILVER: Final = "silver"
GOLD: Final = "gold"
LAYERS: Final = (BRONZE, SILVER, GOLD)

FACT: Final = "fato_pedido_correlacionado"
CASH_FLOW: Final = "agregado_fluxo_de_caixa_mensal"
FORECAST: Final = "agregado_ml_forecast_risco_cambial"

TABLES: Final[dict[str, tuple[str, ...]]] = {
    BRONZE: (
        "pedidos", "itens_pedido", "pagamentos", "produtos", "fornecedores", "cambio", "emprestimos",
    ),
    SILVER: (FACT,),
    GOLD: (CASH_FLOW, FORECAST),
}  # fmt: skip

LANDING_PREFIX: Final = "landing/csv_exports/"
_PART: Final = re.compile(r"-(?P<part>\d{5,})-of-(?P<parts>\d{5,})\.parquet$")
PORTAL_KEY: Final = "governance/portal/index.html"


def layer_of(table: str) -> str:
    """Return the layer a table belongs to; raise ``KeyError`` for an unknown table."""
    for layer, tables in TABLES.items():
        if table in tables:
            return layer
    raise KeyError(table)


def file_name(table: str, part: int = 0, parts: int = 1) -> str:
    """Return the name of a table's Parquet file, or of one of its part files (see `lakehouse.parts`).

    Lower case in Bronze, upper case from Silver on.
    """
    name = table if layer_of(table) == BRONZE else table.upper()
    return f"{name}.parquet" if parts == 1 else f"{name}-{part:05d}-of-{parts:05d}.parquet"


def landing_key(table: str) -> str:
    """Return where the exported CSV of a bronze table is uploaded."""
    return f"{LANDING_PREFIX}{table}.csv"


def published_prefix(table: str) -> str:
    """Return under what readers find a table: all that is there is the table."""
    return f"{layer_of(table)}/{table}/"


def published_key(table: str, part: int = 0, parts: int = 1) -> str:
    """Return where readers find a table, or one of its parts."""
    return f"{published_prefix(table)}{file_name(table, part, parts)}"


def staging_prefix(run_id: str, layer: str) -> str:
    """Return where a run's unaudited tables of one layer lie."""
    return f"staging/{run_id}/{layer}/"


def part_beside(key: str, table: str, part: int, parts: int) -> str:
    """Return the key of another part of a table, staged or published, that lies where this one does."""
    return f"{key.rpartition('/')[0]}/{file_name(table, part, parts)}"


def staging_key(run_id: str, table: str, part: int = 0, parts: int = 1) -> str:
    """Return where a run writes a table, or one of its parts, before it is audited."""
    return f"{staging_prefix(run_id, layer_of(table))}{table}/{file_name(table, part, parts)}"


def parts_of(table: str, keys: Iterable[str]) -> int | None:
    """Return how many parts a table is in, by the keys under its prefix; None where they are not one whole table."""
    names = {key.removeprefix(published_prefix(table)) for key in keys}
    for parts in {1, *(int(match["parts"]) for name in names if (match := _PART.search(name)))}:
        if names == {file_name(table, part, parts) for part in range(parts)}:
            return parts
    return None


def is_file_of(table: str, name: str) -> bool:
    """Return whether a file name is that of a table, or of one of its parts."""
    match = _PART.search(name)
    return name == (file_name(table) if match is None else file_name(table, int(match["part"]), int(match["parts"])))


def part_number(key: str) -> tuple[int, int]:
    """Return which part, from 0, of how many a file is; raise ``ValueError`` for the key of another object."""
    match = _PART.search(key)
    if match is None:
        raise ValueError(f"{key!r} is no part file")
    return int(match["part"]), int(match["parts"])


def parts_prefix(run_id: str, layer: str) -> str:
    """Return where a run keeps what it knows of single parts until they are put together."""
    return f"{staging_prefix(run_id, layer)}parts/"


def part_record_key(run_id: str, layer: str, step: str, part: int, parts: int) -> str:
    """Return where the outcome of one part of a step (``write``, ``audit``) is kept."""
    return f"{parts_prefix(run_id, layer)}{step}-{part:05d}-of-{parts:05d}.json"


def publication_key(run_id: str, layer: str, what: str) -> str:
    """Return where the list of objects to ``publish`` or ``retire`` is kept, for a table in parts."""
    return f"{parts_prefix(run_id, layer)}{what}.json"


def quarantine_key(run_id: str, layer: str, table: str, part: int = 0, parts: int = 1) -> str:
    """Return where a run keeps the rows of ``table`` that ``layer`` set aside, or that it did of one part."""
    of_part = "" if parts == 1 else f"-{part:05d}-of-{parts:05d}"
    return f"quarantine/{layer}/{table}/{run_id}{of_part}.parquet"


def quality_key(run_id: str, layer: str) -> str:
    """Return where the audit report of a run's layer is kept."""
    return f"governance/quality/{layer}/{run_id}.json"


def published_audit_key(run_id: str, layer: str) -> str:
    """Return where the report of an audit of what is published is kept: it is no run's, and published nothing."""
    return f"governance/quality/published/{layer}/{run_id}.json"


def governance_table_key(table: str) -> str:
    """Return where a table of ``importau_governanca`` lies."""
    return f"governance/catalog/{table}/{table}.parquet"


def governance_report_key(run_id: str) -> str:
    """Return where the governance report of a run is kept."""
    return f"governance/catalog/report/{run_id}.json"


def lineage_prefix(run_id: str) -> str:
    """Return where a run's lineage events are kept."""
    return f"governance/lineage/{run_id}/"


def lineage_key(run_id: str, event: str) -> str:
    """Return where a lineage event of a run is kept."""
    return f"{lineage_prefix(run_id)}{event}.json"
