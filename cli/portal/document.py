"""Everything that the page shows, read from an account: one JSON document, whose form is portal/src/document.ts."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import pyarrow as pa

from cli.contents import catalogue, commitments
from cli.contents.history import Kept, kept
from cli.contents.listing import ListedCatalog
from cli.contents.opening import opened
from cli.contents.over_time import past_of
from cli.errors import CliError
from cli.portal import alerts, audits, flows, machines, over_time, versions
from cli.portal.assets import csv_assets, table_asset
from cli.portal.frames import frame
from cli.running.alerts import sent
from cli.running.machines import MACHINES
from cli.session import Aws
from lakehouse.clients import together
from lakehouse.contract import glossary, layers
from lakehouse.contract.model import load, load_all
from lakehouse.errors import StorageError
from lakehouse.lake import layout
from lakehouse.lake.catalogue import Catalog
from lakehouse.lake.s3 import Lake
from lakehouse.lineage.names import Place
from lakehouse.orchestration.stepfunctions import StateMachines, executions_of
from lakehouse.versions import crawled
from lakehouse.versions.anomalies import judge
from lakehouse.versions.discovery import discovered
from lakehouse.versions.past import LOOKED_AT, Past
from lakehouse.versions.past import read as read_past
from lakehouse.versions.view import View

FORMAT: Final = 2
# A page is mailed: a workbook that would weigh more than the page itself stays outside.
WORKBOOK_BYTES: Final = 4_000_000
_AUDITS: Final = 20
_EXECUTIONS: Final = 20
# How many messages are looked at for those about failures that nothing followed.
_ALERTS: Final = 20
_VOLUME_BY: Final = ("mes_referencia", "categoria", "pais_origem", "moeda_origem", "origem_recurso")
_VOLUME_OF: Final = ("quantidade", "valor_item_brl", "valor_fluxo_brl")


def whole(aws: Aws, now: datetime, number: int | None = None) -> dict[str, Any]:
    """Read a version as `gather` does, with the workbook of the same version where there is a cash flow to put in."""
    view = opened(aws, number)
    return _gathered(aws, view, now, number, _book(view))


def _book(view: View) -> bytes | None:
    # pandas and xlsxwriter: nobody else waits for them.
    from cli.workbook.book import workbook

    return workbook(view) if layers.in_role("cash_flow") in view.tables else None


def gather(aws: Aws, now: datetime, number: int | None = None, workbook: bytes | None = None) -> dict[str, Any]:
    """Read a version of a lakehouse into the document that its portal shows.

    Parameters
    ----------
    aws : Aws
    now : datetime
        The time, in UTC.
    number : int, optional
        The version; the newest one by default.
    workbook : bytes, optional
        The workbook of that version, which the page then hands out; one of more than `WORKBOOK_BYTES` is left out, and
        the page names the command that writes it.

    Returns
    -------
    dict
        ``Lakehouse`` of portal/src/document.ts; what the version does not have is empty or null in it.

    Raises
    ------
    CliError
        The stack is not deployed, or nothing was published yet.
    UsageError
        There is no version of that number.
    """
    return _gathered(aws, opened(aws, number), now, number, workbook)


def _gathered(aws: Aws, view: View, now: datetime, number: int | None, workbook: bytes | None) -> dict[str, Any]:
    states, lake = StateMachines(aws.states), view.lake
    region, account = aws.state_machine("pipeline").split(":")[3:5]
    contracts = {contract.table: contract for contract in load_all()}
    catalog = ListedCatalog.of(Catalog(aws.client("glue"), aws.stage))
    entries = [entry for layer in layout.LAYERS for entry in catalog.tables(layout.database_of(layer))]
    if not entries:
        raise CliError("the catalogue is empty: nothing has run yet", "Run the pipeline first: `./importau run`.")

    reports = {layer: audits.reports(lake, layer, _AUDITS) for layer in layout.LAYERS}
    if number is not None:
        reports = {layer: audits.until(view, layer, newest) for layer, newest in reports.items()}
    observed = flows.observed(lake, dict.fromkeys(view.runs.values()), Place(region, account, lake.bucket, aws.stage))
    deployed = states.deployed(map(aws.state_machine, MACHINES))
    executions = executions_of(states, deployed, {}, _EXECUTIONS)

    history = kept(lake, LOOKED_AT)
    past = _past(lake, view, history)

    edges = flows.edges(observed, deployed, aws.stage)
    csvs = dict.fromkeys(
        edge["from"].partition(".")[2] for edge in edges if edge["from"].startswith(f"{layout.LANDING}.")
    )
    transformations = {flow.output: flow.transformations for flow in observed}

    def asset(entry: Mapping[str, Any]) -> dict[str, Any]:
        return table_asset(
            entry,
            contracts.get(entry["Name"]),
            transformations.get(f"{entry['DatabaseName']}.{entry['Name']}", {}),
            reports[layout.layer_of_database(entry["DatabaseName"])],
            view,
            aws.stage,
        ) | {"past": over_time.past_of(past, entry["Name"])}

    tables = list(together(asset, sorted(entries, key=_place)))
    assets = [*csv_assets(csvs, contracts, view), *tables]
    dashboards, unreadable = _dashboards(view)
    today, owed, unread = _commitments(view)
    ids = {asset["id"] for asset in assets}
    return {
        "format": FORMAT,
        "generated_at": now.isoformat(timespec="seconds"),
        "account": account,
        "region": region,
        "bucket": lake.bucket,
        "stack": aws.stack,
        "stage": aws.stage,
        "problems": [
            *_problems(lake),
            *(discovered(catalog, crawled.read(lake), {}).problems if number is None else ()),
            *dict.fromkeys((*unreadable, *unread)),
        ],
        "version": versions.shown(view),
        "versions": versions.newest(history),
        "alerts": alerts.waiting(sent(aws, _ALERTS), executions, aws.stage),
        "anomalies": over_time.anomalies(judge(past, view.version.ordered if view.version else ())),
        "waiting": versions.set_aside(view),
        "assets": assets,
        "edges": [edge for edge in edges if edge["from"] in ids and edge["to"] in ids],
        "column_edges": flows.column_edges(observed, assets),
        "pipelines": [machines.pipeline(machine, executions[machine.name]) for machine in deployed],
        "runs": machines.runs(executions, deployed, lake, int(aws.parameter("MemorySize")), aws.stage),
        "dashboards": dashboards | owed,
        "today": today.isoformat() if today else None,
        "workbook": _workbook(workbook, view),
        "glossary": {
            each.id: {"name": each.name, "english": each.english, "definition": each.definition}
            for each in glossary.terms().values()
        },
        "search": catalogue.indexed(catalogue.entries(catalog)),
    }


def _past(lake: Lake, view: View, history: Sequence[Kept]) -> Past:
    """Return the past of the version that is shown; the newest versions are read already, others are looked for."""
    version = view.version
    if version is None:
        return Past({})
    if history and version.number == history[0].number:
        return past_of(version, history)
    return Past.of(read_past(lake, version.number), version.number, version.source)


def _place(entry: Mapping[str, Any]) -> tuple[int, int, str]:
    """Return the sort key of a table: by layer, then in the order of the project's tables, then by name."""
    layer, name = layout.layer_of_database(entry["DatabaseName"]), entry["Name"]
    known = layers.tables_of(layer)
    return layout.LAYERS.index(layer), known.index(name) if name in known else len(known), name


