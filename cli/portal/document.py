"""Everything that the page shows, read from an account: one JSON document, whose form is portal/src/document.ts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from cli.errors import CliError
from cli.portal import audits, flows, machines
from cli.portal.assets import csv_assets, table_asset
from cli.portal.frames import frame
from cli.session import Aws
from lakehouse.contract import layers
from lakehouse.contract.model import load, load_all
from lakehouse.domain import CANCELADO, PARCELA_EMPRESTIMO
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.lineage.names import Place
from lakehouse.orchestration.stepfunctions import StateMachines

FORMAT: Final = 1
_AUDITS: Final = 20
_EXECUTIONS: Final = 20
_VOLUME_BY: Final = ("mes_referencia", "categoria", "pais_origem", "moeda_origem", "origem_recurso")
_VOLUME_OF: Final = ("quantidade", "valor_item_brl", "valor_fluxo_brl")


def gather(aws: Aws, now: datetime) -> dict[str, Any]:
    """Read a lakehouse into the document that its portal shows.

    Parameters
    ----------
    aws : Aws
    now : datetime
        The time, in UTC.

    Returns
    -------
    dict
        ``Lakehouse`` of portal/src/document.ts; what has not been published yet is empty or null in it.

    Raises
    ------
    CliError
        The stack is not deployed, or its catalogue is empty because nothing has run.
    """
    lake, states = Lake(aws.bucket, aws.s3), StateMachines(aws.states)
    region, account = aws.state_machine("pipeline").split(":")[3:5]
    contracts = {contract.table: contract for contract in load_all()}
    catalog = Catalog(aws.client("glue"))
    entries = [entry for layer in layout.LAYERS for entry in catalog.tables(layout.database_of(layer))]
    if not entries:
        raise CliError("the catalogue is empty: nothing has run yet", "Run the pipeline first: `./importau run`.")

    reports = {layer: audits.reports(lake, layer, _AUDITS) for layer in layout.LAYERS}
    published = [_last_passed(reports[layer]) for layer in layout.LAYERS]
    observed = flows.observed(
        lake, dict.fromkeys(run_id for run_id in published if run_id), Place(region, account, lake.bucket)
    )
    deployed = states.tagged()
    executions = {machine.name: list(states.executions(machine, {}, _EXECUTIONS)) for machine in deployed}

    edges = flows.edges(observed, deployed)
    csvs = dict.fromkeys(
        edge["from"].partition(".")[2] for edge in edges if edge["from"].startswith(f"{layout.LANDING}.")
    )
    transformations = {flow.output: flow.transformations for flow in observed}
    tables = [
        table_asset(
            entry,
            contracts.get(entry["Name"]),
            transformations.get(f"{entry['DatabaseName']}.{entry['Name']}", {}),
            reports[layout.layer_of_database(entry["DatabaseName"])],
            lake,
        )
        for entry in sorted(entries, key=_place)
    ]
    assets = [*csv_assets(csvs, contracts, lake), *tables]
    ids = {asset["id"] for asset in assets}
    return {
        "format": FORMAT,
        "generated_at": now.isoformat(timespec="seconds"),
        "account": account,
        "region": region,
        "bucket": lake.bucket,
        "stack": aws.stack,
        "problems": _problems(lake),
        "assets": assets,
        "edges": [edge for edge in edges if edge["from"] in ids and edge["to"] in ids],
        "column_edges": flows.column_edges(observed, assets),
        "pipelines": [machines.pipeline(machine, executions[machine.name]) for machine in deployed],
        "runs": machines.runs(executions, deployed, lake, int(aws.parameter("MemorySize"))),
        "dashboards": {
            "cash_flow": _published(lake, layers.in_role("cash_flow")),
            "forecast": _published(lake, layers.in_role("forecast")),
            "volume": _volume(lake),
        },
    }


def _place(entry: Mapping[str, Any]) -> tuple[int, int, str]:
    """Return the sort key of a table: by layer, then in the order of the project's tables, then by name."""
    layer, name = layout.layer_of_database(entry["DatabaseName"]), entry["Name"]
    known = layers.tables_of(layer)
    return layout.LAYERS.index(layer), known.index(name) if name in known else len(known), name


def _last_passed(newest_first: list[dict[str, Any]]) -> str | None:
    return next((report["run_id"] for report in newest_first if report["passed"]), None)


def _problems(lake: Lake) -> list[str]:
    newest = lake.newest(layout.governance_report_prefix(), 1)
    return list(lake.read_json(newest[0])["problems"]) if newest else []


def _published(lake: Lake, table: str) -> dict[str, Any] | None:
    try:
        return _data(table, lake.read_table(layout.published_key(table)))
    except StorageError:
        return None


def _data(table: str, rows: pa.Table) -> dict[str, Any]:
    """Return the data of a dashboard, and the asset that it was read from."""
    return {"from": load(table).qualified_name, **frame(rows)}


def _volume(lake: Lake) -> dict[str, Any] | None:
    """Sum the fact by the dashboards' filters, as no gold table has the country.

    Loans and cancelled rows are left out, as in the forecast: nothing is bought with them.
    """
    columns = [*_VOLUME_BY, *_VOLUME_OF, "status_pagamento", "tipo_registro"]
    fact = layers.in_role("fact")
    try:
        keys = list(lake.published(fact))
    except StorageError:
        return None
    # Part by part, so that only each part's sums stay in memory.
    summed = _regrouped(pa.concat_tables([_summed(lake.parquet(key).read(columns)) for key in keys]))
    return _data(fact, summed.sort_by([(name, "ascending") for name in _VOLUME_BY]))


def _summed(fact: pa.Table) -> pa.Table:
    bought = pc.and_(
        pc.not_equal(fact["status_pagamento"], CANCELADO), pc.not_equal(fact["tipo_registro"], PARCELA_EMPRESTIMO)
    )
    kept = fact.filter(bought)
    return _regrouped(kept)


def _regrouped(rows: pa.Table) -> pa.Table:
    sums = rows.group_by(list(_VOLUME_BY)).aggregate([(name, "sum") for name in _VOLUME_OF])
    return pa.table({name: sums[name] for name in _VOLUME_BY} | {name: sums[f"{name}_sum"] for name in _VOLUME_OF})
