"""Registration of the tables in the catalogue, as their contracts say and with facts of the run; and their drift."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from governance.findings import Findings
from governance.scanner import SAMPLE, Finding, scan
from lakehouse.contract import layers
from lakehouse.contract.drift import crawled_drift, footer_drift
from lakehouse.contract.model import Contract
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog, table_of
from lakehouse.lake.s3 import Lake
from lakehouse.runtime import log_table


def register(catalog: Catalog, lake: Lake, contracts: Iterable[Contract], runs: Mapping[str, str]) -> Findings:
    """Compare each table with its contract, look for undeclared personal data in it, and register it.

    Parameters
    ----------
    catalog : Catalog
    lake : Lake
    contracts : iterable of Contract
    runs : mapping of str to str
        The run that published each layer.

    Returns
    -------
    Findings
        ``registered``, ``broken``, ``crawled`` and ``personal``.
    """
    registered: dict[str, str] = {}
    broken: list[str] = []
    crawled: list[str] = []
    personal: list[Finding] = []
    for contract in contracts:
        try:
            keys = list(lake.published(contract.table))
            files = [lake.parquet(key) for key in keys]
        except StorageError as error:
            broken.append(f"{contract.table}: {error}")
            continue
        for footer in dict.fromkeys(file.schema_arrow for file in files):
            broken += footer_drift(contract, footer)
        file = files[0]
        crawled += crawled_drift(contract, catalog.get(contract.database, contract.table))
        if file.num_row_groups:
            personal += scan(file.read_row_group(0).slice(0, SAMPLE), contract)
        rows = sum(file.metadata.num_rows for file in files)
        facts = _facts(lake, keys, rows, contract, runs[contract.layer])
        outcome = catalog.register(table_of(contract, lake.bucket, facts))
        registered[contract.qualified_name] = outcome
        log_table("registered", contract.qualified_name, rows, outcome=outcome)
    return Findings(registered, tuple(broken), tuple(crawled), tuple(personal))


def _facts(lake: Lake, keys: Sequence[str], rows: int, contract: Contract, run_id: str) -> Mapping[str, str]:
    written = lake.last_modified(keys[0])
    return {
        "rows": str(rows),
        "bytes": str(sum(lake.size(key) or 0 for key in keys)),
        "run_id": run_id,
        "updated_at": written.isoformat() if written else "",
        "freshness_hours": str(contract.freshness_hours),
    }


def tag_everything(catalog: Catalog, region: str, account: str, tags: Mapping[str, str]) -> None:
    """Tag the databases and crawlers of the three layers, and the governance database."""
    arn = f"arn:aws:glue:{region}:{account}"
    for layer in layers.LAYERS:
        layer_tags: dict[str, Any] = {**tags, "layer": layer}
        catalog.tag(f"{arn}:database/{layout.database_of(layer)}", layer_tags)
        catalog.tag(f"{arn}:crawler/{layout.crawler_of(layer)}", layer_tags)
    catalog.tag(f"{arn}:database/{layout.GOVERNANCE_DATABASE}", {**tags, "layer": "governance"})