def _problems(lake: Lake) -> list[str]:
    newest = lake.newest(layout.governance_report_prefix(), 1)
    report = lake.read_json(newest[0]) if newest else {"problems": []}
    # What looks personal and keeps no run from passing is for people to see all the same.
    return list(dict.fromkeys([*report["problems"], *report.get("findings", ())]))


def _dashboards(view: View) -> tuple[dict[str, Any], list[str]]:
    """Return what the dashboards show, and why one of them shows nothing though its table is published."""
    shown: dict[str, Any] = {}
    problems = []
    for name, role, read in (
        ("cash_flow", "cash_flow", _whole),
        ("forecast", "forecast", _whole),
        ("outlook", "outlook", _whole),
        ("currency_risk", "currency_risk", _whole),
        ("volume", "fact", _volume),
    ):
        table = layers.in_role(role)
        shown[name] = None
        if table in view.tables:
            try:
                shown[name] = read(view, table)
            except StorageError as error:
                problems.append(str(error))
    return shown, problems


def _commitments(view: View) -> tuple[date | None, dict[str, Any], list[str]]:
    """Return the data's today, what is open and overdue with the newest rates, and why one of them is not there."""
    found: dict[str, Any] = {"open": None, "overdue": None, "rates": None}
    problems: list[str] = []
    today = None
    try:
        fact = layers.in_role("fact")
        today = commitments.today(view)
        if today is not None and fact in view.tables:
            open_, overdue = commitments.open_and_overdue(view, today)
            found |= {"open": _data(fact, open_), "overdue": _data(fact, overdue)}
    except StorageError as error:
        problems.append(str(error))
    if layers.in_role("rates") in view.tables:
        try:
            found["rates"] = _data(layers.in_role("rates"), commitments.rates(view))
        except StorageError as error:
            problems.append(str(error))
    return today, found, problems


def _workbook(workbook: bytes | None, view: View) -> dict[str, Any] | None:
    """Return ``Workbook`` of the document: its bytes too, unless they are too many."""
    if workbook is None:
        return None
    number = view.version.number if view.version else 0
    kept = len(workbook) <= WORKBOOK_BYTES
    return {
        "name": f"importau-versao-{number}.xlsx",
        "bytes": len(workbook),
        "base64": b64encode(workbook).decode("ascii") if kept else None,
    }


def _whole(view: View, table: str) -> dict[str, Any]:
    return _data(table, view.read_all(table))


def _data(table: str, rows: pa.Table) -> dict[str, Any]:
    """Return the data of a dashboard, and the asset that it was read from."""
    return {"from": load(table).qualified_name, **frame(rows)}


def _volume(view: View, fact: str) -> dict[str, Any]:
    """Sum the fact by the dashboards' filters, as no gold table has the country."""
    return _data(fact, commitments.bought(view, _VOLUME_BY, _VOLUME_OF))
