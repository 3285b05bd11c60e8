"""Registration: the ten tables in the catalogue as their contracts say, with what the run found; and their drift."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from governance.scanner import SAMPLE, Finding, scan
from lakehouse.contract.drift import crawled_drift, footer_drift
from lakehouse.contract.model import Contract
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog, table_of
from lakehouse.lake.s3 import Lake
from lakehouse.runtime import tell_table


def register(
    catalog: Catalog, lake: Lake, contracts: Iterable[Contract], runs: Mapping[str, str]
) -> tuple[dict[str, str], list[str], list[str], list[Finding]]:
    """Compare each table with its contract, look for personal data it does not declare, and register it.

    Parameters
    ----------
    catalog : Catalog
    lake : Lake
    contracts : iterable of Contract
    runs : mapping of str to str
        The run that published, by layer.

    Returns
    -------
    registered : dict of str to str
        ``created``, ``updated`` or ``unchanged`` by ``database.table``.
    broken : list of str
        Where contract and Parquet differ, and tables that are not there.
    crawled : list of str
        Where contract and catalogue differed before registration mended it.
    findings : list of Finding
    """
    registered: dict[str, str] = {}
    broken: list[str] = []
    crawled: list[str] = []
    findings: list[Finding] = []
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
            findings += scan(file.read_row_group(0).slice(0, SAMPLE), contract)
        rows = sum(file.metadata.num_rows for file in files)
        facts = _facts(lake, keys, rows, contract, runs[contract.layer])
        outcome = catalog.register(table_of(contract, lake.bucket, facts))
        registered[f"{contract.database}.{contract.table}"] = outcome
        tell_table("registered", f"{contract.database}.{contract.table}", rows, outcome=outcome)
    return registered, broken, crawled, findings


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
    for layer in layout.LAYERS:
        given: dict[str, Any] = {**tags, "layer": layer}
        catalog.tag(f"{arn}:database/importau_{layer}", given)
        catalog.tag(f"{arn}:crawler/importau-{layer}", given)
    catalog.tag(f"{arn}:database/importau_governanca", {**tags, "layer": "governance"})
